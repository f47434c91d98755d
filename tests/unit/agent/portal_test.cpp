// The guard's side of a login page: what net may have opened, for how long, and what the book says of it.
#include "agent/guard/portal.h"

#include <catch2/catch.hpp>

#include "tests/unit/agent/guard_world.h"

using namespace caretaker;
using namespace caretaker::agent;
using policy::PortalVerdict;

namespace {

struct Hotel {
  explicit Hotel(int minutes = 10) {
    world.enrol();
    world.give(world.room.policy(1, text(minutes)), world.room.lists(1, world.set));
    must(world.offer(world.set));
    world.check_in();
    world.clock.time += 3600;  // the school was heard an hour ago
  }
  static std::string text(int minutes) { return std::string(kPolicyText) + "[network]\nportal_minutes = " + std::to_string(minutes) + "\n"; }
  PortalVerdict report(std::string_view host) {
    return world.ask_well(GuardWorld::kNet, Ask::kReportPortal, make_portal_report(host), parse_portal_verdict);
  }
  std::string open() {
    const auto portal = world.filter().portal;
    return portal ? portal->name : "";
  }
  std::string why(const std::string& name) {
    return world.ask_well(GuardWorld::kOwner, Ask::kWhy, make_why_question({name, "", "pupils"}), parse_why_answer).reason;
  }
  GuardWorld world;
};

}  // namespace

TEST_CASE("a login page is open for its minutes, shown to everybody, and in the book without its name", "[R10]") {
  Hotel at;
  const Revision before = at.world.filter().revision;
  CHECK(at.report("casino.example") == PortalVerdict::kOpen);
  CHECK(at.open() == "casino.example");
  CHECK(at.world.filter().portal->left_ms == 600'000);
  CHECK(at.world.filter().revision != before);
  CHECK(at.why("casino.example") == "portal");
  CHECK(at.why("bet1.example") == "category");
  CHECK(at.world.status().portal.name == "casino.example");
  CHECK(at.world.noted("portal.opened redirect"));
  const auto entries = at.world.entries();
  CHECK(as_text(entries.back().body).find("casino") == std::string_view::npos);
  CHECK_FALSE(entries.back().sealed.empty());
  at.world.clock.time += 599;
  CHECK(at.open() == "casino.example");
  at.world.clock.time += 1;
  CHECK(at.open().empty());
  CHECK(at.world.filter().revision == before);
  CHECK(at.world.status().portal.name.empty());
  CHECK(at.why("casino.example") == "category");
  CHECK(at.world.noted("portal.closed time"));
}

TEST_CASE("a clock that is put back leaves a login page open no longer", "[R10]") {
  Hotel at;
  CHECK(at.report("casino.example") == PortalVerdict::kOpen);
  at.world.clock.time -= 7200;
  at.world.clock.apart += (7200 + 600) * 1000;
  CHECK(at.open().empty());
}

TEST_CASE("a login page closes when the school's server is heard, and none opens for a while after that", "[R10]") {
  Hotel at;
  CHECK(at.report("casino.example") == PortalVerdict::kOpen);
  at.world.check_in();
  CHECK(at.open().empty());
  CHECK(at.world.noted("portal.closed server-reached"));
  CHECK(at.report("casino.example") == PortalVerdict::kServerReached);
  at.world.clock.time += 120;
  CHECK(at.report("casino.example") == PortalVerdict::kOpen);
}

TEST_CASE("an answer that anybody could have made closes nothing", "[R10]") {
  Hotel at;
  CHECK(at.report("casino.example") == PortalVerdict::kOpen);
  at.world.give({});
  CHECK(at.open() == "casino.example");
}

TEST_CASE("a policy that opens no login pages closes the one that is open", "[R10]") {
  Hotel at;
  CHECK(at.report("casino.example") == PortalVerdict::kOpen);
  at.world.give(at.world.room.policy(2, Hotel::text(0)));
  CHECK(at.open().empty());
  CHECK(at.world.noted("portal.closed policy"));
  CHECK(at.report("casino.example") == PortalVerdict::kOff);
}

TEST_CASE("an access point that changes its name all the time opens three an hour, and fills no book", "[R10][R11]") {
  Hotel at(1);
  int opened = 0;
  for (int second = 0; second < 3600; ++second) {
    const auto verdict = at.report("bet" + std::to_string(second % 100) + ".example");
    opened += verdict == PortalVerdict::kOpen;
    at.world.clock.time += 1;
  }
  CHECK(opened == 3);
  const auto book = at.world.book();
  CHECK(std::count(book.begin(), book.end(), "portal.opened redirect") == 3);
  CHECK(std::count(book.begin(), book.end(), "portal.refused too-often") == 1);
  CHECK(std::count(book.begin(), book.end(), "portal.refused busy") == 1);
}

TEST_CASE("net may ask for a login page and nobody else; rubbish opens nothing", "[R10]") {
  Hotel at;
  for (const std::uint32_t uid : {GuardWorld::kInspect, GuardWorld::kPrograms, GuardWorld::kAnna}) {
    const auto refused = at.world.ask(uid, Ask::kReportPortal, make_portal_report("casino.example"));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::kPermissionDenied);
  }
  CHECK(at.report("not a name") == PortalVerdict::kNoName);
  CHECK_FALSE(at.world.ask(GuardWorld::kNet, Ask::kReportPortal, Bytes{1, 2, 3}));
  CHECK(at.open().empty());
}

TEST_CASE("a restart closes the login page", "[R10]") {
  Hotel at;
  CHECK(at.report("casino.example") == PortalVerdict::kOpen);
  at.world.stop();
  at.world.start();
  CHECK(at.open().empty());
}

TEST_CASE("a kernel that hands over no connections is a health code and an event, and so is an inspect that says nothing", "[R11]") {
  Hotel at;
  const auto say = [&](bool sees) { must(at.world.ask(GuardWorld::kInspect, Ask::kReportInspect, make_inspect_report({sees, 0}))); };
  say(true);
  CHECK(at.world.healthy("inspect-blind"));
  CHECK(at.world.healthy("inspect-silent"));
  say(false);
  CHECK_FALSE(at.world.healthy("inspect-blind"));
  CHECK(at.world.noted("inspect.changed blind"));
  at.world.clock.time += 61;
  CHECK_FALSE(at.world.healthy("inspect-silent"));
  say(true);
  CHECK(at.world.healthy("inspect-silent"));
  CHECK(at.world.healthy("inspect-blind"));
  CHECK_FALSE(at.world.noted("inspect.changed rules-restored"));
  must(at.world.ask(GuardWorld::kInspect, Ask::kReportInspect, make_inspect_report({true, 1})));
  CHECK(at.world.noted("inspect.changed rules-restored"));
  CHECK_FALSE(at.world.ask(GuardWorld::kNet, Ask::kReportInspect, make_inspect_report({false, 0})));
}
