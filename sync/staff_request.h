// A request by one of the school's people to the server: signed by their key, good once and for five minutes.
// PROTOCOL.md, "Staff requests". POST /v1/staff with the envelope as body. Pure; any thread.
//
//   action          arguments                                answer, status 200
//   token.new       {"token_hash": hex}                      {"expires": time}
//   devices.list    {}                                       {"devices": [{"device": hex, "label", "hardware": {"dmi_uuid",
//                                                            "board_serial"}, "enrolled": time, "last_seen": time or 0,
//                                                            "epoch": hex or "", "seq", "state": {..}, "problem",
//                                                            "holes": ranges of events that are missing,
//                                                            "quarantined": batches kept that did not fit}]}
//   device.record   {"device": hex}                          {"enrolment": base64, empty: nobody kept it}
//   events.list     {"after": id, "limit": 1-500,            {"events": [{"id", "device": hex, "label", "epoch": hex, "from",
//                    "device"?: hex}                         "to", "received": time, "body": base64 (absent in a stub),
//                                                            "sealed"?: {"ciphertext", "keys"}}], "more": bool}
//   policy.publish  {"envelope": base64}                     {"version"}
//   lists.publish   {"envelope": base64}                     {"version", "file": hex, "upload": bool}  true: POST /v1/set/<hex>
//   lists.delta     {"base": hex, "file": hex,               {"upload": bool}  true: POST /v1/set/<hex of the delta>
//                    "delta": hex, "size": n}
//   root.publish    {"envelope": base64}                     {"version"}
//   exception.publish {"envelope": base64}                   {"letter": hex}
//   exceptions.list {}                                       {"exceptions": [{"letter": hex, "envelope": base64, "published": time,
//                                                            "taken": devices, "refused": {check: devices}}]}
//   changes.list    {"after": number}                        {"changes": [{"number", "time", "kind", "envelope": base64, "link": hex}],
//                                                            "more": bool}
//   policy.current  {}                                       {"version": n or 0, "envelope": base64 (absent before the first)}
//   roots.list      {"after": version}                       {"roots": [base64, ...]}  in order, a few at a time; none: no more
//   events.rewrap   {"keys": [{"event": id, "recipient":      {"added": n, "left": n}
//                    hex, "wrapped": base64}, ...]}
//   evidence.batches {"device": hex, "epoch": hex, "from",   {"certificate": base64, "label", "batches": [base64, ...],
//                    "to"}                                   "receipts": [base64, ...], "last": seq of the last batch's end, "more": bool}
//   evidence.open   {"device": hex, "epoch": hex,            {"sealed": {seq: {"ciphertext", "keys"}}}
//                    "records": [1-64 seqs]}
//   hold.add        {"device": hex, "epoch"?: hex, "from",   {"hold": number}  without an epoch: all books of the device, also
//                    "to", "reason"}                         those to come, and neither "from" nor "to"
//   hold.lift       {"hold": number, "reason"}               {}
//   holds.list      {}                                       {"holds": [{"hold", "device": hex, "label", "epoch": hex or "", "from", "to", "made": time,
//                                                            "by", "reason", "lifted": time or 0, "lifted_by", "lifted_why"}]}
//   audit.list      {"after": number}                        {"entries": [{"number", "time", "by": key id and holder, "action", "outcome",
//                                                            "request": base64 (empty: too large), "request_hash": hex, "link": hex (both
//                                                            absent in entries from before there were links)}], "more": bool}
// epoch and seq: where the server stands in the device's newest book. Refused: status 4xx or 5xx and {"error": name of an
// ErrorCode, "message"}: 400 invalid-input, 401 unauthentic, 403 permission-denied, 404 not-found, 409 conflict and stale,
// 413 too-large, 503 unavailable.
#pragma once

#include "platform/base/json.h"
#include "sync/root.h"

namespace caretaker::sync {

// Payload of kStaffRequest: {v, school, action, arguments, nonce, time}.
struct StaffRequest {
  SchoolId school{};
  std::string action;  // "token.new", "devices.list", "events.list", "policy.publish", "lists.publish", "root.publish", ...
  Json arguments;
  std::string nonce;   // 16 random bytes in hex
  UnixSeconds time = 0;
};
[[nodiscard]] Bytes make_staff_payload(const StaffRequest& request);
[[nodiscard]] Result<StaffRequest> parse_staff_request(ByteView payload);

// The roles that may ask for an action, one is enough; kNotFound for an action that does not exist.
[[nodiscard]] Result<std::vector<Role>> roles_for_action(std::string_view action);

struct OpenedStaffRequest {
  StaffRequest request;
  KeyId signer;
  std::string holder;  // of the signer's key, for the audit
};
// Every check of a staff request but one: that the nonce has not been used is the server's to know.
[[nodiscard]] Result<OpenedStaffRequest> open_staff_request(const RawBlob& blob, const VerifiedRoot& root, UnixSeconds now);

}  // namespace caretaker::sync
