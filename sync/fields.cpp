#include "sync/fields.h"

namespace caretaker::sync {
namespace {

constexpr std::size_t kMaxDepth = 16;

Error out_of_range(std::string_view key, std::int64_t least, std::int64_t most) {
  return make_error(ErrorCode::kInvalidInput, "\"" + std::string(key) + "\" is not between " + std::to_string(least) +
                                                  " and " + std::to_string(most));
}

Error too_long(std::string_view key, std::size_t max_size) {
  return make_error(ErrorCode::kInvalidInput,
                    "\"" + std::string(key) + "\" is longer than " + std::to_string(max_size) + " bytes");
}

}  // namespace

Result<Json> parse_object_v1(ByteView bytes, std::size_t max_bytes, std::size_t max_values) {
  TRY(json, parse_json(as_text(bytes), {max_bytes, kMaxDepth, max_values}));
  if (json.as_object() == nullptr) return make_error(ErrorCode::kInvalidInput, "not a JSON object");
  TRY(version, json.int_at("v"));
  if (version != 1) return make_error(ErrorCode::kUnsupported, "version " + std::to_string(version) + " of the format");
  return json;
}

Result<std::int64_t> number_at(const Json& object, std::string_view key, std::int64_t most, std::int64_t least) {
  TRY(value, object.int_at(key));
  if (value < least || value > most) return out_of_range(key, least, most);
  return value;
}

Result<std::string> text_at(const Json& object, std::string_view key, std::size_t max_size) {
  TRY(text, object.string_at(key));
  if (text.size() > max_size) return too_long(key, max_size);
  return text;
}

Result<Bytes> blob_at(const Json& object, std::string_view key, std::size_t max_size) {
  TRY(bytes, object.base64_at(key));
  if (bytes.size() > max_size) return too_long(key, max_size);
  return bytes;
}

Result<Bytes> optional_blob_at(const Json& object, std::string_view key, std::size_t max_size) {
  if (object[key].is_null()) return Bytes{};
  return blob_at(object, key, max_size);
}

Result<std::vector<Bytes>> blobs_at(const Json& object, std::string_view key, std::size_t max_count,
                                    std::size_t max_size) {
  TRY(items, object.array_at(key));
  if (items->size() > max_count) {
    return make_error(ErrorCode::kInvalidInput, "\"" + std::string(key) + "\" has more than " + std::to_string(max_count) + " members");
  }
  std::vector<Bytes> blobs;
  for (const Json& item : *items) {
    TRY(blob, blob_at(Json(Json::Object{{std::string(key), item}}), key, max_size));
    blobs.push_back(std::move(blob));
  }
  return blobs;
}

}  // namespace caretaker::sync
