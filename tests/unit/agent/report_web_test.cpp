#include "agent/guard/report_web.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "agent/violation_queue.h"
#include "tests/unit/agent/full_disk.h"
#include "tests/unit/agent/guard_world.h"

using namespace caretaker;
using namespace caretaker::agent;

namespace {

void tell(GuardWorld& world, const Bytes& fields) { must(world.ask(GuardWorld::kNet, Ask::kReportWeb, fields)); }

sync::EventBody body_of(const QueuedEvent& entry) { return must(sync::parse_event_body(entry.body)); }

// The details of the newest entry, as the safeguarding lead reads them.
std::map<std::string, std::string> details_of(GuardWorld& world, const QueuedEvent& entry) {
  const auto sealed = must(sync::parse_sealed_json(entry.sealed));
  return must(sync::open_details(sealed, body_of(entry), world.room.school.safeguarding_box)).fields;
}

std::ptrdiff_t count_web(GuardWorld& world) {
  const auto rows = world.book();
  return std::ranges::count_if(rows, [](const std::string& row) { return row.starts_with("web."); });
}

}  // namespace

TEST_CASE("a violation is stored with who, what and why sealed, and none of it in the open", "[R13][R18][R19]") {
  GuardWorld world;
  world.serve();
  tell(world, report({violation("casino.example")}));
  const QueuedEvent entry = world.entries().back();
  const auto body = body_of(entry);
  CHECK(body.kind == "web.blocked");
  CHECK(body.rule == "category");
  CHECK(body.severity == sync::Severity::kLow);
  for (const char* secret : {"casino", "anna", "gambling", "pupils"}) {
    CHECK(as_text(entry.body).find(secret) == std::string_view::npos);
    CHECK(as_text(entry.sealed).find(secret) == std::string_view::npos);
  }
  const std::map<std::string, std::string> expected{{"attribution", "user"}, {"user", "anna"},         {"group", "pupils"},
                                                    {"name", "casino.example"}, {"category", "gambling"}, {"reason", "category"}};
  CHECK(details_of(world, entry) == expected);
  const sync::SealedDetails sealed = must(sync::parse_sealed_json(entry.sealed));
  CHECK_FALSE(sync::open_details(sealed, body, world.room.school.server_box));
}

TEST_CASE("attribution never guesses at a child", "[R18]") {
  GuardWorld world;
  world.serve();
  for (const auto uid : {std::optional<std::uint32_t>{}, std::optional<std::uint32_t>{0}, std::optional<std::uint32_t>{55555}}) {
    tell(world, report({violation("casino" + std::to_string(uid.value_or(1)) + ".example", uid)}));
    const auto details = details_of(world, world.entries().back());
    CHECK(details.at("attribution") == "device");
    CHECK_FALSE(details.contains("user"));
    CHECK_FALSE(details.contains("group"));
  }
}

TEST_CASE("how grave it is depends on reason and category", "[R14]") {
  using policy::Reason;
  CHECK(severity_of(Reason::kLockedClass, "illegal") == sync::Severity::kHigh);
  CHECK(severity_of(Reason::kCategory, "self_harm") == sync::Severity::kHigh);
  CHECK(severity_of(Reason::kCategory, "extremism") == sync::Severity::kHigh);
  CHECK(severity_of(Reason::kCategory, "adult") == sync::Severity::kMedium);
  CHECK(severity_of(Reason::kBypassVpn, "") == sync::Severity::kMedium);
  CHECK(severity_of(Reason::kCategory, "gaming") == sync::Severity::kLow);
  CHECK(kind_of(Reason::kBypassDoh) == "web.bypass");
  CHECK(kind_of(Reason::kYouTubeBlocked) == "web.blocked");
}

TEST_CASE("a grave one is said to be urgent", "[R14]") {
  GuardWorld world;
  world.serve();
  const auto urgent = [&](const std::string& category, const std::string& name) {
    return world.ask_well(GuardWorld::kNet, Ask::kReportWeb, report({violation(name, GuardWorld::kAnna, category)}),
                          parse_web_report_answer);
  };
  CHECK_FALSE(urgent("gambling", "casino.example"));
  CHECK(urgent("self_harm", "grave.example"));
}

TEST_CASE("the first is an event at once, its repeats are one more when ten minutes are over") {
  GuardWorld world;
  world.serve();
  for (int i = 0; i < 50; ++i) tell(world, report({violation("casino.example")}));
  CHECK(count_web(world) == 1);
  tell(world, report({violation("casino.example", GuardWorld::kAnna + 1)}));  // somebody else
  CHECK(count_web(world) == 2);
  world.clock.time += 601;
  world.guard->tick();
  REQUIRE(count_web(world) == 3);
  const QueuedEvent counted = world.entries().back();
  CHECK(body_of(counted).count == 49);
  CHECK(details_of(world, counted).at("user") == "anna");
}

