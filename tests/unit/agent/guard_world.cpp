#include "tests/unit/agent/guard_world.h"

#include <algorithm>

#include "platform/base/log.h"
#include "sync/bundle.h"

namespace caretaker::agent {
namespace {

Result<platform::User> find_test_user(std::uint32_t uid) {
  if (uid == GuardWorld::kAnna) return platform::User{uid, "anna", {"pupils"}, true};
  if (uid == GuardWorld::kAnna + 1) return platform::User{uid, "berta", {}, true};
  if (uid == GuardWorld::kOwner) return platform::User{0, "root", {}, false};
  return make_error(ErrorCode::kNotFound, "no such user");
}

Bytes sign_for(sync::PayloadType type, ByteView payload, std::vector<const SigningKey*> signers, const SigningKey* usual) {
  if (signers.empty()) signers = {usual};
  return sync::make_envelope(type, payload, signers);
}

}  // namespace

Bytes SigningRoom::policy(std::int64_t version, const std::string& toml, const Options& options) const {
  const sync::PolicyBundle bundle{version, clock_.time, clock_.time + options.expires_in, {}, toml,
                                  school.root.policy_generation};
  const sync::SchoolId id = options.school == sync::SchoolId{} ? school.root.school : options.school;
  return sign_for(sync::PayloadType::kPolicy, sync::make_policy_payload(id, bundle), options.signers, &school.technician);
}

Bytes SigningRoom::lists(std::int64_t version, ByteView set_file, const Options& options) const {
  const auto view = must(policy::SetView::open(set_file));
  const auto content = must(view.canonical_content());
  sync::ListsManifest manifest{version, clock_.time, clock_.time + options.expires_in, content.all, content.locked,
                               content.names, content.locked_names, set_file.size(), hash(set_file), {},
                               school.root.lists_generation};
  for (const policy::Category& category : view.categories()) {
    manifest.categories[category.name] = {category.names, category.locked};
  }
  return sign_for(sync::PayloadType::kLists, sync::make_lists_payload(school.root.school, manifest), options.signers,
                  &school.lists);
}

Bytes SigningRoom::next_root() {
  ++school.root.version;
  return school.root_envelope();
}

Bytes make_set(const NamesByCategory& names) {
  policy::SetBuilder builder({1, 2, 3});
  for (const auto& [category, members] : names) {
    const int number = must(builder.category(category, false));
    for (const std::string& name : members) builder.add(name, number);
  }
  return must(builder.build(nullptr));
}

NamesByCategory some_names() {
  NamesByCategory names{{"gambling", {"casino.example"}}, {"adult", {"adult.example"}}, {"illegal", {"illegal.example"}}};
  for (int i = 0; i < 100; ++i) names["gambling"].push_back("bet" + std::to_string(i) + ".example");
  return names;
}

GuardWorld::GuardWorld() {
  set_log_level(LogLevel::kError);
  settings = {folder / "guard", {"uuid-1", "board-1"}, kNet, kOwner};
  settings.inspect_uid = kInspect;
  settings.programs_uid = kPrograms;
  start();
}

void GuardWorld::start() {
  monitor.reset();
  guard.reset();
  guard = must(Guard::open(settings, clock, find_test_user));
  monitor.emplace(*guard);
}

void GuardWorld::stop() {
  guard->close();
  monitor.reset();
  guard.reset();
}

Result<Bytes> GuardWorld::ask(std::uint32_t uid, Ask question, ByteView fields, platform::OpenFile file) {
  const auto frame = monitor->answer({uid, 1}, {make_request(question, fields), std::move(file)});
  TRY(answer, parse_answer(frame.bytes));
  return to_bytes(answer);
}

std::string SigningRoom::token_text() const {
  return sync::make_token_text({{5}, school.root.school, Hash{1}, "https://127.0.0.1:8443"});
}

Bytes GuardWorld::begin_enrolment() {
  const EnrolBegin begin{room.token_text(), "laptop-7"};
  return ask_well(kOwner, Ask::kEnrolBegin, make_enrol_begin(begin), parse_enrol_begin_answer);
}

sync::EnrolmentAnswer SigningRoom::certify(ByteView request) const {
  const auto enrolment = must(sync::open_enrolment({to_bytes(request)}));
  const sync::DeviceCertificate certificate{enrolment.school, hash(enrolment.device_key), enrolment.device_key,
                                            enrolment.hardware, clock_.time};
  const SigningKey* key = &school.server;
  return {sync::make_envelope(sync::PayloadType::kCertificate, sync::make_certificate_payload(certificate), {&key, 1}),
          {school.root_envelope()},
          {},
          {}};
}

void GuardWorld::enrol() {
  must(ask(kOwner, Ask::kEnrolFinish, make_enrol_finish(room.certify(begin_enrolment()))));
}

void GuardWorld::give(Bytes policy, Bytes lists, std::vector<Bytes> roots) {
  sync::CheckinAnswer answer;
  answer.policy = std::move(policy);
  answer.lists = std::move(lists);
  answer.roots = std::move(roots);
  must(ask(kNet, Ask::kTakeAnswer, make_take_answer(answer)));
}

Result<Bytes> GuardWorld::offer(ByteView set_file) {
  clock.time += 60;  // the guard takes no second offer at once
  must(platform::replace_file(folder / "offered", set_file, 0600));
  return ask(kNet, Ask::kOfferSet, {}, must(platform::open_read_only(folder / "offered")));
}

void GuardWorld::serve() {
  enrol();
  give(room.policy(1, kPolicyText), room.lists(1, set));
  must(offer(set));
}

std::optional<GuardWorld::Opened> GuardWorld::next_request() {
  const Bytes body = ask_well(kNet, Ask::kNextBatch, {}, parse_body_answer);
  if (body.empty()) return std::nullopt;
  Opened opened{must(sync::parse_checkin_request(body, 4u << 20)), {}};
  const auto certificate = must(sync::open_certificate({opened.request.certificate}, room.school.verified()));
  opened.batch = must(sync::open_batch({opened.request.batch}, certificate));
  return opened;
}

Bytes GuardWorld::receipt_for(const Opened& opened) const {
  sync::Receipt receipt = server.receipt(opened.batch);
  receipt.time = clock.time;
  receipt.nonce = must(opened.batch.state.string_at("nonce"));
  const SigningKey* key = &room.school.server;
  return sync::make_envelope(sync::PayloadType::kReceipt, sync::make_receipt_payload(receipt), {&key, 1});
}

void GuardWorld::check_in() {
  for (int round = 0; round < 1000; ++round) {
    const auto opened = next_request();
    REQUIRE(opened);
    REQUIRE(server.take(opened->batch));
    sync::CheckinAnswer answer;
    answer.receipt = receipt_for(*opened);
    if (!ask_well(kNet, Ask::kTakeAnswer, make_take_answer(answer), parse_taken_answer).more) return;
  }
  FAIL("the book never ends");
}

std::vector<QueuedEvent> GuardWorld::entries() {
  return ask_well(kOwner, Ask::kEvents, make_events_question({1, 1000}), parse_events_answer).events;
}

std::vector<std::string> GuardWorld::book() {
  std::vector<std::string> out;
  for (const QueuedEvent& entry : entries()) {
    const auto body = must(sync::parse_event_body(entry.body));
    out.push_back(body.kind + " " + body.rule);
  }
  return out;
}

bool GuardWorld::noted(const std::string& kind_and_rule) {
  const auto rows = book();
  return std::ranges::find(rows, kind_and_rule) != rows.end();
}

bool GuardWorld::healthy(const std::string& code) {
  const auto codes = status().health;
  return std::ranges::find(codes, code) == codes.end();
}

Violation violation(const std::string& name, std::optional<std::uint32_t> uid, const std::string& category) {
  return {uid, policy::Reason::kCategory, category, name, 1'790'000'000, 1};
}

Bytes report(std::vector<Violation> violations) {
  return make_web_report({random_array<16>(), 0, std::move(violations)});
}

}  // namespace caretaker::agent
