#include "sync/server/staff.h"

#include <algorithm>

#include "platform/base/json.h"
#include "platform/files.h"
#include "tests/unit/server/test_device.h"
#include "sync/change_log.h"
#include "sync/enrolment_record.h"
#include "sync/exception.h"
#include "sync/server/ingest.h"

using namespace caretaker;
using namespace caretaker::test;
using server::answer_staff;

namespace {

ErrorCode refused(Result<Json> result) {
  REQUIRE_FALSE(result);
  return result.error().code;
}

Json envelope_argument(const Bytes& envelope) { return Json::Object{{"envelope", to_base64(envelope)}}; }

}  // namespace

TEST_CASE("a staff request is good once, for five minutes, at this school", "[R7]") {
  TestSchool school, other;
  const auto request = school.request(school.people.technician, "devices.list");
  CHECK(answer_staff(school.store, school.state, request, kNow));
  CHECK(refused(answer_staff(school.store, school.state, request, kNow)) == ErrorCode::kConflict);
  CHECK(refused(answer_staff(school.store, school.state, request, kNow + 250)) == ErrorCode::kConflict);
  const auto late = school.request(school.people.technician, "devices.list");
  CHECK_FALSE(answer_staff(school.store, school.state, late, kNow + 301));
  CHECK_FALSE(answer_staff(school.store, school.state, late, kNow - 301));
  CHECK(answer_staff(school.store, school.state, late, kNow + 299));
  CHECK_FALSE(answer_staff(school.store, school.state, other.request(other.people.technician, "devices.list"), kNow));
}

TEST_CASE("a nonce is remembered for as long as its request could be repeated") {
  TestSchool school;
  const auto early = school.request(school.people.technician, "devices.list", Json::Object{}, kNow + 300);
  CHECK(answer_staff(school.store, school.state, early, kNow));
  CHECK(answer_staff(school.store, school.state, school.request(school.people.technician, "devices.list", Json::Object{}, kNow + 500), kNow + 500));
  CHECK(refused(answer_staff(school.store, school.state, early, kNow + 600)) == ErrorCode::kConflict);
}

TEST_CASE("everybody may ask for what their role allows and nothing else", "[R7]") {
  TestSchool school;
  CHECK(school.ask(school.people.lead, "events.list"));
  CHECK(school.ask(school.people.technician, "events.list"));
  CHECK_FALSE(school.ask(school.people.publisher, "events.list"));
  CHECK_FALSE(school.ask(school.people.lead, "token.new", Json::Object{{"token_hash", to_hex(Hash{})}}));
  CHECK_FALSE(school.ask(school.people.lead, "policy.publish", envelope_argument(school.policy(1))));
  CHECK_FALSE(school.ask(sync::make_person_key("stranger"), "devices.list"));
  CHECK(refused(school.ask(school.people.technician, "device.wipe")) == ErrorCode::kNotFound);
}

TEST_CASE("a policy is published once it stands every check that a device makes", "[R7]") {
  TestSchool school;
  auto& technician = school.people.technician;
  CHECK(must(school.ask(technician, "policy.publish", envelope_argument(school.policy(2)))).int_at("version").value_or(0) == 2);
  CHECK(refused(school.ask(technician, "policy.publish", envelope_argument(school.policy(2)))) == ErrorCode::kStale);
  CHECK(refused(school.ask(technician, "policy.publish", envelope_argument(school.policy(1)))) == ErrorCode::kStale);
  CHECK(refused(school.ask(technician, "policy.publish", envelope_argument(school.policy(3, kNow - 1)))) == ErrorCode::kStale);
  const sync::PolicyBundle bundle{4, kNow, kNow + 1000, {}, "x"};
  const auto by_lead = TestSchool::envelope(sync::PayloadType::kPolicy, sync::make_policy_payload(school.state.id(), bundle), {&school.people.lead.signing});
  CHECK(refused(school.ask(technician, "policy.publish", envelope_argument(by_lead))) == ErrorCode::kUnauthentic);
  CHECK(refused(school.ask(technician, "policy.publish", Json::Object{})) == ErrorCode::kInvalidInput);
  CHECK(must(school.store.newest_policy())->version == 2);
}

