#include "policy/list_screen.h"

#include <catch2/catch.hpp>

using namespace caretaker::policy;
using Judgement = ListScreen::Judgement;

TEST_CASE("a rule that equals a public suffix is dropped", "[R8]") {
  ListScreen screen;
  for (const auto* name : {"com", "co.uk", "duckdns.org", "localdomain"}) {
    CHECK(screen.judge(name, 0, false) == Judgement::kPublicSuffix);
  }
  CHECK(screen.judge("bad.duckdns.org", 0, false) == Judgement::kTake);
  CHECK(screen.judge("duckdns.org", 0, true) == Judgement::kPublicSuffix);
}

TEST_CASE("popular names that a list would block are found, by themselves and by a parent", "[R8]") {
  ListScreen screen;
  for (const auto* name : {"google.com", "www.apple.com", "wikipedia.org", "apple.com"}) screen.watch_popular(name);
  CHECK(screen.judge("apple.com", 3, false) == Judgement::kTake);
  CHECK(screen.judge("apple.com", 5, false) == Judgement::kTake);
  CHECK(screen.judge("images.google.com", 3, false) == Judgement::kTake);
  const auto findings = screen.undecided();
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].popular == "www.apple.com");
  CHECK(findings[0].rank == 2);
  CHECK(findings[0].names == 2);
  CHECK(findings[0].rule == "apple.com");
  CHECK(findings[0].categories == 0b101000);
}

TEST_CASE("decided names are no longer asked about, and released ones are not in the set", "[R8]") {
  ListScreen screen;
  for (const auto* name : {"apple.com", "poker.example", "www.poker.example"}) screen.watch_popular(name);
  screen.release("apple.com");
  screen.keep("poker.example");
  screen.keep("nowhere.example");
  CHECK(screen.judge("apple.com", 0, false) == Judgement::kReleased);
  CHECK(screen.judge("poker.example", 0, false) == Judgement::kTake);
  CHECK(screen.undecided().empty());
  CHECK(screen.idle_decisions() == std::vector<std::string>{"nowhere.example"});
}

TEST_CASE("nothing releases a name from the locked class", "[R7]") {
  ListScreen screen;
  screen.watch_popular("illegal.example");
  screen.release("illegal.example");
  CHECK(screen.judge("illegal.example", 0, false) == Judgement::kReleased);
  CHECK(screen.judge("illegal.example", 1, true) == Judgement::kTake);
  REQUIRE(screen.undecided().size() == 1);
  CHECK(screen.undecided()[0].categories == 0b10);
  CHECK(screen.locked_anyway() == std::vector<std::string>{"illegal.example"});
}

TEST_CASE("a policy's own exception for a name of the locked class is pointed out", "[R7]") {
  ListScreen screen;
  screen.watch_allowed("illegal.example");
  screen.watch_allowed("lesson.example");
  CHECK(screen.judge("illegal.example", 1, true) == Judgement::kTake);
  CHECK(screen.judge("lesson.example", 0, false) == Judgement::kTake);
  CHECK(screen.locked_anyway() == std::vector<std::string>{"illegal.example"});
}

TEST_CASE("watched names that are in the set though no list has them are collisions", "[R8]") {
  SetBuilder builder({});
  const int adult = *builder.category("adult", false);
  ListScreen screen;
  screen.watch_popular("popular.example");
  screen.watch_allowed("www.school.example");
  screen.watch_allowed("listed.example");
  CHECK(screen.judge("listed.example", adult, false) == Judgement::kTake);
  builder.add("listed.example", adult);
  const auto clean = *builder.build(nullptr);
  CHECK(screen.collisions(*SetView::open(clean)).empty());
  // A 60-bit collision cannot be made at will: names that the screen was not shown look the same to it.
  builder.add("popular.example", adult);
  builder.add("school.example", adult);
  const auto colliding = *builder.build(nullptr);
  CHECK(screen.collisions(*SetView::open(colliding)) == std::vector<std::string>{"popular.example", "school.example"});
}
