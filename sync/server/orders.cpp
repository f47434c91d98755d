#include "sync/server/orders.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "platform/base/log.h"
#include "sync/order.h"
#include "sync/server/enrol.h"
#include "sync/server/order_room.h"
#include "sync/wipe_certificate.h"

namespace caretaker::server {
namespace {

constexpr std::int64_t kDay = 86'400;
constexpr std::int64_t kDoubtLasts = 30 * kDay;  // after a batch that did not verify; what forked once may have two machines that both go on
constexpr std::string_view kPrefix = "order.";
constexpr const char* kUncertain = "uncertain";
constexpr std::size_t kMaxListedBytes = 6u << 20;  // an answer has 8 MiB

Result<Json> envelope_payload(ByteView envelope) {
  TRY(payload, sync::unverified_payload(envelope, sync::PayloadType::kOrder, sync::kMaxOrderBytes));
  return parse_json(as_text(payload));
}

// What speaks of two machines under one identity. That something of the book is missing ("gap", "unknown-epoch") does not: a server that was
// restored misses something of every book, and a machine that is lost on that day is to be wiped all the same.
bool is_of_two(std::string_view problem) {
  return problem == "fork" || problem == "chain" || problem == "overtaken" || problem == "clone" || problem == "replaced";
}

// A device of which there are, or were, two is wiped by nobody.
Status check_wipe(FleetStore& store, const DeviceRow& device, UnixSeconds now) {
  TRY(book, store.book(device.id));
  const bool was_of_two = book.forks > 0 || book.last_quarantined > now - kDoubtLasts;
  const bool is_doubtful = device.replaced_by || is_of_two(device.problem) || was_of_two;
  if (is_doubtful) {
    return make_error(ErrorCode::kPermissionDenied, "this device's identity is in doubt (" + (is_of_two(device.problem) ? device.problem : "forked") +
                                                        "): it is locked, but not wiped");
  }
  TRY(recent, store.letters_since(type_of_orders(), now - kDay));
  std::size_t wipes = 0;
  for (const LetterRow& row : recent) {
    const auto order = envelope_payload(row.envelope);
    const std::string* kind = order ? (*order)["kind"].as_string() : nullptr;
    wipes += kind != nullptr && *kind == "wipe" ? 1 : 0;
  }
  if (wipes < kMaxWipesPerDay) return ok();
  return make_error(ErrorCode::kFull, "the server takes " + std::to_string(kMaxWipesPerDay) + " wipes a day: the next one tomorrow");
}

struct ListedOrder {
  LetterRow row;
  sync::Order order;
  LetterAnswer answer;  // of its device
};

Result<std::vector<ListedOrder>> read_orders(FleetStore& store, const std::optional<sync::DeviceId>& device) {
  TRY(rows, store.letters_since(type_of_orders(), 0));
  std::vector<ListedOrder> out;
  for (LetterRow& row : rows) {
    if (device && row.device != device) continue;
    TRY(payload, sync::unverified_payload(row.envelope, sync::PayloadType::kOrder, sync::kMaxOrderBytes));  // verified when it was published
    TRY(order, sync::parse_order(payload));
    TRY(answers, store.letter_answers(row.id));
    out.push_back({std::move(row), std::move(order), answers.empty() ? LetterAnswer{} : answers.front()});
  }
  return out;
}

// Given, and not refused: the device may have it, whatever the time is now.
bool may_be_there(const ListedOrder& listed) { return listed.answer.given != 0 && (listed.answer.answer.empty() || listed.answer.answer == "taken" || listed.answer.answer == kUncertain); }

// What locks and wipes are ended by something that the device has taken, or will still take.
std::set<sync::OrderId> ended_in(const std::vector<ListedOrder>& orders, UnixSeconds now) {
  std::map<sync::OrderId, const ListedOrder*> by_id;
  for (const ListedOrder& each : orders) by_id.emplace(each.row.id, &each);
  std::set<sync::OrderId> out;
  for (const ListedOrder& each : orders) {
    const auto target = each.order.target ? by_id.find(*each.order.target) : by_id.end();
    if (target == by_id.end()) continue;
    const sync::Order& other = target->second->order;
    const bool is_for_it = other.device == each.order.device && sync::check_order_hardware(each.order, other.hardware).has_value();
    const bool comes = each.answer.answer == "taken" || (each.answer.answer.empty() && each.row.until > now);
    if (is_for_it && comes) out.insert(other.id);
  }
  return out;
}

Result<Json> order_json(FleetStore& store, const LetterRow& row) {
  TRY(answers, store.letter_answers(row.id));
  TRY(states, store.order_states(row.id));
  Json::Array steps;
  for (const auto& [state, time] : states) steps.push_back(Json::Object{{"state", state}, {"time", time}});
  const LetterAnswer answer = answers.empty() ? LetterAnswer{} : answers.front();
  return Json(Json::Object{{"order", sync::letter_name(row.id)},
                           {"device", row.device ? to_hex(*row.device) : ""},
                           {"envelope", to_base64(row.envelope)},
                           {"published", row.published},
                           {"given", answer.given},
                           {"answer", answer.answer},
                           {"states", std::move(steps)}});
}

}  // namespace

Result<Json> publish_order(FleetStore& store, const SchoolState& school, const Json& arguments, UnixSeconds now) {
  TRY(envelope, arguments.base64_at("envelope"));
  TRY(order, sync::read_order({envelope}, school.root()));
  if (order.until <= now) return make_error(ErrorCode::kStale, "this order has expired");
  TRY(device, store.device(order.device));
  if (!device) return make_error(ErrorCode::kNotFound, "no such device has enrolled here");
  if (order.kind == sync::OrderKind::kWipe) TRY_DONE(check_wipe(store, *device, now));
  TRY_DONE(check_order_room(store, school.root(), order, envelope, now));
  TRY_DONE(store.add_letter({order.id, type_of_orders(), order.device, order.until, envelope, now}, now));
  return Json(Json::Object{{"order", sync::letter_name(order.id)}});
}

Result<Json> list_orders(FleetStore& store, const Json& arguments, UnixSeconds now) {
  std::optional<sync::DeviceId> device;
  if (!arguments["device"].is_null()) {
    TRY(id, arguments.hex_array_at<32>("device"));
    device = id;
  }
  TRY(all, read_orders(store, device));
  const std::set<sync::OrderId> ended = ended_in(all, now);
  std::vector<Json> newest_first;
  std::size_t bytes = 0;
  bool more = false;
  for (std::size_t i = all.size(); i-- > 0 && !more;) {
    const ListedOrder& each = all[i];
    const bool is_new = all.size() - i <= kMaxOrdersListed;
    const bool ends_others = each.order.target.has_value();
    const bool is_open = !ends_others && !ended.contains(each.row.id) && (each.row.until > now || may_be_there(each));
    if (!is_new && !is_open) continue;
    TRY(json, order_json(store, each.row));
    bytes += json.dump().size();
    more = bytes > kMaxListedBytes;
    if (!more) newest_first.push_back(std::move(json));
  }
  Json::Array orders(std::make_move_iterator(newest_first.rbegin()), std::make_move_iterator(newest_first.rend()));
  return Json(Json::Object{{"orders", std::move(orders)}, {"more", more}});
}

Result<std::map<sync::DeviceId, Json>> newest_orders(FleetStore& store) {
  TRY(rows, store.letters_since(type_of_orders(), 0));
  std::map<sync::DeviceId, const LetterRow*> newest;
  for (const LetterRow& row : rows) {
    if (row.device) newest[*row.device] = &row;
  }
  std::map<sync::DeviceId, Json> out;
  for (const auto& [device, row] : newest) {
    const auto order = envelope_payload(row->envelope);
    const std::string* kind = order ? (*order)["kind"].as_string() : nullptr;
    if (kind == nullptr) continue;
    TRY(answers, store.letter_answers(row->id));
    TRY(states, store.order_states(row->id));
    const LetterAnswer answer = answers.empty() ? LetterAnswer{} : answers.front();
    std::string state = answer.given == 0 ? "queued" : "given";
    const bool is_uncertain = answer.answer == kUncertain;
    if (is_uncertain) state = kUncertain;
    else if (!answer.answer.empty()) state = answer.answer == "taken" ? "delivered" : "refused " + answer.answer;
    // What the device said of it before it may have forgotten it says nothing of now.
    if (!states.empty() && !answer.answer.empty() && !is_uncertain) state = states.back().first;
    out[device] = Json::Object{{"order", sync::letter_name(row->id)}, {"kind", *kind}, {"state", state}};
  }
  return out;
}

Result<Json> give_wipe_record(FleetStore& store, const SchoolState& school, const Json& arguments) {
  TRY(id, arguments.hex_array_at<32>("device"));
  TRY(device, store.device(id));
  TRY(kept, store.wipe_certificate(id));
  if (!device || !kept) return make_error(ErrorCode::kNotFound, "this device has sent no certificate of a wipe");
  TRY(letter, store.letter(kept->order));
  if (!letter) return make_error(ErrorCode::kNotFound, "the order of this wipe is not here any more");
  const sync::WipeRecord record{kept->envelope, make_certificate(school, *device), letter->envelope, page_of_roots(school.envelopes(), 0)};
  return Json(Json::Object{{"record", to_base64(sync::make_wipe_record(record))}});
}

Status note_order_event(FleetStore& store, const sync::DeviceId& device, ByteView bytes) {
  if (as_text(bytes).find("\"order.") == std::string_view::npos) return ok();
  const auto body = sync::parse_event_body(bytes);
  if (!body || !body->kind.starts_with(kPrefix)) return ok();
  const std::size_t colon = body->rule.find(':');  // of a refusal: the check stands in front
  const std::string name = colon == std::string::npos ? body->rule : body->rule.substr(colon + 1);
  const auto raw = parse_hex(name);
  const auto id = raw ? to_array<16>(*raw) : Result<sync::LetterId>(raw.error());
  if (!id) return ok();
  std::string state = body->kind.substr(kPrefix.size());
  if (colon != std::string::npos) state += " " + body->rule.substr(0, colon);
  return store.note_order_state(*id, device, state, body->time);
}

Status note_forgetting(FleetStore& store, const sync::DeviceId& device, ByteView bytes, UnixSeconds now) {
  const std::string_view text = as_text(bytes);
  if (text.find("\"rollback") == std::string_view::npos && text.find("\"orders-damaged\"") == std::string_view::npos) return ok();
  const auto body = sync::parse_event_body(bytes);
  const bool was_put_back = body && body->kind == "epoch.started" && body->rule.starts_with("rollback");
  const bool lost_orders = body && body->kind == "guard.health" && body->rule == "orders-damaged";
  if (!was_put_back && !lost_orders) return ok();
  TRY(all, read_orders(store, device));
  const std::set<sync::OrderId> ended = ended_in(all, now);
  for (const ListedOrder& each : all) {
    if (each.order.target || each.answer.answer != "taken" || ended.contains(each.row.id)) continue;
    const bool comes_again = each.order.kind == sync::OrderKind::kLock && each.row.until > now;
    TRY_DONE(store.doubt_taken(each.row.id, device, comes_again ? "" : kUncertain));
  }
  return ok();
}

Status keep_wipe_certificate(FleetStore& store, const SchoolState& school, const sync::DeviceCertificate& device, const Json& state, UnixSeconds now) {
  if (state["wipe_certificate"].is_null()) return ok();
  const auto envelope = state.base64_at("wipe_certificate");
  const auto certificate = envelope ? sync::open_wipe_certificate({*envelope}, device) : Result<sync::WipeCertificate>(envelope.error());
  if (!certificate) {
    log_warning("orders", "a certificate that does not verify: " + certificate.error().message);
    return ok();
  }
  TRY(both, sync::add_signature(*envelope, sync::PayloadType::kWipeCertificate, school.keys().sign));
  return store.keep_wipe_certificate(device.device, certificate->order, both, now);
}

}  // namespace caretaker::server
