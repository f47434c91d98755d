#include "agent/guard/orders_file.h"

#include <algorithm>
#include <array>

#include "agent/guard/kept_twice.h"
#include "sync/fields.h"

namespace caretaker::agent {
namespace {

constexpr std::size_t kMaxFile = 4u << 20;
constexpr std::array<std::string_view, 7> kPhaseNames = {"none", "grace", "started", "keys-destroyed", "verified", "failed", "best-effort"};

Result<WipePhase> parse_phase(std::string_view name) {
  const auto found = std::find(kPhaseNames.begin(), kPhaseNames.end(), name);
  if (found == kPhaseNames.end()) return make_error(ErrorCode::kInvalidInput, "no such phase");
  return static_cast<WipePhase>(found - kPhaseNames.begin());
}

constexpr std::array kEndedKinds = {sync::OrderKind::kLock, sync::OrderKind::kWipe};

using EndedMap = std::map<OrdersState::EndedOrder, OrdersState::Ended>;

Status parse_ended_as(const Json::Object& members, sync::OrderKind kind, EndedMap& out) {
  for (const auto& [name, end] : members) {
    TRY(bytes, parse_hex(name));
    TRY(id, to_array<16>(bytes));
    if (const auto* until_alone = end.as_int()) {
      out[{id, kind}] = {*until_alone, ""};
      continue;
    }
    TRY(until, end.int_at("until"));
    TRY(by, end.string_at("by"));
    out[{id, kind}] = {until, by};
  }
  return ok();
}

// Kind by kind. An earlier version did not write which: there it was ended as each. The first wrote the time alone, and nobody's name.
Result<EndedMap> parse_ended(const Json& json) {
  TRY(members, json.object_at("ended"));
  EndedMap ended;
  for (const sync::OrderKind kind : kEndedKinds) {
    const auto found = members->find(sync::order_kind_name(kind));
    const Json::Object* of_kind = found == members->end() ? members : found->second.as_object();
    if (of_kind == nullptr) return make_error(ErrorCode::kInvalidInput, "what was ended is no object");
    TRY_DONE(parse_ended_as(*of_kind, kind, ended));
  }
  return ended;
}

Json::Object ended_json(const EndedMap& ended, sync::OrderKind kind) {
  Json::Object members;
  for (const auto& [order, end] : ended) {
    if (order.second == kind) members[to_hex(order.first)] = Json::Object{{"until", end.until}, {"by", end.by}};
  }
  return members;
}

// An earlier version knew one.
Result<std::vector<Bytes>> parse_locks(const Json& json) {
  std::vector<Bytes> locks;
  if (json["locks"].is_null()) {
    TRY(lock, json.base64_at("lock"));
    if (!lock.empty()) locks.push_back(std::move(lock));
    return locks;
  }
  TRY(members, json.array_at("locks"));
  for (const Json& member : *members) {
    if (member.as_string() == nullptr) return make_error(ErrorCode::kInvalidInput, "a lock is no text");
    TRY(lock, parse_base64(*member.as_string()));
    locks.push_back(std::move(lock));
  }
  return locks;
}

Result<OrdersState> parse_state(ByteView bytes) {
  TRY(json, sync::parse_object_v1(bytes, kMaxFile));
  TRY_DONE(check_sum(json));
  TRY(device, json.string_at("device"));
  TRY(ended, parse_ended(json));
  TRY(locks, parse_locks(json));
  TRY(wipe, json.base64_at("wipe"));
  TRY(phase_text, json.string_at("phase"));
  TRY(phase, parse_phase(phase_text));
  TRY(grace, sync::number_at(json, "grace_left_s", sync::kMaxGrace));
  TRY(secret, json.hex_array_at<32>("secret"));
  TRY(challenge, json.string_at("challenge"));
  TRY(wrong, sync::number_at(json, "wrong_codes", INT32_MAX));
  TRY(epoch, json.string_at("epoch"));
  TRY(forked, json.bool_at("is_forked"));
  TRY(certificate, json.base64_at("certificate"));
  return OrdersState{device, ended, locks, wipe, phase, grace, SecretKey(secret), challenge, static_cast<int>(wrong), epoch, forked, certificate};
}

TwoFiles files_in(const std::filesystem::path& folder) { return with_copy(folder / "orders.json"); }

}  // namespace

std::string_view wipe_phase_name(WipePhase phase) { return kPhaseNames[static_cast<std::size_t>(phase)]; }

Result<OrdersState> read_orders(const std::filesystem::path& folder) {
  OrdersState state;
  TRY_DONE(read_twice(files_in(folder), kMaxFile, [&state](ByteView stored) -> Status {
    auto parsed = parse_state(stored);
    if (!parsed) return make_error(ErrorCode::kDamaged, "orders: " + parsed.error().message);
    state = std::move(*parsed);
    return ok();
  }));
  return state;
}

Status write_orders(const std::filesystem::path& folder, const OrdersState& state) {
  Json::Object ended;
  for (const sync::OrderKind kind : kEndedKinds) ended[std::string(sync::order_kind_name(kind))] = ended_json(state.ended, kind);
  Json::Array locks;
  for (const Bytes& lock : state.locks) locks.push_back(to_base64(lock));
  Json::Object members{{"v", 1},
                       {"device", state.device},
                       {"ended", std::move(ended)},
                       {"locks", std::move(locks)},
                       {"wipe", to_base64(state.wipe)},
                       {"phase", wipe_phase_name(state.phase)},
                       {"grace_left_s", state.grace_left_s},
                       {"secret", to_hex(state.secret.view())},
                       {"challenge", state.challenge},
                       {"wrong_codes", state.wrong_codes},
                       {"epoch", state.epoch},
                       {"is_forked", state.is_forked},
                       {"certificate", to_base64(state.certificate)}};
  return write_twice(files_in(folder), as_bytes(with_sum(std::move(members)).dump()));
}

}  // namespace caretaker::agent
