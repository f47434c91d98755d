#include "sync/exception.h"

#include <algorithm>

#include "sync/checks.h"
#include "sync/fields.h"

namespace caretaker::sync {
namespace {

constexpr std::int64_t kMaxLesson = 86'400;

bool is_plain_name(const std::string& name) {
  return !name.empty() && name.size() <= 253 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  });
}

Result<Exception> parse_fields(ByteView payload) {
  TRY(json, parse_object_v1(payload, kMaxLetterBytes));
  Exception out;
  TRY(head, parse_letter_head(json));
  out.head = head;
  if (!json["closes"].is_null()) {
    TRY(closes, json.hex_array_at<16>("closes"));
    out.closes = closes;
    return out;
  }
  TRY(name, text_at(json, "name"));
  TRY(group, text_at(json, "for"));
  TRY(from, number_at(json, "from"));
  if (!is_plain_name(name)) return make_error(ErrorCode::kInvalidInput, "\"name\" is not the name of a site");
  if (group.empty()) return make_error(ErrorCode::kInvalidInput, "\"for\" is empty");
  if (from < head.issued || from >= head.until || head.until - from > kMaxLesson) {
    return make_error(ErrorCode::kInvalidInput, "\"from\" must lie between issued and until, and at most a day before until");
  }
  out.name = std::move(name);
  out.group = std::move(group);
  out.from = from;
  return out;
}

}  // namespace

Bytes make_exception_payload(const Exception& exception) {
  Json::Object json = letter_head_json(exception.head);
  json["nonce"] = to_hex(random_array<8>());  // the same again is another letter
  if (exception.closes) {
    json["closes"] = letter_name(*exception.closes);
  } else {
    json["name"] = exception.name;
    json["for"] = exception.group;
    json["from"] = exception.from;
  }
  return to_bytes(Json(std::move(json)).dump());
}

Result<Exception> parse_exception(ByteView payload) { return in_check(Check::kExceptionForm, parse_fields(payload)); }

Result<OpenedException> open_exception(const RawBlob& blob, const VerifiedRoot& root) {
  TRY(opened, open_envelope(blob.bytes, PayloadType::kException, role_ring(root.root(), Role::kException), kMaxLetterBytes));
  if (auto enough = check_role(root.root(), Role::kException, opened.signers); !enough) return refuse(Check::kExceptionSigners);
  TRY(exception, parse_exception(opened.payload));
  if (exception.head.school != root.root().school) return refuse(Check::kLetterSchool);
  return OpenedException{std::move(exception), letter_id(opened.payload), std::move(opened.signers)};
}

}  // namespace caretaker::sync
