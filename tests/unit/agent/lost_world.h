// A guard whose school has people who lock and wipe.
#pragma once

#include "agent/guard/kept_twice.h"
#include "platform/files.h"
#include "sync/unlock_code.h"
#include "tests/unit/agent/guard_world.h"

namespace caretaker::agent {

struct LostWorld : GuardWorld {
  BoxKey technician_box = make_box_key(random_key());
  int wipes_started = 0;

  LostWorld() {
    auto& school = room.school;
    school.give(sync::Role::kLock, 1, {{"technician", &school.technician}});
    school.give(sync::Role::kWipe, 2, {{"technician", &school.technician}, {"head", &school.head}});
    school.root.recipients[sync::key_id(technician_box.public_key)] = {technician_box.public_key, "technician", "technician"};
    school.root.issued = clock.time - 86'400;
    school.root.school = hash(sync::make_root_payload(school.root));
    settings.start_wipe = [this](const WipePermit&) {
      ++wipes_started;
      return ok();
    };
    start();
    serve();
  }

  sync::DeviceId device() { return must(to_array<32>(must(parse_hex(status().device)))); }
  sync::Order order(sync::OrderKind kind) {
    sync::Order out;
    out.school = room.school.root.school;
    out.device = device();
    out.hardware = settings.hardware;
    out.nonce = random_array<16>();
    out.kind = kind;
    out.issued = clock.time;
    out.until = clock.time + 86'400;
    out.grace_s = kind == sync::OrderKind::kWipe ? 60 : 0;
    out.message = "Lost. Please bring it back.";
    out.telephone = "01632 960001";
    return out;
  }
  Bytes sign(const sync::Order& order, std::vector<const SigningKey*> keys = {}) {
    if (keys.empty()) keys = {&room.school.technician};
    return sync::make_envelope(sync::PayloadType::kOrder, sync::make_order_payload(order), keys);
  }
  Bytes sign_wipe(const sync::Order& order) { return sign(order, {&room.school.technician, &room.school.head}); }
  static sync::OrderId id(const sync::Order& order) { return sync::letter_id(sync::make_order_payload(order)); }
  static std::string name(const sync::Order& order) { return to_hex(id(order)); }

  // From net's mouth, as the server gives it.
  void deliver(Bytes envelope) {
    sync::CheckinAnswer answer;
    answer.letters = {std::move(envelope)};
    must(ask(kNet, Ask::kTakeAnswer, make_take_answer(answer)));
  }
  LostAnswer lost() { return ask_well(kAnna, Ask::kLostNotice, {}, parse_lost_answer); }
  Status unlock(const std::string& code) {
    TRY_DONE(ask(kAnna, Ask::kUnlock, make_unlock(code)));
    return ok();
  }
  std::string right_code() {
    const auto opened = next_request();
    const auto secret = must(sync::open_unlock_secret(opened->batch.state["unlock"], technician_box));
    return sync::unlock_code(secret, device(), lost().challenge);
  }
  bool log_ins_are_refused() { return platform::file_size(settings.state / "locked-notice").has_value(); }
  // Both files as another version wrote them, after stop(): `change` gets what is there, without its sum.
  void rewrite_orders(const std::function<void(Json::Object&)>& change) const {
    Json::Object members = *must(parse_json(as_text(must(platform::read_file(settings.state / "orders.json", 1u << 20))), {})).as_object();
    members.erase("sum");
    change(members);
    for (const char* name : {"orders.json", "orders.copy.json"}) {
      must(platform::replace_file(settings.state / name, as_bytes(with_sum(members).dump()), 0600));
    }
  }
  // A receipt by the server's key, as a stolen server signs one too.
  void call_forked() {
    const auto opened = next_request();
    sync::Receipt refusal = server.receipt(opened->batch);
    refusal.nonce = must(opened->batch.state.string_at("nonce"));
    refusal.problem = "fork";
    sync::CheckinAnswer answer;
    const SigningKey* key = &room.school.server;
    answer.receipt = sync::make_envelope(sync::PayloadType::kReceipt, sync::make_receipt_payload(refusal), {&key, 1});
    must(ask(kNet, Ask::kTakeAnswer, make_take_answer(answer)));
    guard->tick();
  }
  void pass(std::int64_t seconds) {
    for (; seconds > 0; seconds -= 10) {
      clock.time += std::min<std::int64_t>(seconds, 10);
      guard->tick();
    }
  }
};

}  // namespace caretaker::agent
