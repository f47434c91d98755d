#include "sync/server/staff.h"

#include "platform/base/log.h"
#include "sync/fields.h"
#include "sync/server/desk.h"
#include "sync/server/orders.h"
#include "sync/server/rewrap.h"
#include "sync/staff_request.h"

namespace caretaker::server {
namespace {

constexpr std::int64_t kTokenSeconds = 24 * 3600;
constexpr std::int64_t kMaxPage = 500;
constexpr std::size_t kRootsAtOnce = 16;  // of at most 256 KiB each, which base64 makes a third longer
constexpr std::size_t kMaxPageBytes = 3u << 20;  // of bodies and sealed parts, which base64 makes a third longer

Result<Json> new_token(Desk& desk) {
  TRY(token, desk.arguments.hex_array_at<32>("token_hash"));
  const UnixSeconds expires = desk.now + kTokenSeconds;
  TRY_DONE(desk.store.add_token(token, desk.holder, desk.now, expires));
  return Json(Json::Object{{"expires", expires}});
}

Result<Json> device_json(FleetStore& store, const DeviceRow& row) {
  TRY(book, store.book(row.id));
  TRY(state, parse_json(row.state));
  TRY(given, store.given_to(row.id));
  TRY(refused, store.refused_by(row.id));
  Json::Object sent, refusals;
  for (const Given& each : given) sent[each.kind] = Json::Object{{"version", each.version}, {"time", each.first}};
  for (const Refused& each : refused) refusals[each.kind] = Json::Object{{"version", each.version}, {"check", each.rule}, {"time", each.told}};
  return Json(Json::Object{
      {"device", to_hex(row.id)},
      {"label", row.label},
      {"hardware", Json::Object{{"dmi_uuid", row.hardware.dmi_uuid}, {"board_serial", row.hardware.board_serial}}},
      {"enrolled", row.enrolled},
      {"last_seen", row.last_seen.value_or(0)},
      {"epoch", book.epoch ? to_hex(*book.epoch) : ""},
      {"seq", book.last_seq},
      {"state", std::move(state)},
      {"sent", std::move(sent)},
      {"refused", std::move(refusals)},
      {"problem", row.replaced_by ? "replaced" : row.problem},
      {"holes", book.holes},
      {"quarantined", book.quarantined}});
}

// The device's own signature says what it is called and what it is; the server's word for that does not count (agent/cli/named_device.h).
Result<Json> device_record(Desk& desk) {
  TRY(id, desk.arguments.hex_array_at<32>("device"));
  TRY(enrolment, desk.store.enrolment_of(id));
  if (!enrolment) return make_error(ErrorCode::kNotFound, "no such device has enrolled here");
  return Json(Json::Object{{"enrolment", to_base64(*enrolment)}});
}

Result<Json> list_devices(Desk& desk) {
  TRY(rows, desk.store.devices());
  TRY(orders, newest_orders(desk.store));
  Json::Array devices;
  for (const auto& row : rows) {
    TRY(json, device_json(desk.store, row));
    if (const auto order = orders.find(row.id); order != orders.end()) {
      Json::Object members = *json.as_object();
      members["order"] = order->second;
      json = Json(std::move(members));
    }
    devices.push_back(std::move(json));
  }
  return Json(Json::Object{{"devices", std::move(devices)}});
}

Json event_json(const EventRow& row) {
  Json::Object json{{"id", row.id},       {"device", to_hex(row.device)}, {"label", row.label}, {"epoch", to_hex(row.epoch)},
                    {"from", row.from},   {"to", row.to},                 {"received", row.received}};
  if (!row.body.empty()) json["body"] = to_base64(row.body);
  if (!row.sealed.empty()) json["sealed"] = sealed_json(row.sealed, std::to_string(row.id));
  return Json(std::move(json));
}

Result<Json> list_events(Desk& desk) {
  const std::int64_t* after = desk.arguments["after"].as_int();
  const std::int64_t* limit = desk.arguments["limit"].as_int();
  std::optional<sync::DeviceId> device;
  if (!desk.arguments["device"].is_null()) {
    TRY(id, desk.arguments.hex_array_at<32>("device"));
    device = id;
  }
  const std::int64_t page = limit ? *limit : kMaxPage;
  if (page < 1 || page > kMaxPage) return make_error(ErrorCode::kInvalidInput, "\"limit\": expected 1 to 500");
  TRY(rows, desk.store.events(after ? *after : 0, device, static_cast<int>(page) + 1));
  Json::Array events;
  std::size_t bytes = 0, sealed = 0;
  for (const auto& row : rows) {
    bytes += row.body.size() + row.sealed.size();
    if (events.size() == static_cast<std::size_t>(page) || (bytes > kMaxPageBytes && !events.empty())) break;
    sealed += row.sealed.empty() ? 0 : 1;
    desk.about = " " + std::to_string(rows.front().id) + "-" + std::to_string(row.id) + " sealed " + std::to_string(sealed);
    events.push_back(event_json(row));
  }
  const bool more = events.size() < rows.size();
  return Json(Json::Object{{"events", std::move(events)}, {"more", more}});
}

Result<Json> publish_policy(Desk& desk) {
  TRY(blob, envelope_of(desk));
  TRY(newest, desk.store.newest_policy());
  TRY(policy, sync::open_policy(blob, desk.school.root(), newest ? newest->version : 0, desk.now));
  TRY_DONE(check_issued(policy.bundle().issued, desk.now));
  TRY_DONE(desk.store.add_policy(policy.bundle().version, blob.bytes, desk.now));
  return Json(Json::Object{{"version", policy.bundle().version}});
}

// The manifest in force on the devices, as far as today's keys still speak for it.
Result<std::optional<sync::ListsManifest>> current_lists(Desk& desk) {
  TRY(newest, desk.store.newest_lists(true));
  if (!newest) return std::optional<sync::ListsManifest>();
  auto opened = sync::open_lists({newest->envelope}, desk.school.root(), std::nullopt, 0);
  if (!opened) return std::optional<sync::ListsManifest>();
  return std::optional<sync::ListsManifest>(opened->manifest());
}

Result<Json> publish_lists(Desk& desk) {
  TRY(blob, envelope_of(desk));
  TRY(current, current_lists(desk));
  TRY(lists, sync::open_lists(blob, desk.school.root(), current, desk.now));
  const auto& manifest = lists.manifest();
  TRY_DONE(check_issued(manifest.issued, desk.now));
  TRY(newest, desk.store.newest_lists(false));
  if (newest && manifest.version <= newest->version) {
    return make_error(ErrorCode::kStale, "lists of version " + std::to_string(newest->version) + " are published already");
  }
  TRY(file, desk.store.set_file(manifest.file));
  const bool here = file && file->here;
  TRY_DONE(desk.store.add_lists(lists, blob.bytes, here, desk.now));
  return Json(Json::Object{{"version", manifest.version}, {"file", to_hex(manifest.file)}, {"upload", !here}});
}

// What makes the file of published lists out of an older one. Nobody believes it: the result has the hash that was signed.
Result<Json> publish_delta(Desk& desk) {
  TRY(base, desk.arguments.hex_array_at<32>("base"));
  TRY(file, desk.arguments.hex_array_at<32>("file"));
  TRY(delta, desk.arguments.hex_array_at<32>("delta"));
  TRY(size, desk.arguments.int_at("size"));
  TRY(whole, desk.store.set_file(file));
  if (!whole || base == file) return make_error(ErrorCode::kNotFound, "no published lists name that file");
  if (size <= 0 || static_cast<std::uint64_t>(size) > whole->size / 2) return make_error(ErrorCode::kTooLarge, "a delta of more than half of the file");
  TRY(known, desk.store.set_file(delta));
  const bool here = known && known->here;
  TRY_DONE(desk.store.add_delta(base, file, delta, static_cast<std::uint64_t>(size), here));
  return Json(Json::Object{{"upload", !here}});
}

Result<Json> publish_root(Desk& desk) {
  TRY(blob, envelope_of(desk));
  TRY(version, desk.school.publish_next(desk.store, blob, desk.now));
  return Json(Json::Object{{"version", version}});
}

Result<Json> order_publish(Desk& desk) { return publish_order(desk.store, desk.school, desk.arguments, desk.now); }
Result<Json> orders_list(Desk& desk) { return list_orders(desk.store, desk.arguments, desk.now); }
Result<Json> wipe_record(Desk& desk) { return give_wipe_record(desk.store, desk.school, desk.arguments); }

// A few at a time, so that an answer stays small; who asks again gets the next.
Result<Json> list_roots(Desk& desk) {
  TRY(after, sync::number_at(desk.arguments, "after"));
  const auto& envelopes = desk.school.envelopes();
  Json::Array roots;
  for (auto i = static_cast<std::size_t>(after); i < envelopes.size() && roots.size() < kRootsAtOnce; ++i) {
    roots.push_back(to_base64(envelopes[i]));
  }
  return Json(Json::Object{{"roots", std::move(roots)}});
}

Result<Json> rewrap(Desk& desk) { return rewrap_events(desk.store, desk.school.root().root(), desk.arguments); }

Result<Json> perform(std::string_view action, Desk& desk) {
  struct Row { std::string_view action; Result<Json> (*perform)(Desk&); };
  static constexpr Row kActions[] = {{"token.new", new_token},           {"devices.list", list_devices},
                                     {"device.record", device_record},
                                     {"events.list", list_events},       {"policy.publish", publish_policy},
                                     {"lists.publish", publish_lists},   {"root.publish", publish_root},    {"lists.delta", publish_delta},
                                     {"exception.publish", publish_exception}, {"exceptions.list", list_exceptions},
                                     {"policy.current", current_policy},  {"changes.list", list_changes},
                                     {"order.publish", order_publish},   {"orders.list", orders_list},
                                     {"wipe.record", wipe_record},        {"roots.list", list_roots},
                                     {"events.rewrap", rewrap},          {"evidence.batches", evidence_batches},
                                     {"evidence.open", evidence_open},   {"hold.add", add_hold},
                                     {"hold.lift", lift_hold},           {"holds.list", list_holds},        {"audit.list", list_audit}};
  for (const auto& row : kActions) {
    if (row.action == action) return row.perform(desk);
  }
  return make_error(ErrorCode::kNotFound, "no action \"" + std::string(action) + "\"");
}

}  // namespace

Json sealed_json(ByteView stored, const std::string& record) {
  auto parsed = parse_json(as_text(stored));
  if (parsed) return std::move(*parsed);
  log_error("server", "the sealed part of event " + record + " is damaged: " + parsed.error().message);
  return "damaged";
}

Result<Json> answer_staff(FleetStore& store, SchoolState& school, ByteView body, UnixSeconds now) {
  TRY(opened, sync::open_staff_request({to_bytes(body)}, school.root(), now));
  const auto& request = opened.request;
  TRY_DONE(store.use_nonce(request.nonce, now, now + 2 * sync::kStaffRequestSeconds));
  Desk desk{store, school, request.arguments, opened.holder, now};
  auto result = perform(request.action, desk);
  const std::string outcome = result ? "done" : std::string(error_code_name(result.error().code));
  TRY_DONE(store.add_audit(now, opened.signer + " " + opened.holder, request.action + desk.about, outcome, body));
  log_info("staff", opened.holder + ": " + request.action + ": " + outcome);
  return result;
}

}  // namespace caretaker::server
