// What a device sends and what it gets back. PROTOCOL.md, "Check-in". Pure; any thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "platform/base/json.h"
#include "sync/chain.h"
#include "sync/enrolment.h"
#include "sync/event.h"

namespace caretaker::sync {

// How an epoch begins; stands in the batches that start at seq 1, and in any that goes to a server which answered
// "unknown-epoch": it was restored from before the epoch, and opens it again with the same sealed key.
struct EpochStart {
  Bytes sealed_key;  // K_1, crypto_box_seal to the root's server_box
  std::optional<EpochId> previous;
  ChainHead previous_head;  // last known of `previous`
  std::string reason;       // "enrolment", "damage", "rollback", "re-enrolment"
};

// Payload of PayloadType::kBatch: {v, school, device, epoch, seq_from, seq_to, prev, head, state, events, epoch_start?}.
// Each event is a CloudEvents 1.0 object with the body in data_base64; at most kMaxBatchEntries of them. An empty batch has seq_to = seq_from - 1.
struct Batch {
  SchoolId school{};
  DeviceId device{};
  EpochId epoch{};
  std::uint64_t seq_from = 1;
  std::uint64_t seq_to = 0;
  Hash prev{};  // link before seq_from
  Hash head{};  // link after seq_to
  Json state;   // an object {nonce (needed), time, root, policy, lists, hardware, health: [..], agent: version, stale_since?, posture?}
  std::vector<ChainEntry> entries;
  std::optional<EpochStart> epoch_start;
};
[[nodiscard]] Bytes make_batch_payload(const Batch& batch);
[[nodiscard]] Result<Batch> parse_batch(ByteView payload);  // structure and sequence; not the chain
// Signed by the certified device, and naming it and its school. The certificate has been opened before.
[[nodiscard]] Result<Batch> open_batch(const RawBlob& blob, const DeviceCertificate& certificate);

// Payload of PayloadType::kReceipt, signed by the server: everything up to `head` is stored for good.
struct Receipt {
  SchoolId school{};
  DeviceId device{};
  EpochId epoch{};
  ChainHead head;
  std::string nonce;  // the request's own, so that it also proves the server is alive
  UnixSeconds time = 0;
  std::string problem;  // "fork", "overtaken", "chain": why the batch was refused, and nothing after `head` will be taken; "": it was not
};
[[nodiscard]] Bytes make_receipt_payload(const Receipt& receipt);
[[nodiscard]] Result<Receipt> parse_receipt(ByteView payload);
// Signed by the role receipts, for this school and this device. Epoch and nonce are for the caller to compare.
[[nodiscard]] Result<Receipt> open_receipt(const RawBlob& blob, const VerifiedRoot& root, const DeviceId& device);

// Body of POST /v1/checkin. Sealed details stand beside the envelope, by seq.
struct CheckinRequest {
  Bytes certificate;  // envelope, kCertificate
  Bytes batch;        // envelope, kBatch, signed by the device
  std::map<std::uint64_t, SealedDetails> sealed;
  Bytes last_receipt;  // envelope or empty: the device's proof to a server that has forgotten
};
[[nodiscard]] Bytes make_checkin_request(const CheckinRequest& request);
[[nodiscard]] Result<CheckinRequest> parse_checkin_request(ByteView body, std::size_t max_bytes);

// A place in an epoch.
struct EpochPlace {
  EpochId epoch{};
  ChainHead head;
  friend bool operator==(const EpochPlace&, const EpochPlace&) = default;
};

// Its answer. Everything in it is still a raw blob to the device.
struct CheckinAnswer {
  Bytes receipt;              // envelope; empty when nothing could be taken
  std::vector<Bytes> roots;   // envelopes after the one the device has, in order
  Bytes policy;               // envelope or empty
  Bytes lists;                // envelope or empty
  std::vector<Bytes> letters; // envelopes (sync/letter.h), the oldest first
  std::uint32_t interval_s = 900;
  bool more = false;          // the server can take another batch at once
  std::optional<ChainHead> expected;  // where the server stands, when the batch does not fit
  std::vector<EpochPlace> missing;    // earlier epochs that went on after these places, as the device itself has said
  std::string problem;        // "", "fork", "gap", "unknown-epoch", ...
  std::string mark;           // names what the server has to give now (sync/hold.h); empty: it holds no requests
};
[[nodiscard]] Bytes make_checkin_answer(const CheckinAnswer& answer);
[[nodiscard]] Result<CheckinAnswer> parse_checkin_answer(ByteView body);

}  // namespace caretaker::sync
