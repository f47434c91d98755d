#include "agent/guard/event_quota.h"

#include "sync/limits.h"
#include "tests/unit/agent/event_store_world.h"

using namespace caretaker;
using namespace caretaker::agent;

namespace {

constexpr QuotaLimits kSmall{.max_bytes = 1600, .reserve_bytes = 400};

// Entries 1, 2, ... of epoch 1, 100 bytes each: 'l' minor, 'm' medium, 'h' high, 'o' own, 's' stub; capitals:
// acknowledged.
std::vector<QuotaRow> rows(std::string_view text) {
  std::vector<QuotaRow> out;
  for (const char c : text) {
    const std::uint64_t seq = out.size() + 1;
    const char kind = static_cast<char>(std::tolower(c));
    const EventRank rank = kind == 'm'   ? EventRank::kMedium
                           : kind == 'h' ? EventRank::kHigh
                           : kind == 'o' ? EventRank::kOwn
                                         : EventRank::kMinor;
    out.push_back({1, seq, seq, rank, kind == 's', c == kind ? 0 : 1, false, 100});
  }
  return out;
}

std::vector<StubPlan> stubs(std::string_view text, QuotaUse incoming) {
  return decide_drops(rows(text), incoming, kSmall);
}

}  // namespace

TEST_CASE("the guard's own kinds and high severity rank above the rest") {
  CHECK(event_rank("web.blocked", sync::Severity::kLow) == EventRank::kMinor);
  CHECK(event_rank("web.blocked", sync::Severity::kMedium) == EventRank::kMedium);
  CHECK(event_rank("web.bypass", sync::Severity::kHigh) == EventRank::kHigh);
  CHECK(event_rank("epoch.started", sync::Severity::kInfo) == EventRank::kOwn);
  CHECK(event_rank("epochal", sync::Severity::kInfo) == EventRank::kMinor);
}

TEST_CASE("nothing is dropped while all fits") {
  CHECK(stubs("ollll", {100, 0}).empty());
  CHECK(stubs("", {100, 0}).empty());
}

TEST_CASE("what is acknowledged goes first, then the oldest minor entries; the epoch's first stays") {
  // Ordinary: 11 of 12 hundred bytes, and 200 come: 100 over, and a sixteenth (100) more.
  CHECK(stubs("oLLlllmmmmmm", {200, 0}) == std::vector<StubPlan>{{1, 2, 3}});
  CHECK(stubs("ollLLlmmmmmm", {200, 0}) == std::vector<StubPlan>{{1, 4, 5}});
  CHECK(stubs("ohlhlhlmmmmmmmmm", {100, 0}) == std::vector<StubPlan>{{1, 3, 3}, {1, 5, 5}});
  CHECK(stubs("ommmmmmmmmmmm", {100, 0}) == std::vector<StubPlan>{{1, 2, 3}});
}

TEST_CASE("a flood of ordinary entries cannot push out high ones or the guard's own") {
  for (const StubPlan& plan : stubs("ohohllllllllllll", {1200, 0})) {
    CHECK(plan.from >= 5);
  }
}

TEST_CASE("high entries go before the guard's own, and only when nothing else is left") {
  CHECK(stubs("ohhhoohhhhhhhhhh", {0, 100}) == std::vector<StubPlan>{{1, 2, 3}});
  CHECK(stubs("oooooooooooooooo", {0, 100}) == std::vector<StubPlan>{{1, 2, 3}});
}

TEST_CASE("stubs that touch become one, but not across a batch's end, an epoch or the line of what is acknowledged") {
  auto some = rows("oslslsl");
  const std::vector<bool> all{false, false, true, false, true, false, true};
  CHECK(plan_stubs(some, all) == std::vector<StubPlan>{{1, 2, 7}});
  some[3].ends_batch = true;
  CHECK(plan_stubs(some, all) == std::vector<StubPlan>{{1, 2, 4}, {1, 5, 7}});
  some = rows("oSLll");
  CHECK(plan_stubs(some, {false, false, true, true, true}) == std::vector<StubPlan>{{1, 2, 3}, {1, 4, 5}});
  some = rows("olll");
  some[2].epoch = some[3].epoch = 2;
  CHECK(plan_stubs(some, {false, true, true, true}) == std::vector<StubPlan>{{1, 2, 2}, {2, 3, 4}});
  some = rows("osss");
  CHECK(plan_stubs(some, {false, false, false, false}).empty());
}

