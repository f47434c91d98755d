#include "agent/guard/report_help.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>

#include "agent/cli/event_rows.h"
#include "agent/notice.h"
#include "platform/base/json.h"
#include "tests/unit/agent/guard_world.h"

using namespace caretaker;
using namespace caretaker::agent;

namespace {

HelpReport worry(const std::string& words, std::optional<std::uint32_t> uid = GuardWorld::kAnna) {
  HelpReport report;
  report.id = random_array<16>();
  report.uid = uid;
  report.words = words;
  return report;
}

HelpReport wish(const std::string& name, const std::string& words = "") {
  HelpReport report = worry(words);
  report.kind = HelpKind::kUnblock;
  report.name = name;
  return report;
}

HelpOutcome tell(GuardWorld& world, const HelpReport& report) {
  return world.ask_well(GuardWorld::kNet, Ask::kReportHelp, make_help_report(report), parse_help_answer);
}

sync::EventBody body_of(const QueuedEvent& entry) { return must(sync::parse_event_body(entry.body)); }

std::map<std::string, std::string> details_of(GuardWorld& world, const QueuedEvent& entry) {
  const auto sealed = must(sync::parse_sealed_json(entry.sealed));
  return must(sync::open_details(sealed, body_of(entry), world.room.school.safeguarding_box)).fields;
}

std::ptrdiff_t count_of(GuardWorld& world, const std::string& row) { return std::ranges::count(world.book(), row); }

}  // namespace

TEST_CASE("what worries somebody is sealed to the leads at severity high, at once and without a server", "[R13][R16]") {
  GuardWorld world;
  world.serve();
  CHECK(tell(world, worry("Somebody wrote\nme nasty things")) == HelpOutcome::kStored);
  const QueuedEvent entry = world.entries().back();
  const auto body = body_of(entry);
  CHECK(body.kind == "help.worried");
  CHECK(body.severity == sync::Severity::kHigh);
  for (const char* secret : {"nasty", "anna", "pupils"}) {
    CHECK(as_text(entry.body).find(secret) == std::string_view::npos);
    CHECK(as_text(entry.sealed).find(secret) == std::string_view::npos);
  }
  CHECK(details_of(world, entry) == std::map<std::string, std::string>{
      {"attribution", "user"}, {"user", "anna"}, {"group", "pupils"}, {"words", "Somebody wrote\nme nasty things"}});
}

TEST_CASE("who asks for a site says why, and the guard adds what it is blocked for", "[R8][R16]") {
  GuardWorld world;
  world.serve();
  const std::string blocked = some_names().begin()->second.front();
  CHECK(tell(world, wish(blocked, "for maths")) == HelpOutcome::kStored);
  const auto details = details_of(world, world.entries().back());
  CHECK(body_of(world.entries().back()).kind == "help.unblock");
  CHECK(details.at("name") == blocked);
  CHECK(details.at("reason") == "category");
  CHECK(details.at("words") == "for maths");
  CHECK(tell(world, wish(blocked)) == HelpOutcome::kAlready);
  world.clock.time += 86'401;
  CHECK(tell(world, wish(blocked)) == HelpOutcome::kStored);
  CHECK(count_of(world, "help.unblock page") == 2);
}

TEST_CASE("attribution of what is written never guesses at a child", "[R16]") {
  GuardWorld world;
  world.serve();
  for (const auto uid : {std::optional<std::uint32_t>{}, std::optional<std::uint32_t>{0}, std::optional<std::uint32_t>{55555}}) {
    CHECK(tell(world, worry("help", uid)) == HelpOutcome::kStored);
    const auto details = details_of(world, world.entries().back());
    CHECK(details.at("attribution") == "device");
    CHECK_FALSE(details.contains("user"));
  }
}

TEST_CASE("a form that is sent twice is stored once") {
  GuardWorld world;
  world.serve();
  const auto report = worry("once");
  CHECK(tell(world, report) == HelpOutcome::kStored);
  CHECK(tell(world, report) == HelpOutcome::kStored);
  CHECK(count_of(world, "help.worried page") == 1);
}

TEST_CASE("a flood of words ends for its writer with a word about it, hides nobody else's, and is noted", "[R16]") {
  GuardWorld world;
  world.serve();
  int stored = 0;
  for (int i = 0; i < 200; ++i) stored += tell(world, worry("flood")) == HelpOutcome::kStored ? 1 : 0;
  CHECK(stored == 20);
  CHECK(tell(world, worry("flood")) == HelpOutcome::kTooMany);
  CHECK(world.noted("events.dropped help-rate"));
  CHECK(tell(world, worry("a quiet child", GuardWorld::kAnna + 1)) == HelpOutcome::kStored);
  CHECK(tell(world, wish("asked.example")) == HelpOutcome::kStored);  // the kinds apart
  world.clock.time += 3601;
  CHECK(tell(world, worry("later")) == HelpOutcome::kStored);
}

