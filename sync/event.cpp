#include "sync/event.h"

#include <algorithm>
#include <array>

#include "sync/checks.h"
#include "sync/fields.h"

namespace caretaker::sync {
namespace {

constexpr std::array<std::string_view, 4> kSeverities = {"info", "low", "medium", "high"};

Result<Severity> parse_severity(std::string_view name) {
  const auto found = std::find(kSeverities.begin(), kSeverities.end(), name);
  if (found == kSeverities.end()) return make_error(ErrorCode::kInvalidInput, "no such severity");
  return static_cast<Severity>(found - kSeverities.begin());
}

// Lower-case letters, digits, '.' and '-'.
bool is_kind(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
  });
}

Result<std::optional<Hash>> optional_hash_at(const Json& json, std::string_view key) {
  if (json[key].is_null()) return std::optional<Hash>();
  TRY(value, json.hex_array_at<32>(key));
  return std::optional<Hash>(value);
}

Result<EventBody> parse_body(ByteView bytes) {
  TRY(json, parse_object_v1(bytes, kMaxEventBody));
  TRY(kind, text_at(json, "kind", 48));
  TRY(time, number_at(json, "time"));
  TRY(severity_text, json.string_at("severity"));
  TRY(severity, parse_severity(severity_text));
  TRY(rule, text_at(json, "rule"));
  TRY(count, number_at(json, "count", UINT32_MAX, 1));
  TRY(sealed, optional_hash_at(json, "sealed"));
  TRY(commitment, optional_hash_at(json, "key"));
  if (!is_kind(kind)) return make_error(ErrorCode::kInvalidInput, "\"kind\" has other characters than a-z 0-9 . -");
  if (sealed.has_value() != commitment.has_value()) {
    return make_error(ErrorCode::kInvalidInput, "\"sealed\" and \"key\" belong together");
  }
  return EventBody{kind, time, severity, rule, static_cast<std::uint32_t>(count), sealed, commitment};
}

}  // namespace

std::string_view severity_name(Severity severity) { return kSeverities[static_cast<std::size_t>(severity)]; }

Bytes make_event_body(const EventBody& body) {
  Json::Object json{{"v", 1},
                    {"kind", body.kind},
                    {"time", body.time},
                    {"severity", severity_name(body.severity)},
                    {"rule", body.rule},
                    {"count", body.count}};
  if (body.sealed) json["sealed"] = to_hex(*body.sealed);
  if (body.key_commitment) json["key"] = to_hex(*body.key_commitment);
  return to_bytes(Json(std::move(json)).dump());
}

Result<EventBody> parse_event_body(ByteView bytes) { return in_check(Check::kBodyForm, parse_body(bytes)); }

}  // namespace caretaker::sync
