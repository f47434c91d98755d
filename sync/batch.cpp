#include "sync/batch.h"

#include "sync/checks.h"
#include "sync/fields.h"

namespace caretaker::sync {
namespace {

constexpr std::string_view kEventType = "caretaker.event.v1";
constexpr std::string_view kStubType = "caretaker.stub.v1";
constexpr std::size_t kSealedKeySize = 80;  // K_1 in crypto_box_seal

std::string event_id(const Batch& batch, std::uint64_t seq) { return to_hex(batch.epoch) + "-" + std::to_string(seq); }
std::string event_source(const Batch& batch) { return "urn:caretaker:device:" + to_hex(batch.device); }

// One CloudEvents 1.0 object.
Json entry_json(const Batch& batch, const ChainEntry& entry) {
  Json::Object json{{"specversion", "1.0"},
                    {"id", event_id(batch, entry.to)},
                    {"source", event_source(batch)},
                    {"type", entry.is_stub() ? kStubType : kEventType},
                    {"seq", entry.to},
                    {"tag", to_hex(entry.tag)}};
  if (entry.is_stub()) {
    json["from"] = entry.from;
    json["link"] = to_hex(entry.link);
  } else {
    json["datacontenttype"] = "application/json";
    json["data_base64"] = to_base64(entry.body);
    if (entry.sealed) json["sealedhash"] = to_hex(*entry.sealed);
  }
  return json;
}

Status expect_text(const Json& json, std::string_view key, std::string_view expected) {
  TRY(text, json.string_at(key));
  if (text == expected) return ok();
  return make_error(ErrorCode::kInvalidInput, "\"" + std::string(key) + "\" is not \"" + std::string(expected) + "\"");
}

Result<ChainEntry> parse_entry(const Batch& batch, const Json& json) {
  TRY_DONE(expect_text(json, "specversion", "1.0"));
  TRY(type, json.string_at("type"));
  TRY(seq, number_at(json, "seq", kMaxSeq, 1));
  ChainEntry entry;
  entry.from = entry.to = static_cast<std::uint64_t>(seq);
  TRY_DONE(expect_text(json, "id", event_id(batch, entry.to)));
  TRY_DONE(expect_text(json, "source", event_source(batch)));
  TRY(tag, json.hex_array_at<32>("tag"));
  entry.tag = tag;
  if (type == kStubType) {
    TRY(from, number_at(json, "from", seq, 1));
    TRY(link, json.hex_array_at<32>("link"));
    entry.from = static_cast<std::uint64_t>(from);
    entry.link = link;
    return entry;
  }
  if (type != kEventType) return make_error(ErrorCode::kInvalidInput, "neither an event nor a stub");
  TRY(body, blob_at(json, "data_base64", kMaxEventBody));
  if (body.empty()) return make_error(ErrorCode::kInvalidInput, "an empty body");
  entry.body = std::move(body);
  if (json["sealedhash"].is_null()) return entry;
  TRY(sealed, json.hex_array_at<32>("sealedhash"));
  entry.sealed = sealed;
  return entry;
}

Status parse_entries(Batch& batch, const Json& json) {
  TRY(events, json.array_at("events"));
  if (events->size() > kMaxBatchEntries) return make_error(ErrorCode::kInvalidInput, "too many events");
  for (const Json& event : *events) {
    TRY(entry, parse_entry(batch, event));
    batch.entries.push_back(std::move(entry));
  }
  return ok();
}

Json head_json(const ChainHead& head) { return Json::Object{{"seq", head.seq}, {"link", to_hex(head.link)}}; }

Result<ChainHead> parse_head(const Json& json) {
  TRY(seq, number_at(json, "seq", kMaxSeq));
  TRY(link, json.hex_array_at<32>("link"));
  return ChainHead{static_cast<std::uint64_t>(seq), link};
}

Json epoch_start_json(const EpochStart& start) {
  Json::Object json{{"sealed_key", to_base64(start.sealed_key)}, {"reason", start.reason}};
  if (start.previous) {
    json["previous"] = to_hex(*start.previous);
    json["previous_head"] = head_json(start.previous_head);
  }
  return json;
}

Result<EpochStart> parse_epoch_start(const Json& json) {
  EpochStart start;
  TRY(sealed_key, blob_at(json, "sealed_key", kSealedKeySize));
  TRY(reason, text_at(json, "reason", 48));
  if (sealed_key.size() != kSealedKeySize) return make_error(ErrorCode::kInvalidInput, "\"sealed_key\" has a wrong size");
  start.sealed_key = std::move(sealed_key);
  start.reason = std::move(reason);
  if (json["previous"].is_null()) return start;
  TRY(previous, json.hex_array_at<16>("previous"));
  TRY(head, parse_head(json["previous_head"]));
  start.previous = previous;
  start.previous_head = head;
  return start;
}

Result<Batch> parse_fields(ByteView payload) {
  TRY(json, parse_object_v1(payload, kMaxCheckinBytes));
  Batch batch;
  TRY(school, json.hex_array_at<32>("school"));
  TRY(device, json.hex_array_at<32>("device"));
  TRY(epoch, json.hex_array_at<16>("epoch"));
  TRY(seq_from, number_at(json, "seq_from", kMaxSeq + 1, 1));
  TRY(seq_to, number_at(json, "seq_to", kMaxSeq));
  TRY(prev, json.hex_array_at<32>("prev"));
  TRY(head, json.hex_array_at<32>("head"));
  TRY_DONE(text_at(json["state"], "nonce", 64));
  batch.school = school;
  batch.device = device;
  batch.epoch = epoch;
  batch.seq_from = static_cast<std::uint64_t>(seq_from);
  batch.seq_to = static_cast<std::uint64_t>(seq_to);
  batch.prev = prev;
  batch.head = head;
  batch.state = json["state"];
  TRY_DONE(parse_entries(batch, json));
  if (json["epoch_start"].is_null()) return batch;
  TRY(start, parse_epoch_start(json["epoch_start"]));
  batch.epoch_start = std::move(start);
  return batch;
}

Status check_sequence(const Batch& batch) {
  std::uint64_t next = batch.seq_from;
  for (const ChainEntry& entry : batch.entries) {
    if (entry.from != next) return refuse(Check::kBatchSequence, "seq " + std::to_string(entry.from));
    next = entry.to + 1;
  }
  if (next != batch.seq_to + 1) return refuse(Check::kBatchSequence, "seq_to");
  if (batch.entries.empty() && batch.prev != batch.head) return refuse(Check::kBatchSequence, "head");
  if (batch.seq_from == 1 && !batch.epoch_start) return refuse(Check::kBatchEpochStart);
  return ok();
}

Result<Receipt> parse_receipt_fields(ByteView payload) {
  TRY(json, parse_object_v1(payload, 4096));
  Receipt receipt;
  TRY(school, json.hex_array_at<32>("school"));
  TRY(device, json.hex_array_at<32>("device"));
  TRY(epoch, json.hex_array_at<16>("epoch"));
  TRY(head, parse_head(json["head"]));
  TRY(nonce, text_at(json, "nonce", 64));
  TRY(time, number_at(json, "time"));
  receipt = {school, device, epoch, head, std::move(nonce), time, {}};
  if (json["problem"].is_null()) return receipt;
  TRY(problem, text_at(json, "problem", 48));
  receipt.problem = std::move(problem);
  return receipt;
}

}  // namespace

Bytes make_batch_payload(const Batch& batch) {
  Json::Array events;
  for (const ChainEntry& entry : batch.entries) events.push_back(entry_json(batch, entry));
  Json::Object json{{"v", 1},
                    {"school", to_hex(batch.school)},
                    {"device", to_hex(batch.device)},
                    {"epoch", to_hex(batch.epoch)},
                    {"seq_from", batch.seq_from},
                    {"seq_to", batch.seq_to},
                    {"prev", to_hex(batch.prev)},
                    {"head", to_hex(batch.head)},
                    {"state", batch.state},
                    {"events", std::move(events)}};
  if (batch.epoch_start) json["epoch_start"] = epoch_start_json(*batch.epoch_start);
  return to_bytes(Json(std::move(json)).dump());
}

Result<Batch> parse_batch(ByteView payload) {
  TRY(batch, in_check(Check::kBatchForm, parse_fields(payload)));
  TRY_DONE(check_sequence(batch));
  return batch;
}

Result<Batch> open_batch(const RawBlob& blob, const DeviceCertificate& certificate) {
  const KeyRing ring{{key_id(certificate.device_key), certificate.device_key}};
  TRY(opened, open_envelope(blob.bytes, PayloadType::kBatch, ring));
  TRY(batch, parse_batch(opened.payload));
  if (batch.device != certificate.device || batch.school != certificate.school) return refuse(Check::kBatchOwner);
  return batch;
}

Bytes make_receipt_payload(const Receipt& receipt) {
  Json::Object json{{"v", 1},
                    {"school", to_hex(receipt.school)},
                    {"device", to_hex(receipt.device)},
                    {"epoch", to_hex(receipt.epoch)},
                    {"head", head_json(receipt.head)},
                    {"nonce", receipt.nonce},
                    {"time", receipt.time}};
  if (!receipt.problem.empty()) json["problem"] = receipt.problem;
  return to_bytes(Json(std::move(json)).dump());
}

Result<Receipt> parse_receipt(ByteView payload) { return in_check(Check::kReceiptForm, parse_receipt_fields(payload)); }

Result<Receipt> open_receipt(const RawBlob& blob, const VerifiedRoot& root, const DeviceId& device) {
  TRY(opened, open_envelope(blob.bytes, PayloadType::kReceipt, role_ring(root.root(), Role::kReceipts)));
  TRY(receipt, parse_receipt(opened.payload));
  if (receipt.device != device || receipt.school != root.root().school) return refuse(Check::kReceiptOwner);
  return receipt;
}

}  // namespace caretaker::sync
