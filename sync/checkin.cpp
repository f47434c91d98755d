// The bodies of POST /v1/checkin; see sync/batch.h.
#include <charconv>

#include "sync/batch.h"
#include "sync/checks.h"
#include "sync/fields.h"

namespace caretaker::sync {
namespace {

constexpr std::int64_t kMaxInterval = 86'400;

// Decimal without leading zeros, so that no two keys mean one number.
Result<std::uint64_t> parse_seq(std::string_view text) {
  std::uint64_t seq = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seq);
  if (error != std::errc() || end != text.data() + text.size() || std::to_string(seq) != text || seq > kMaxSeq) {
    return make_error(ErrorCode::kInvalidInput, "\"sealed\" has a key that is no seq");
  }
  return seq;
}

Result<CheckinRequest> parse_request(ByteView body, std::size_t max_bytes) {
  TRY(json, parse_object_v1(body, max_bytes));
  CheckinRequest request;
  TRY(certificate, blob_at(json, "certificate", kMaxEnvelopeBytes));
  TRY(batch, blob_at(json, "batch", kMaxEnvelopeBytes));
  TRY(last_receipt, optional_blob_at(json, "last_receipt", kMaxEnvelopeBytes));
  TRY(sealed, json.object_at("sealed"));
  if (sealed->size() > kMaxBatchEntries) return make_error(ErrorCode::kInvalidInput, "\"sealed\" has too many members");
  for (const auto& [key, value] : *sealed) {
    TRY(seq, parse_seq(key));
    TRY(details, parse_sealed(value));
    request.sealed.emplace(seq, std::move(details));
  }
  request.certificate = std::move(certificate);
  request.batch = std::move(batch);
  request.last_receipt = std::move(last_receipt);
  return request;
}

Result<ChainHead> parse_head(const Json& json) {
  TRY(seq, number_at(json, "seq", kMaxSeq));
  TRY(link, json.hex_array_at<32>("link"));
  return ChainHead{static_cast<std::uint64_t>(seq), link};
}

Result<std::optional<ChainHead>> parse_expected(const Json& json) {
  if (json.is_null()) return std::optional<ChainHead>();
  TRY(head, parse_head(json));
  return std::optional<ChainHead>(head);
}

Result<std::vector<EpochPlace>> parse_missing(const Json& answer) {
  std::vector<EpochPlace> out;
  if (answer["missing"].is_null()) return out;
  TRY(places, answer.array_at("missing"));
  if (places->size() > kMaxMissing) return make_error(ErrorCode::kTooLarge, "\"missing\" names too many epochs");
  for (const Json& place : *places) {
    TRY(epoch, place.hex_array_at<16>("epoch"));
    TRY(head, parse_head(place));
    out.push_back({epoch, head});
  }
  return out;
}

Result<std::vector<Bytes>> parse_letters(const Json& answer) {
  if (answer["letters"].is_null()) return std::vector<Bytes>();
  return blobs_at(answer, "letters", kMaxLetters, kMaxLetterBytes);
}

Json::Object head_json(const ChainHead& head) { return {{"seq", head.seq}, {"link", to_hex(head.link)}}; }

Result<CheckinAnswer> parse_answer(ByteView body) {
  TRY(json, parse_object_v1(body, kMaxAnswerBytes, kMaxAnswerValues));
  TRY(receipt, optional_blob_at(json, "receipt", kMaxEnvelopeBytes));
  TRY(roots, blobs_at(json, "roots", kMaxAnswerRoots, kMaxEnvelopeBytes));
  TRY(policy, optional_blob_at(json, "policy", kMaxEnvelopeBytes));
  TRY(lists, optional_blob_at(json, "lists", kMaxEnvelopeBytes));
  TRY(letters, parse_letters(json));
  TRY(interval, number_at(json, "interval_s", kMaxInterval, 1));
  TRY(more, json.bool_at("more"));
  TRY(expected, parse_expected(json["expected"]));
  TRY(missing, parse_missing(json));
  TRY(problem, text_at(json, "problem", 48));
  std::string mark;
  if (!json["mark"].is_null()) {
    TRY(named, text_at(json, "mark", kMaxMark));
    mark = std::move(named);
  }
  return CheckinAnswer{std::move(receipt), std::move(roots), std::move(policy), std::move(lists), std::move(letters),
                       static_cast<std::uint32_t>(interval), more, expected, std::move(missing), std::move(problem), std::move(mark)};
}

}  // namespace

Bytes make_checkin_request(const CheckinRequest& request) {
  Json::Object sealed;
  for (const auto& [seq, details] : request.sealed) sealed[std::to_string(seq)] = sealed_json(details);
  Json::Object json{{"v", 1},
                    {"certificate", to_base64(request.certificate)},
                    {"batch", to_base64(request.batch)},
                    {"sealed", std::move(sealed)}};
  if (!request.last_receipt.empty()) json["last_receipt"] = to_base64(request.last_receipt);
  return to_bytes(Json(std::move(json)).dump());
}

Result<CheckinRequest> parse_checkin_request(ByteView body, std::size_t max_bytes) {
  return in_check(Check::kRequestForm, parse_request(body, max_bytes));
}

Bytes make_checkin_answer(const CheckinAnswer& answer) {
  Json::Array roots;
  for (const Bytes& root : answer.roots) roots.push_back(to_base64(root));
  Json::Array letters;
  for (const Bytes& letter : answer.letters) letters.push_back(to_base64(letter));
  Json::Object json{{"v", 1},
                    {"roots", std::move(roots)},
                    {"interval_s", answer.interval_s},
                    {"more", answer.more},
                    {"problem", answer.problem}};
  if (!answer.receipt.empty()) json["receipt"] = to_base64(answer.receipt);
  if (!answer.policy.empty()) json["policy"] = to_base64(answer.policy);
  if (!answer.lists.empty()) json["lists"] = to_base64(answer.lists);
  if (!letters.empty()) json["letters"] = std::move(letters);
  if (!answer.mark.empty()) json["mark"] = answer.mark;
  if (answer.expected) json["expected"] = head_json(*answer.expected);
  Json::Array missing;
  for (const EpochPlace& place : answer.missing) {
    Json::Object named = head_json(place.head);
    named["epoch"] = to_hex(place.epoch);
    missing.push_back(std::move(named));
  }
  if (!missing.empty()) json["missing"] = std::move(missing);
  return to_bytes(Json(std::move(json)).dump());
}

Result<CheckinAnswer> parse_checkin_answer(ByteView body) { return in_check(Check::kAnswerForm, parse_answer(body)); }

}  // namespace caretaker::sync
