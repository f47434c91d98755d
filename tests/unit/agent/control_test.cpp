#include <catch2/catch.hpp>

#include "agent/control_net.h"
#include "agent/control_user.h"

using namespace caretaker;
using namespace caretaker::agent;

namespace {

WebReport some_report() {
  WebReport report;
  report.id.fill(9);
  report.lost = 4;
  report.violations.push_back({1001, policy::Reason::kCategory, "gambling", "casino.example", 1790000000, 3});
  report.violations.push_back({std::nullopt, policy::Reason::kBypassVpn, "", "vpn.example", 1790000001, 1});
  return report;
}

}  // namespace

TEST_CASE("a request is its number and its fields") {
  const Bytes frame = make_request(Ask::kReportWeb, Bytes{1, 2});
  CHECK(frame == Bytes{3, 1, 2});
  const auto request = parse_request(frame);
  REQUIRE(request);
  CHECK(request->ask == 3);
  CHECK(to_bytes(request->fields) == Bytes{1, 2});
  CHECK_FALSE(parse_request({}));
}

TEST_CASE("an answer is its fields or the guard's error") {
  CHECK(to_bytes(*parse_answer(make_answer(Bytes{5}))) == Bytes{5});
  const auto refused = parse_answer(make_error_answer(make_error(ErrorCode::kPermissionDenied, "not yours")));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::kPermissionDenied);
  CHECK(refused.error().message == "not yours");
  CHECK(parse_answer({}).error().code == ErrorCode::kInvalidInput);
  CHECK(parse_answer(Bytes{200, 0, 0, 0, 0}).error().code == ErrorCode::kInvalidInput);
  CHECK(parse_answer(Bytes{1, 9, 0, 0, 0, 'x'}).error().code == ErrorCode::kInvalidInput);
}

TEST_CASE("a web report comes back as it went, unknown users unknown") {
  const WebReport report = some_report();
  const auto read = parse_web_report(make_web_report(report));
  REQUIRE(read);
  CHECK(read->id == report.id);
  CHECK(read->lost == 4);
  CHECK(read->violations == report.violations);
  CHECK_FALSE(read->violations[1].uid.has_value());
}

TEST_CASE("a web report with too many violations, an unknown reason or a count of nothing is refused") {
  WebReport report = some_report();
  report.violations.resize(kMaxReported + 1, report.violations[0]);
  CHECK_FALSE(parse_web_report(make_web_report(report)));
  report.violations.resize(kMaxReported);
  CHECK(parse_web_report(make_web_report(report)));
  report.violations[3].count = 0;
  CHECK_FALSE(parse_web_report(make_web_report(report)));
  report.violations[3].count = 1;
  report.violations[3].reason = static_cast<policy::Reason>(200);
  CHECK_FALSE(parse_web_report(make_web_report(report)));
  report.violations[3].reason = policy::Reason::kCategory;
  report.violations[3].name.assign(256, 'a');
  CHECK_FALSE(parse_web_report(make_web_report(report)));
}

TEST_CASE("every frame cut short or with something behind it is refused") {
  sync::CheckinAnswer answer;
  answer.receipt = to_bytes("receipt");
  answer.roots = {to_bytes("two"), to_bytes("three")};
  answer.expected = sync::ChainHead{7, {}};
  answer.missing = {{sync::EpochId{3}, {9, Hash{4}}}};
  answer.problem = "gap";
  Bytes whole = make_take_answer(answer);
  REQUIRE(parse_take_answer(whole));
  CHECK(parse_take_answer(whole)->roots == answer.roots);
  CHECK(parse_take_answer(whole)->expected == answer.expected);
  CHECK(parse_take_answer(whole)->missing == answer.missing);
  for (std::size_t size = 0; size < whole.size(); ++size) CHECK_FALSE(parse_take_answer(ByteView(whole).first(size)));
  whole.push_back(0);
  CHECK_FALSE(parse_take_answer(whole));
}

TEST_CASE("a count far beyond the bytes costs nothing and is refused") {
  ByteWriter out;
  out.u32(0xffffffff);
  CHECK_FALSE(parse_enrol_finish(out.bytes()));
  CHECK_FALSE(parse_body_answer(out.bytes()));
  ByteWriter events;
  events.raw(Bytes(16));
  events.u32(0xffffffff);
  CHECK_FALSE(parse_events_answer(events.bytes()));
}

TEST_CASE("what the command line asks and hears comes back as it went") {
  StatusAnswer status;
  status.school = "Wood End";
  status.policy_version = 12;
  status.stale_since = 1790000000;
  status.events_queued = 3;
  status.health = {"policy-stale", "hardware-changed"};
  status.media = {{"usb-storage", "0951:1666", "A1", "16e6-83c7", "vfat", "keep-out", "not-encrypted", "This drive ..."}, {}};
  status.posture = {{"disk", "not-encrypted"}, {"firewall", "on"}};
  status.notice = "This device is monitored.\n";
  const auto read = parse_status_answer(make_status_answer(status));
  REQUIRE(read);
  CHECK(read->school == "Wood End");
  CHECK(read->policy_version == 12);
  CHECK(read->stale_since == 1790000000);
  CHECK(read->events_queued == 3);
  CHECK(read->health == status.health);
  CHECK(read->notice == status.notice);
  CHECK(read->media == status.media);
  CHECK(read->posture == status.posture);

  const auto why = parse_why_question(make_why_question({"Casino.Example", "anna", ""}));
  REQUIRE(why);
  CHECK(why->name == "Casino.Example");
  CHECK(why->user == "anna");
  const auto events = parse_events_answer(make_events_answer({{7}, {{1, 1, true, to_bytes("{}"), {}}, {2, 5, false, {}, {}}}}));
  REQUIRE(events);
  CHECK(events->epoch[0] == 7);
  REQUIRE(events->events.size() == 2);
  CHECK(events->events[0].acknowledged);
  CHECK(events->events[1].to == 5);
}