TEST_CASE("what is counted goes into the book when the guard stops") {
  GuardWorld world;
  world.serve();
  for (int i = 0; i < 3; ++i) tell(world, report({violation("casino.example")}));
  world.stop();
  world.start();
  const auto entries = world.entries();
  CHECK(std::ranges::any_of(entries, [](const QueuedEvent& e) { return body_of(e).kind == "web.blocked" && body_of(e).count == 2; }));
}

TEST_CASE("a group that comes again after a lost answer is stored once, over a crash too", "[R18]") {
  GuardWorld world;
  world.serve();
  const Bytes group = report({violation("a.example"), violation("b.example")});
  tell(world, group);
  tell(world, group);
  CHECK(count_web(world) == 2);
  world.monitor.reset();
  world.guard.reset();  // as a crash: nothing more is written
  world.start();
  tell(world, group);
  CHECK(count_web(world) == 2);
}

TEST_CASE("what cannot be a name is counted, and takes nobody else's record with it", "[R18]") {
  GuardWorld world;
  world.serve();
  std::vector<Violation> all{violation("good.example"), violation("other.example", 1001, "No Category")};
  for (const char* name : {"", "UPPER.example", "a b.example", "x\n.example", "..", "-\xff.example"}) all.push_back(violation(name));
  tell(world, report(all));
  CHECK(count_web(world) == 1);
  const auto entries = world.entries();
  const auto dropped = std::ranges::find_if(entries, [](const QueuedEvent& e) { return body_of(e).kind == "events.dropped"; });
  REQUIRE(dropped != entries.end());
  CHECK(body_of(*dropped).rule == "net-queue");
  CHECK(body_of(*dropped).count == 7);
}

TEST_CASE("what could not be stored for somebody who then began anew is stored when there is room", "[R18]") {
  GuardWorld world;
  world.serve();
  int number = 0;
  const auto next = [&number] { return report({violation("n" + std::to_string(number) + ".example", GuardWorld::kAnna, "self_harm")}); };
  {
    const FullDisk full;
    while (world.ask(GuardWorld::kNet, Ask::kReportWeb, next())) REQUIRE(++number < 2000);  // the log has some room
    tell(world, next());  // by now only a repeat
  }
  world.guard->tick();
  world.monitor.reset();
  world.guard.reset();  // as a crash: nothing more is written
  world.start();
  CHECK(count_web(world) == number + 1);
}

TEST_CASE("a flood of names by one user is cut off, counted, and hides nobody else's", "[R18]") {
  GuardWorld world;
  world.serve();
  for (int group = 0; group < 100; ++group) {
    std::vector<Violation> violations;
    for (int i = 0; i < 60; ++i) violations.push_back(violation("n" + std::to_string(group * 60 + i) + ".example"));
    tell(world, report(std::move(violations)));
  }
  const auto stored = world.status().events_queued;
  CHECK(stored < 2100);
  tell(world, report({violation("other.example", GuardWorld::kAnna + 1), violation("grave.example", 1001, "self_harm")}));
  CHECK(world.status().events_queued == stored + 2);
  world.guard->tick();
  CHECK(world.noted("events.dropped rate") == false);  // it is behind the first thousand rows
  CHECK(world.status().events_queued == stored + 3);
}

TEST_CASE("a time that cannot be is not believed") {
  GuardWorld world;
  world.serve();
  Violation future = violation("future.example");
  future.time = world.clock.time + 100'000;
  Violation past = violation("past.example");
  past.time = 5;
  tell(world, report({future, past}));
  const auto entries = world.entries();
  CHECK(body_of(entries[entries.size() - 2]).time == world.clock.time);
  CHECK(body_of(entries.back()).time == world.clock.time - 86'400);
}

TEST_CASE("before enrolment there is nobody to record as, and net is told to keep it") {
  GuardWorld world;
  CHECK(world.ask(GuardWorld::kNet, Ask::kReportWeb, report({violation("casino.example")})).error().code ==
        ErrorCode::kUnavailable);
}

TEST_CASE("the queue keeps order, is bounded, and counts what it loses") {
  ViolationQueue queue(100);
  for (int i = 0; i < 130; ++i) queue.push(violation("n" + std::to_string(i) + ".example"));
  const WebReport first = queue.take(std::chrono::milliseconds(0));
  REQUIRE(first.violations.size() == kMaxReported);
  CHECK(first.violations[0].name == "n0.example");
  CHECK(first.lost == 30);
  const WebReport second = queue.take(std::chrono::milliseconds(0));
  CHECK(second.violations.size() == 36);
  CHECK(second.lost == 0);
  CHECK(second.id != first.id);
  CHECK(queue.take(std::chrono::milliseconds(1)).violations.empty());
  queue.close();
  CHECK(queue.take(std::chrono::hours(1)).violations.empty());
}

TEST_CASE("what the guard wants to say before there is a book is said in it later") {
  GuardWorld world;
  world.serve();
  CHECK_FALSE(world.noted("guard.started " CARETAKER_VERSION));
  world.clock.time += 3601;
  world.guard->tick();
  CHECK(world.noted("guard.started " CARETAKER_VERSION));
}
