#include "sync/staff_request.h"

#include <cstdlib>

#include "sync/checks.h"
#include "sync/fields.h"

namespace caretaker::sync {
namespace {

struct Permission {
  std::string_view action;
  Role role;
};

// Who may ask what. An action that two roles may ask stands twice.
constexpr Permission kPermissions[] = {
    {"token.new", Role::kPolicy},           {"devices.list", Role::kPolicy},   {"devices.list", Role::kSafeguarding},
    {"events.list", Role::kSafeguarding},   {"events.list", Role::kPolicy},    {"policy.publish", Role::kPolicy},
    {"lists.publish", Role::kPolicy},       {"lists.publish", Role::kLists},   {"root.publish", Role::kRoot},
    {"root.publish", Role::kPolicy},        {"exception.publish", Role::kException},
    {"lists.delta", Role::kPolicy},         {"lists.delta", Role::kLists},
    {"changes.list", Role::kPolicy},        {"changes.list", Role::kSafeguarding}, {"changes.list", Role::kRoot},
    {"exceptions.list", Role::kException},  {"exceptions.list", Role::kPolicy}, {"exceptions.list", Role::kSafeguarding},
    {"policy.current", Role::kPolicy},      {"policy.current", Role::kException}, {"policy.current", Role::kSafeguarding},
    {"device.record", Role::kPolicy},       {"device.record", Role::kLock},    {"device.record", Role::kWipe},
    {"order.publish", Role::kLock},         {"order.publish", Role::kWipe},
    {"orders.list", Role::kLock},           {"orders.list", Role::kWipe},      {"orders.list", Role::kPolicy},
    {"devices.list", Role::kLock},          {"devices.list", Role::kWipe},     {"wipe.record", Role::kPolicy},
    {"wipe.record", Role::kWipe},           {"wipe.record", Role::kSafeguarding},
    {"roots.list", Role::kRoot},            {"roots.list", Role::kPolicy},     {"roots.list", Role::kSafeguarding},
    {"roots.list", Role::kLists},           {"roots.list", Role::kLock},       {"roots.list", Role::kWipe},
    {"roots.list", Role::kException},       {"events.rewrap", Role::kSafeguarding},
    {"evidence.batches", Role::kSafeguarding}, {"evidence.open", Role::kSafeguarding}, {"hold.add", Role::kSafeguarding},
    {"hold.lift", Role::kSafeguarding},     {"holds.list", Role::kSafeguarding},
    {"audit.list", Role::kSafeguarding},    {"audit.list", Role::kRoot},
};

Result<StaffRequest> parse_fields(ByteView payload) {
  TRY(json, parse_object_v1(payload, kMaxEnvelopeBytes));
  TRY(school, json.hex_array_at<32>("school"));
  TRY(action, text_at(json, "action", 48));
  TRY_DONE(json.object_at("arguments"));
  TRY(nonce, json.hex_array_at<16>("nonce"));
  TRY(time, number_at(json, "time"));
  return StaffRequest{school, std::move(action), json["arguments"], to_hex(nonce), time};
}

KeyRing ring_for(const Root& root, const std::vector<Role>& roles) {
  KeyRing ring;
  for (const Role role : roles) ring.merge(role_ring(root, role));
  return ring;
}

// Every key that could ask anything.
KeyRing staff_ring(const Root& root) {
  return ring_for(root, {Role::kPolicy, Role::kSafeguarding, Role::kLists, Role::kRoot, Role::kException, Role::kLock, Role::kWipe});
}

}  // namespace

Bytes make_staff_payload(const StaffRequest& request) {
  return to_bytes(Json(Json::Object{{"v", 1},
                                    {"school", to_hex(request.school)},
                                    {"action", request.action},
                                    {"arguments", request.arguments},
                                    {"nonce", request.nonce},
                                    {"time", request.time}})
                      .dump());
}

Result<StaffRequest> parse_staff_request(ByteView payload) { return in_check(Check::kStaffForm, parse_fields(payload)); }

Result<std::vector<Role>> roles_for_action(std::string_view action) {
  std::vector<Role> roles;
  for (const Permission& permission : kPermissions) {
    if (permission.action == action) roles.push_back(permission.role);
  }
  if (roles.empty()) return make_error(ErrorCode::kNotFound, "no action \"" + std::string(action) + "\"");
  return roles;
}

Result<OpenedStaffRequest> open_staff_request(const RawBlob& blob, const VerifiedRoot& root, UnixSeconds now) {
  TRY(opened, open_envelope(blob.bytes, PayloadType::kStaffRequest, staff_ring(root.root())));
  TRY(request, parse_staff_request(opened.payload));
  if (request.school != root.root().school) return refuse(Check::kStaffSchool);
  if (std::abs(now - request.time) > kStaffRequestSeconds) return refuse(Check::kStaffFresh);
  TRY(roles, roles_for_action(request.action));
  const KeyRing allowed = ring_for(root.root(), roles);
  for (const KeyId& signer : opened.signers) {
    if (allowed.contains(signer)) return OpenedStaffRequest{std::move(request), signer, root.root().keys.at(signer).holder};
  }
  return refuse(Check::kStaffRole, request.action);
}

}  // namespace caretaker::sync