TEST_CASE("no stub stands for more events than the other side takes") {
  std::vector<QuotaRow> some{
      {1, 2, sync::kMaxStubSpan, EventRank::kMinor, true, 0, false, 100},
      {1, sync::kMaxStubSpan + 1, sync::kMaxStubSpan + 1, EventRank::kMinor, false, 0, false, 100},
      {1, sync::kMaxStubSpan + 2, sync::kMaxStubSpan + 2, EventRank::kMinor, false, 0, false, 100}};
  const auto plans = plan_stubs(some, {false, true, true});
  REQUIRE(plans.size() == 2);
  CHECK(plans[0].to - plans[0].from < sync::kMaxStubSpan);
}

TEST_CASE("a flood keeps the book within its bytes, its chain whole and its high entries there") {
  EventWorld world;
  world.settings.quota = {.max_bytes = 200'000, .reserve_bytes = 50'000};
  TestServer server(world.box);
  EventStore store = world.open();
  REQUIRE(store.append(
      std::vector{event("high", sync::Severity::kHigh), event("own", sync::Severity::kInfo, "policy.applied")}));
  std::vector<std::string> arrived;
  for (int i = 0; i < 40; ++i) {
    std::vector<NewEvent> group;
    for (int k = 0; k < 64; ++k)
      group.push_back(event(std::string(100, 'x'), k % 2 == 0 ? sync::Severity::kLow : sync::Severity::kMedium));
    REQUIRE(store.append(group));
    CHECK(store.status().bytes <= 200'000);
  }
  CHECK(store.status().head.seq == 2563);
  const auto rules = send_all(store, server, 1000);
  CHECK(rules.size() < 1000);
  CHECK(std::count(rules.begin(), rules.end(), "high") == 1);
  CHECK(std::count(rules.begin(), rules.end(), "own") == 1);
  CHECK(server.head(store.status().epoch) == store.status().head);
}

TEST_CASE("what is dropped between a batch and its receipt does not make the receipt strange") {
  EventWorld world;
  world.settings.quota = {.max_bytes = 100'000, .reserve_bytes = 10'000};
  TestServer server(world.box);
  EventStore store = world.open();
  for (int i = 0; i < 30; ++i) REQUIRE(store.append(std::vector{event(std::to_string(i))}));
  const auto next = store.next_batch(20, 1 << 20);
  REQUIRE(server.take(next->batch));
  for (int i = 0; i < 40; ++i) REQUIRE(store.append(std::vector<NewEvent>(50, event(std::string(100, 'x')))));
  REQUIRE(store.acknowledge(server.receipt(next->batch), as_bytes("r")));
  (void)send_all(store, server, 1000);
  CHECK(server.head(store.status().epoch) == store.status().head);
}

TEST_CASE("what is written down anew comes in portions that find room, and one at a time where there is none", "[R18]") {
  const QuotaLimits limits{.max_bytes = 1000, .reserve_bytes = 200};
  const std::vector<EntrySize> minor(10, {EventRank::kMinor, 100});
  CHECK(how_many_fit(minor, {}, limits) == 8);
  CHECK(how_many_fit(minor, {.ordinary = 500, .reserved = 0}, limits) == 3);
  CHECK(how_many_fit(minor, {.ordinary = 500, .reserved = 300}, limits) == 2);
  CHECK(how_many_fit(minor, {.ordinary = 790, .reserved = 0}, limits) == 1);
  CHECK(how_many_fit(std::vector<EntrySize>(10, {EventRank::kOwn, 100}), {.ordinary = 500, .reserved = 0}, limits) == 5);
  CHECK(how_many_fit({}, {}, limits) == 0);
}
