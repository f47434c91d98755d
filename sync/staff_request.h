// A request by one of the school's people to the server: signed by their key, good once and for five minutes.
// PROTOCOL.md, "Staff requests". POST /v1/staff with the envelope as body. Pure; any thread.
#pragma once

#include "platform/base/json.h"
#include "sync/root.h"

namespace caretaker::sync {

// Payload of kStaffRequest: {v, school, action, arguments, nonce, time}.
struct StaffRequest {
  SchoolId school{};
  std::string action;  // "token.new", "devices.list", "events.list", "policy.publish", "lists.publish", "root.publish"
  Json arguments;
  std::string nonce;   // 16 random bytes in hex
  UnixSeconds time = 0;
};
[[nodiscard]] Bytes make_staff_payload(const StaffRequest& request);
[[nodiscard]] Result<StaffRequest> parse_staff_request(ByteView payload);

// The role that an action asks for; kNotFound for an action that does not exist.
[[nodiscard]] Result<Role> role_for_action(std::string_view action);

}  // namespace caretaker::sync
