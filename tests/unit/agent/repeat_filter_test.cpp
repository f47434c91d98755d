#include "agent/guard/repeat_filter.h"

#include <catch2/catch.hpp>

using namespace caretaker;
using namespace caretaker::agent;
using Verdict = RepeatFilter::Verdict;

TEST_CASE("the first goes in at once, repeats within the window come out as one count", "[R18]") {
  RepeatFilter filter;
  const RepeatKey key{"anna", "example.com", "gambling"};
  CHECK(filter.decide(key, 1, 100, 0) == Verdict::kStore);
  CHECK(filter.decide(key, 1, 101, 1000) == Verdict::kCounted);
  CHECK(filter.decide(key, 3, 102, 599'999) == Verdict::kCounted);
  CHECK(filter.take_finished(599'999).empty());
  const auto finished = filter.take_finished(600'000);
  REQUIRE(finished.size() == 1);
  CHECK(finished[0].key == key);
  CHECK(finished[0].count == 4);
  CHECK(finished[0].last == 102);
  CHECK(filter.take_finished(2'000'000).empty());
  CHECK(filter.decide(key, 1, 700, 600'001) == Verdict::kStore);
}

TEST_CASE("a window without repeats leaves nothing to store; another user or category is another first") {
  RepeatFilter filter;
  CHECK(filter.decide({"anna", "a.com", "x"}, 1, 0, 0) == Verdict::kStore);
  CHECK(filter.decide({"ben", "a.com", "x"}, 1, 0, 0) == Verdict::kStore);
  CHECK(filter.decide({"anna", "a.com", "y"}, 1, 0, 0) == Verdict::kStore);
  CHECK(filter.decide({"anna", "b.com", "x"}, 1, 0, 0) == Verdict::kStore);
  CHECK(filter.take_finished(600'000).empty());
}

TEST_CASE("a window that ended counts even when nobody asked in time") {
  RepeatFilter filter;
  const RepeatKey key{"anna", "a.com", "x"};
  (void)filter.decide(key, 1, 0, 0);
  (void)filter.decide(key, 5, 1, 1);
  CHECK(filter.decide(key, 1, 2000, 2'000'000) == Verdict::kStore);
  REQUIRE(filter.take_finished(2'000'000).size() == 1);
}

TEST_CASE("one user's flood is cut to a trickle and counted, another user is not touched") {
  RepeatFilter filter({.user_burst = 10, .user_per_second = 1});
  int stored = 0;
  for (int i = 0; i < 1000; ++i) stored += filter.decide({"anna", std::to_string(i), "x"}, 1, 0, 0) == Verdict::kStore;
  CHECK(stored == 10);
  CHECK(filter.decide({"ben", "a.com", "x"}, 1, 0, 0) == Verdict::kStore);
  CHECK(filter.take_dropped() == 990);
  CHECK(filter.take_dropped() == 0);
  CHECK(filter.decide({"anna", "later", "x"}, 1, 0, 1500) == Verdict::kStore);
  CHECK(filter.decide({"anna", "later still", "x"}, 1, 0, 1500) == Verdict::kDropped);
}

TEST_CASE("invented users do not add up to a flood, and take bounded memory") {
  RepeatFilter filter({.total_burst = 100, .total_per_second = 0, .max_users = 16});
  int stored = 0;
  for (int i = 0; i < 5000; ++i) stored += filter.decide({std::to_string(i), "a.com", "x"}, 1, 0, i) == Verdict::kStore;
  CHECK(stored == 100);
  CHECK(filter.take_dropped() == 4900);
}

TEST_CASE("a user whose bucket is empty does not get a full one by being forgotten") {
  RepeatFilter filter({.user_burst = 2, .user_per_second = 0, .max_users = 4});
  for (int i = 0; i < 2; ++i) CHECK(filter.decide({"anna", std::to_string(i), "x"}, 1, 0, 0) == Verdict::kStore);
  for (int i = 0; i < 50; ++i) (void)filter.decide({"user" + std::to_string(i), "a", "x"}, 1, 0, 0);
  CHECK(filter.decide({"anna", "again", "x"}, 1, 0, 0) == Verdict::kDropped);
}

TEST_CASE("when windows run out the oldest closes early, with its count") {
  RepeatFilter filter({.max_windows = 3});
  const RepeatKey first{"anna", "0", "x"};
  (void)filter.decide(first, 1, 0, 0);
  (void)filter.decide(first, 1, 7, 0);
  for (int i = 1; i <= 3; ++i) CHECK(filter.decide({"anna", std::to_string(i), "x"}, 1, 0, i) == Verdict::kStore);
  const auto finished = filter.take_finished(10);
  REQUIRE(finished.size() == 1);
  CHECK(finished[0].key == first);
  CHECK(filter.decide(first, 1, 0, 10) == Verdict::kStore);
}

TEST_CASE("at shutdown everything comes out, and what could not be stored can be put back") {
  RepeatFilter filter;
  const RepeatKey key{"anna", "a.com", "x"};
  (void)filter.decide(key, 1, 0, 0);
  (void)filter.decide(key, 2, 5, 1);
  auto all = filter.take_all();
  REQUIRE(all.size() == 1);
  CHECK(filter.take_all().empty());
  filter.put_back(all[0]);
  CHECK(filter.take_finished(2).size() == 1);
}