TEST_CASE("nothing is published that says it was issued more than a day from now", "[R7]") {
  TestSchool school;
  const auto policy_of = [&](UnixSeconds issued) {
    const sync::PolicyBundle bundle{1, issued, issued + 30 * 86400, {}, "school = \"Test School\"\n"};
    const Bytes payload = sync::make_policy_payload(school.state.id(), bundle);
    return envelope_argument(TestSchool::envelope(sync::PayloadType::kPolicy, payload, {&school.people.technician.signing}));
  };
  CHECK(refused(school.ask(school.people.technician, "policy.publish", policy_of(kNow + 86'401))) == ErrorCode::kInvalidInput);
  CHECK_FALSE(must(school.store.newest_policy()));
  CHECK(school.ask(school.people.technician, "policy.publish", policy_of(kNow + 86'400)));
  auto next = school.root_one();
  next.version = 2;
  next.school = school.state.id();
  next.issued = kNow + 86'401;
  next.expires = next.issued + 30 * 86400;
  CHECK(refused(school.ask(school.people.head, "root.publish", envelope_argument(school.signed_root(next)))) == ErrorCode::kInvalidInput);
  next.issued = kNow + 86'400;
  CHECK(school.ask(school.people.head, "root.publish", envelope_argument(school.signed_root(next))));
}

TEST_CASE("a root is published when the old and the new holders signed it and it still names this server") {
  TestSchool school;
  auto next = school.root_one();
  next.version = 2;
  next.school = school.state.id();
  auto serverless = next;
  serverless.roles[sync::Role::kReceipts] = {1, {sync::key_id(school.people.publisher.signing.public_key)}};
  serverless.roles.erase(sync::Role::kLists);
  CHECK_FALSE(school.ask(school.people.head, "root.publish", envelope_argument(school.signed_root(serverless))));
  const auto half = TestSchool::envelope(sync::PayloadType::kRoot, sync::make_root_payload(next), {&school.people.head.signing});
  CHECK_FALSE(school.ask(school.people.head, "root.publish", envelope_argument(half)));
  CHECK(school.state.root().root().version == 1);
  CHECK(school.ask(school.people.head, "root.publish", envelope_argument(school.signed_root(next))));
  CHECK(school.state.root().root().version == 2);
  CHECK(must(server::SchoolState::open(school.store, school.keys)).root().root().version == 2);
}

TEST_CASE("a server takes one school, once, and only a root that names its keys") {
  TestSchool school, other;
  CHECK(server::SchoolState::adopt(school.store, school.keys, {school.state.envelopes()[0]}));
  CHECK_FALSE(server::SchoolState::adopt(school.store, school.keys, {other.state.envelopes()[0]}));
  auto fresh = must(server::FleetStore::open(school.folder.path() / "fresh.db"));
  CHECK(server::SchoolState::open(fresh, school.keys).error().code == ErrorCode::kNotFound);
  CHECK(server::SchoolState::adopt(fresh, school.keys, {other.state.envelopes()[0]}).error().code == ErrorCode::kUnauthentic);
  auto root = school.root_one();
  root.tls_pins = {Hash{1}};
  CHECK_FALSE(server::SchoolState::adopt(fresh, school.keys, {school.signed_root(root)}));
  root = school.root_one();
  root.server_box[0] ^= 1;
  CHECK_FALSE(server::SchoolState::adopt(fresh, school.keys, {school.signed_root(root)}));
}

TEST_CASE("a server's keys are made once and only for an https address") {
  TempFolder folder;
  CHECK(server::make_server_keys(folder.path(), "http://x", system_clock()).error().code == ErrorCode::kInvalidInput);
  CHECK(server::make_server_keys(folder.path(), "https://:8443", system_clock()).error().code == ErrorCode::kInvalidInput);
  CHECK_FALSE(server::read_server_keys(folder.path()));
  CHECK(server::make_server_keys(folder.path(), "https://[::1]:8443/x", system_clock()));
  CHECK(server::make_server_keys(folder.path(), "https://server.school", system_clock()).error().code == ErrorCode::kConflict);
  CHECK(std::filesystem::status(folder.path() / "server.key").permissions() ==
        (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
}

TEST_CASE("devices are listed with what they last said, what is wrong and what is missing") {
  TestSchool school;
  TestDevice device(school);
  device.record(2);
  must(server::ingest(school.store, school.state, sync::make_checkin_request(device.request(device.batch())), kNow + 5));
  const auto json = must(school.ask(school.people.technician, "devices.list"));
  const auto& row = (**json.array_at("devices")).at(0);
  CHECK(*row["device"].as_string() == to_hex(device.id()));
  CHECK(*row["label"].as_string() == "laptop-1");
  CHECK(*row["last_seen"].as_int() == kNow + 5);
  CHECK(*row["seq"].as_int() == 2);
  CHECK(*row["state"]["root"].as_int() == 1);
  CHECK(row["problem"].as_string()->empty());
}

TEST_CASE("events are read page by page, and each reading is on record", "[R13]") {
  TestSchool school;
  TestDevice device(school), other(school, {"uuid-2", "serial-2"});
  for (auto* each : {&device, &other}) {
    each->record(3);
    must(server::ingest(school.store, school.state, sync::make_checkin_request(each->request(each->batch())), kNow));
  }
  auto page = must(school.ask(school.people.lead, "events.list", Json::Object{{"limit", 4}}));
  CHECK((**page.array_at("events")).size() == 4);
  CHECK(*page["more"].as_bool());
  const auto last = *(**page.array_at("events")).back()["id"].as_int();
  page = must(school.ask(school.people.lead, "events.list", Json::Object{{"after", last}, {"limit", 4}}));
  CHECK((**page.array_at("events")).size() == 2);
  CHECK_FALSE(*page["more"].as_bool());
  page = must(school.ask(school.people.lead, "events.list", Json::Object{{"device", to_hex(other.id())}}));
  CHECK((**page.array_at("events")).size() == 3);
  CHECK(refused(school.ask(school.people.lead, "events.list", Json::Object{{"limit", 0}})) == ErrorCode::kInvalidInput);
  CHECK(refused(school.ask(school.people.lead, "events.list", Json::Object{{"device", "abc"}})) == ErrorCode::kInvalidInput);
  const auto audit = must(school.store.audit());
  CHECK(std::count_if(audit.begin(), audit.end(), [](const auto& row) {
    return row.entry.action.starts_with("events.list") && row.entry.by.ends_with("safeguarding lead");
  }) == 5);
}

TEST_CASE("a sealed part that the disk has spoilt hides no other event", "[R13]") {
  TestSchool school;
  TestDevice device(school);
  device.record(3);
  must(server::ingest(school.store, school.state, sync::make_checkin_request(device.request(device.batch())), kNow));
  const auto rows = must(school.store.events(0, std::nullopt, 10));
  REQUIRE_FALSE(rows[1].sealed.empty());
  must(school.store.replace_sealed(rows[1].id, to_bytes("{\"ciphertext\": \"\x01")));
  const auto page = must(school.ask(school.people.lead, "events.list", Json::Object{}));
  const auto& events = **page.array_at("events");
  REQUIRE(events.size() == 3);
  CHECK(sync::parse_sealed(events[0]["sealed"]));
  CHECK(*events[1]["sealed"].as_string() == "damaged");
  CHECK(sync::parse_sealed(events[2]["sealed"]));
  const auto opened = must(school.ask(school.people.lead, "evidence.open", Json::Object{{"device", to_hex(device.id())}, {"epoch", to_hex(rows[0].epoch)},
                                      {"records", Json::Array{static_cast<std::int64_t>(rows[0].to), static_cast<std::int64_t>(rows[1].to)}}}));
  CHECK(sync::parse_sealed(opened["sealed"][std::to_string(rows[0].to)]));
  CHECK(*opened["sealed"][std::to_string(rows[1].to)].as_string() == "damaged");
}

namespace {

Bytes lesson(const TestSchool& school, const sync::PersonKey& person, const std::string& name = "games.example") {
  const sync::Exception exception{{school.state.id(), {}, kNow - 5, kNow + 1800}, name, "pupils", kNow - 5, {}};
  return TestSchool::envelope(sync::PayloadType::kException, sync::make_exception_payload(exception), {&person.signing});
}

sync::CheckinAnswer check_in(TestSchool& school, TestDevice& device) {
  return must(server::ingest(school.store, school.state, sync::make_checkin_request(device.request(device.batch())), kNow));
}

}  // namespace

TEST_CASE("a teacher publishes an exception and nothing else, and sees what became of it", "[R6][R7]") {
  TestSchool school;
  TestDevice device(school);
  CHECK_FALSE(school.ask(school.people.technician, "exception.publish", envelope_argument(lesson(school, school.people.teacher))));
  CHECK_FALSE(school.ask(school.people.teacher, "exception.publish", envelope_argument(lesson(school, school.people.technician))));
  for (const char* action : {"policy.publish", "lists.publish", "root.publish", "token.new", "devices.list", "events.list", "lists.delta", "changes.list"}) {
    CHECK(refused(school.ask(school.people.teacher, action, envelope_argument(school.policy(1)))) == ErrorCode::kPermissionDenied);
  }
  const auto published = must(school.ask(school.people.teacher, "exception.publish", envelope_argument(lesson(school, school.people.teacher))));
  const std::string id = must(published.string_at("letter"));
  CHECK(check_in(school, device).letters.size() == 1);
  device.record_plain("letter.taken", id);
  (void)check_in(school, device);
  const auto listed = must(school.ask(school.people.teacher, "exceptions.list"));
  REQUIRE((**listed.array_at("exceptions")).size() == 1);
  const auto& row = (**listed.array_at("exceptions"))[0];
  CHECK(*row["letter"].as_string() == id);
  CHECK(*row["taken"].as_int() == 1);
}

TEST_CASE("a teacher's key fills its own places, keeps no other teacher out, and can always close what it opened", "[R6]") {
  TestSchool school;
  const auto second = sync::make_person_key("second teacher");
  auto next = school.root_one();
  next.version = 2;
  next.school = school.state.id();
  const auto id = sync::key_id(second.signing.public_key);
  next.keys[id] = {second.signing.public_key, second.holder};
  next.roles[sync::Role::kException].keys.insert(id);
  must(school.ask(school.people.head, "root.publish", envelope_argument(school.signed_root(next))));
  const auto publish = [&](const sync::PersonKey& person, const sync::Exception& exception) {
    return school.ask(person, "exception.publish",
                      envelope_argument(TestSchool::envelope(sync::PayloadType::kException, sync::make_exception_payload(exception), {&person.signing})));
  };
  const auto closing = [&](const sync::LetterId& letter, UnixSeconds until) {
    return sync::Exception{{school.state.id(), {}, kNow - 5, until}, "", "", 0, letter};
  };
  const auto first = must(school.ask(school.people.teacher, "exception.publish", envelope_argument(lesson(school, school.people.teacher))));
  const auto opened = must(to_array<16>(must(parse_hex(must(first.string_at("letter"))))));
  for (int i = 0; i < 63; ++i) must(publish(school.people.teacher, closing(random_array<16>(), kNow + 1000)));
  CHECK(refused(publish(school.people.teacher, closing(random_array<16>(), kNow + 1000))) == ErrorCode::kFull);
  CHECK(refused(school.ask(school.people.teacher, "exception.publish", envelope_argument(lesson(school, school.people.teacher, "more.example")))) == ErrorCode::kFull);
  CHECK(school.ask(second, "exception.publish", envelope_argument(lesson(school, second, "other.example"))));
  CHECK(publish(school.people.teacher, closing(opened, kNow + 1000)));
  CHECK(refused(publish(school.people.teacher, closing(opened, kNow + 2000))) == ErrorCode::kFull);  // that is closed already
}

TEST_CASE("a teacher has no more lessons open than a device holds of one, and what is closed makes room", "[R6]") {
  TestSchool school;
  const auto publish = [&](const Bytes& envelope) { return school.ask(school.people.teacher, "exception.publish", envelope_argument(envelope)); };
  Json first;
  for (std::size_t i = 0; i < sync::kMaxLessonsOfOne; ++i) first = must(publish(lesson(school, school.people.teacher, "game" + std::to_string(i) + ".example")));
  const Bytes more = lesson(school, school.people.teacher, "more.example");
  CHECK(refused(publish(more)) == ErrorCode::kFull);
  const auto opened = must(to_array<16>(must(parse_hex(must(first.string_at("letter"))))));
  const sync::Exception closing{{school.state.id(), {}, kNow - 5, kNow + 1000}, "", "", 0, opened};
  must(publish(TestSchool::envelope(sync::PayloadType::kException, sync::make_exception_payload(closing), {&school.people.teacher.signing})));
  CHECK(publish(more));
}

TEST_CASE("what a device signed about itself is handed to those who may order something about it", "[R22]") {
  TestSchool school;
  TestDevice device(school);
  const auto ask = [&](const sync::PersonKey& person, const sync::DeviceId& id) {
    return school.ask(person, "device.record", Json::Object{{"device", to_hex(id)}});
  };
  const auto record = must(must(ask(school.people.head, device.id())).base64_at("enrolment"));
  CHECK(must(sync::open_enrolment_record({record}, school.state.id(), device.id())).label == "laptop-1");
  CHECK_FALSE(sync::open_enrolment_record({record}, school.state.id(), sync::DeviceId{1}));
  CHECK(refused(ask(school.people.technician, sync::DeviceId{1})) == ErrorCode::kNotFound);
  CHECK(refused(ask(school.people.lead, device.id())) == ErrorCode::kPermissionDenied);
}

TEST_CASE("the log of changes has everything that was published, in order and whole", "[R7]") {
  TestSchool school;
  must(school.ask(school.people.technician, "policy.publish", envelope_argument(school.policy(1))));
  must(school.ask(school.people.teacher, "exception.publish", envelope_argument(lesson(school, school.people.teacher))));
  must(school.ask(school.people.technician, "policy.publish", envelope_argument(school.policy(3))));
  CHECK_FALSE(school.ask(school.people.technician, "policy.publish", envelope_argument(school.policy(2))));
  const auto answer = must(school.ask(school.people.lead, "changes.list"));
  sync::ChangeWalk walk(school.state.id());
  std::vector<std::string> kinds;
  for (const Json& row : **answer.array_at("changes")) {
    kinds.push_back(must(walk.next({*row["number"].as_int(), must(row.base64_at("envelope")), must(row.hex_array_at<32>("link"))})).kind);
  }
  CHECK(kinds == std::vector<std::string>{"root", "policy", "exception", "policy"});
  CHECK((**must(school.ask(school.people.lead, "changes.list", Json::Object{{"after", 3}})).array_at("changes")).size() == 1);
  // Opened again it goes on where it was.
  must(server::SchoolState::open(school.store, school.keys));
  CHECK(must(school.store.last_change())->number == 4);
}

TEST_CASE("a device's row says what it was sent, what it has refused and why, until it takes a newer one", "[R7]") {
  TestSchool school;
  TestDevice device(school);
  must(school.ask(school.people.technician, "policy.publish", envelope_argument(school.policy(1))));
  CHECK_FALSE(check_in(school, device).policy.empty());
  const auto row = [&] { return (**must(school.ask(school.people.technician, "devices.list")).array_at("devices"))[0]; };
  CHECK(*row()["sent"]["policy"]["version"].as_int() == 1);
  CHECK(*row()["sent"]["policy"]["time"].as_int() == kNow);
  CHECK(row()["refused"]["policy"].is_null());
  device.record_plain("policy.refused", "A2");
  (void)check_in(school, device);
  CHECK(*row()["refused"]["policy"]["check"].as_string() == "A2");
  CHECK(*row()["refused"]["policy"]["version"].as_int() == 1);
  device.record_plain("policy.applied", "v2");
  (void)check_in(school, device);
  CHECK(row()["refused"]["policy"].is_null());
}

TEST_CASE("the policy in force is told to those who sign or open by it") {
  TestSchool school;
  CHECK(must(school.ask(school.people.teacher, "policy.current")).int_at("version").value_or(9) == 0);
  must(school.ask(school.people.technician, "policy.publish", envelope_argument(school.policy(4))));
  const auto answer = must(school.ask(school.people.teacher, "policy.current"));
  CHECK(*answer["version"].as_int() == 4);
  CHECK(must(answer.base64_at("envelope")) == school.policy(4));
  CHECK_FALSE(school.ask(school.people.publisher, "policy.current"));
}

TEST_CASE("roots are handed out from any version on, a few at a time", "[R7]") {
  TestSchool school;
  auto next = school.root_one();
  next.school = school.state.id();
  for (next.version = 2; next.version <= 20; ++next.version) {
    must(school.ask(school.people.head, "root.publish", envelope_argument(school.signed_root(next))));
  }
  const auto count = [&](std::int64_t after) { return must(school.ask(school.people.lead, "roots.list", Json::Object{{"after", after}})).array_at("roots").value()->size(); };
  CHECK(count(1) == 16);
  CHECK(count(17) == 3);
  CHECK(count(20) == 0);
  CHECK(count(99) == 0);
  CHECK(refused(school.ask(school.people.lead, "roots.list", Json::Object{{"after", -1}})) == ErrorCode::kInvalidInput);
  CHECK_FALSE(school.ask(sync::make_person_key("stranger"), "roots.list", Json::Object{{"after", 1}}));
}

TEST_CASE("a root that begins a generation takes what was published out of the offer, and versions begin anew", "[R7]") {
  TestSchool school;
  must(school.ask(school.people.technician, "policy.publish", envelope_argument(school.policy(sync::kMaxInteger))));
  auto next = school.root_one();
  next.version = 2;
  next.school = school.state.id();
  next.policy_generation = 1;
  must(school.ask(school.people.head, "root.publish", envelope_argument(school.signed_root(next))));
  CHECK_FALSE(must(school.store.newest_policy()));
  CHECK_FALSE(school.ask(school.people.technician, "policy.publish", envelope_argument(school.policy(7))));
  const sync::PolicyBundle bundle{1, kNow, kNow + 1000, {}, "x", 1};
  const auto anew = TestSchool::envelope(sync::PayloadType::kPolicy, sync::make_policy_payload(school.state.id(), bundle), {&school.people.technician.signing});
  CHECK(school.ask(school.people.technician, "policy.publish", envelope_argument(anew)));
  CHECK(must(school.store.newest_policy())->version == 1);
}

TEST_CASE("keys are wrapped anew by a safeguarding lead alone, and for nobody whom the root does not name", "[R13]") {
  TestSchool school;
  const auto offer = [&](const std::string& recipient, std::size_t size) {
    return Json(Json::Object{{"keys", Json::Array{Json(Json::Object{{"event", 5}, {"recipient", recipient}, {"wrapped", to_base64(Bytes(size))}})}}});
  };
  const std::string lead = sync::key_id(school.people.lead.box.public_key);
  CHECK(must(school.ask(school.people.lead, "events.rewrap", offer(lead, 80))).int_at("left").value_or(0) == 1);  // no such event
  CHECK(refused(school.ask(school.people.lead, "events.rewrap", offer(std::string(32, 'a'), 80))) == ErrorCode::kPermissionDenied);
  CHECK(refused(school.ask(school.people.lead, "events.rewrap", offer(lead, 79))) == ErrorCode::kInvalidInput);
  CHECK(refused(school.ask(school.people.lead, "events.rewrap", Json::Object{})) == ErrorCode::kInvalidInput);
  CHECK_FALSE(school.ask(school.people.technician, "events.rewrap", offer(lead, 80)));
}

TEST_CASE("the spare TLS key takes over once the root names it, and a new spare is made") {
  TempFolder folder;
  const auto made = folder.path() / "data";
  must(server::make_server_keys(made, "https://127.0.0.1:8443", system_clock()));
  const auto before = must(server::read_server_keys(made));
  const auto announced = must(parse_json(as_text(must(platform::read_file(made / "server-public.json", 8192)))));
  const Hash spare = must(announced.hex_array_at<32>("tls_spare_pin"));
  CHECK(before.tls.pin == must(announced.hex_array_at<32>("tls_pin")));
  CHECK(spare != before.tls.pin);
  std::filesystem::rename(made / "spare", folder.path() / "safe");
  CHECK(server::switch_tls(made, folder.path() / "safe", {before.tls.pin}, system_clock()).error().code == ErrorCode::kPermissionDenied);
  must(platform::replace_file(made / "tls.key", as_bytes("lost"), 0600));
  must(server::switch_tls(made, folder.path() / "safe", {before.tls.pin, spare}, system_clock()));
  const auto after = must(server::read_server_keys(made));
  CHECK(after.tls.pin == spare);
  CHECK(after.sign.public_key == before.sign.public_key);
  const auto again = must(parse_json(as_text(must(platform::read_file(made / "server-public.json", 8192)))));
  CHECK(must(again.hex_array_at<32>("tls_pin")) == spare);
  CHECK(must(again.hex_array_at<32>("tls_spare_pin")) != spare);
  must(server::change_url(made, "https://two.example"));
  CHECK(must(must(parse_json(as_text(must(platform::read_file(made / "server-public.json", 8192))))).string_at("url")) == "https://two.example");
  CHECK_FALSE(server::change_url(made, "http://two.example"));
}