TEST_CASE("the longest words fit into a sealed part, however they are escaped", "[R16]") {
  GuardWorld world;
  world.serve();
  for (const char c : {'"', '\\', '\n', 'x'}) {
    CHECK(tell(world, worry("w" + std::string(kMaxHelpWords - 1, c))) == HelpOutcome::kStored);
    CHECK(details_of(world, world.entries().back()).at("words").size() == kMaxHelpWords);
  }
  world.check_in();  // and travel
  CHECK(world.status().events_queued == 0);
}

TEST_CASE("words that are no clean text, names that cannot be one, and other callers are refused") {
  GuardWorld world;
  world.serve();
  for (const std::string words : {"", " \n ", "a\x1b[31m", "\xff", "a\r\nb", "\xe2\x80\xae"}) {
    CHECK_FALSE(world.ask(GuardWorld::kNet, Ask::kReportHelp, make_help_report(worry(words))));
  }
  for (const char* name : {"", "UPPER.example", "a b.example", ".."}) {
    CHECK_FALSE(world.ask(GuardWorld::kNet, Ask::kReportHelp, make_help_report(wish(name))));
  }
  auto named = worry("a worry");
  named.name = "www.example";
  CHECK_FALSE(world.ask(GuardWorld::kNet, Ask::kReportHelp, make_help_report(named)));
  Bytes cut = make_help_report(worry("cut"));
  cut.pop_back();
  CHECK_FALSE(world.ask(GuardWorld::kNet, Ask::kReportHelp, cut));
  for (const auto uid : {GuardWorld::kAnna, GuardWorld::kOwner}) {
    CHECK(world.ask(uid, Ask::kReportHelp, make_help_report(worry("forged"))).error().code == ErrorCode::kPermissionDenied);
  }
  CHECK(count_of(world, "help.worried page") == 0);
}

TEST_CASE("before there is anybody to record for, nothing is said to be stored", "[R16]") {
  GuardWorld world;
  world.start();
  CHECK(world.ask(GuardWorld::kNet, Ask::kReportHelp, make_help_report(worry("early"))).error().code == ErrorCode::kUnavailable);
}

TEST_CASE("the lead sees the words in lines of their own, and nothing in them steers a terminal", "[R16]") {
  const Json row = Json::Object{{"seq", 3}, {"label", "lap"}, {"kind", "help.worried"}, {"severity", "high"}, {"count", 1}, {"time", 0},
                                {"details", Json::Object{{"user", "anna"}, {"words", "first\nsecond\x1b[2J\xc2\x9b"}}}};
  const std::string shown = show_rows({row});
  CHECK(shown.find("user=anna\n    | first\n    | second?[2J?\n") != std::string::npos);
  CHECK(shown.find("words=") == std::string::npos);
}

TEST_CASE("users are told at log-in and in the status what the policy adds to", "[R13]") {
  GuardWorld world;
  world.settings.notice = world.folder / "notice";
  world.start();
  world.serve();
  const auto read = [&] {
    std::ifstream in(world.settings.notice);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  world.guard->tick();
  CHECK(read().starts_with("This device belongs to "));
  CHECK(read().find("monitored") != std::string::npos);
  CHECK(world.status().notice == read());
  world.give(world.room.policy(2, std::string(kPolicyText) + "[notice]\ntext = \"Our own rules.\"\n"));
  world.guard->tick();
  CHECK(read().find("\nOur own rules.\n") != std::string::npos);
  CHECK(world.status().notice == read());
}

TEST_CASE("a device without a school has nothing to tell", "[R13]") {
  GuardWorld world;
  world.settings.notice = world.folder / "notice";
  std::ofstream(world.settings.notice) << "an old one";
  world.start();
  world.guard->tick();
  CHECK_FALSE(std::filesystem::exists(world.settings.notice));
  CHECK(world.status().notice.empty());
}

TEST_CASE("the notice fits a console's lines") {
  const auto text = make_notice("A\x1bSchool", {std::string(300, 'x') + " and  more", "Somebody", ""});
  std::size_t long_lines = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find('\n', at);
    REQUIRE(end != std::string::npos);
    long_lines += end - at > 76 ? 1 : 0;
    at = end + 1;
  }
  CHECK(long_lines == 1);  // the word that cannot be broken
  CHECK(text.find('\x1b') == std::string::npos);
}
