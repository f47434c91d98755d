#include "platform/base/json.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <simdjson.h>
#include <utility>

namespace caretaker {
namespace {

Error too_many(const JsonLimits& limits) {
  return make_error(ErrorCode::kInvalidInput, "more than " + std::to_string(limits.max_values) + " values");
}

// Before the parser takes memory for them: a value has at most three of these bytes for itself, as in `,"a":{}`.
bool has_too_many(std::string_view text, const JsonLimits& limits) {
  const auto count = [text](char wanted) {
    std::size_t found = 0;
    for (auto at = text.find(wanted); at != std::string_view::npos; at = text.find(wanted, at + 1)) ++found;
    return found;
  };
  if ((count(',') + count(':') + count('[') + count('{')) / 3 <= limits.max_values) return false;  // those in strings too
  std::size_t separators = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') in_string = !in_string;
    else if (c == '\\') ++i;
    else if (!in_string && (c == ',' || c == ':' || c == '[' || c == '{')) ++separators;
  }
  return separators / 3 > limits.max_values;
}

Error too_deep(const JsonLimits& limits) {
  return make_error(ErrorCode::kInvalidInput, "nested deeper than " + std::to_string(limits.max_depth));
}

// The parser's values as ours. Its own limit on depth bounds the recursion here, but does not count what is empty.
class Builder {
 public:
  explicit Builder(const JsonLimits& limits) : limits_(limits), left_(limits.max_values) {}

  Result<Json> build(simdjson::dom::element value, std::size_t depth = 0) {
    using simdjson::dom::element_type;
    if (left_ == 0) return too_many(limits_);
    --left_;
    switch (value.type()) {
      case element_type::ARRAY: return build_array(value.get_array().value_unsafe(), depth + 1);
      case element_type::OBJECT: return build_object(value.get_object().value_unsafe(), depth + 1);
      case element_type::INT64: return Json(value.get_int64().value_unsafe());
      case element_type::UINT64: return Json(static_cast<double>(value.get_uint64().value_unsafe()));
      case element_type::DOUBLE: return Json(value.get_double().value_unsafe());
      case element_type::STRING: return Json(value.get_string().value_unsafe());
      case element_type::BOOL: return Json(value.get_bool().value_unsafe());
      case element_type::NULL_VALUE: break;
    }
    return Json();
  }

 private:
  Result<Json> build_array(simdjson::dom::array items, std::size_t depth) {
    if (depth > limits_.max_depth) return too_deep(limits_);
    Json::Array out;
    out.reserve(std::min(items.size(), left_));
    for (const simdjson::dom::element item : items) {
      TRY(value, build(item, depth));
      out.push_back(std::move(value));
    }
    return Json(std::move(out));
  }

  Result<Json> build_object(simdjson::dom::object members, std::size_t depth) {
    if (depth > limits_.max_depth) return too_deep(limits_);
    Json::Object out;
    for (const auto& [key, member] : members) {
      TRY(value, build(member, depth));
      if (!out.try_emplace(std::string(key), std::move(value)).second) {
        return make_error(ErrorCode::kInvalidInput, "the key \"" + std::string(key) + "\" stands twice in one object");
      }
    }
    return Json(std::move(out));
  }

  const JsonLimits& limits_;
  std::size_t left_;  // values that may still come
};

nlohmann::json to_nlohmann(const Json& value) {
  if (const auto* v = value.as_bool()) return *v;
  if (const auto* v = value.as_int()) return *v;
  if (const auto* v = value.as_double()) return *v;
  if (const auto* v = value.as_string()) return *v;
  if (const auto* v = value.as_array()) {
    nlohmann::json out = nlohmann::json::array();
    for (const Json& item : *v) out.push_back(to_nlohmann(item));
    return out;
  }
  if (const auto* v = value.as_object()) {
    nlohmann::json out = nlohmann::json::object();
    for (const auto& [key, item] : *v) out[key] = to_nlohmann(item);
    return out;
  }
  return nullptr;
}

// Almost every text we write is hexadecimal, base64 or a word; what needs escaping is the library's.
void write_text(std::string& out, const std::string& text) {
  const bool plain = std::all_of(text.begin(), text.end(), [](unsigned char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; });
  if (plain) out.append(1, '"').append(text).append(1, '"');
  else out += to_nlohmann(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// One line, straight from the value: the library would copy all of it into values of its own first.
void write(std::string& out, const Json& value) {
  if (const auto* text = value.as_string()) return write_text(out, *text);
  if (const auto* number = value.as_int()) return void(out += std::to_string(*number));
  const char* separator = "";
  if (const auto* array = value.as_array()) {
    out += '[';
    for (const Json& item : *array) {
      out += std::exchange(separator, ",");
      write(out, item);
    }
    out += ']';
  } else if (const auto* object = value.as_object()) {
    out += '{';
    for (const auto& [key, item] : *object) {
      out += std::exchange(separator, ",");
      write_text(out, key);
      out += ':';
      write(out, item);
    }
    out += '}';
  } else {
    out += to_nlohmann(value).dump();
  }
}

Error wrong(std::string_view key, const char* expected) {
  return make_error(ErrorCode::kInvalidInput, "\"" + std::string(key) + "\" is not " + expected);
}

}  // namespace

const Json& Json::operator[](std::string_view key) const {
  static const Json null;
  const Object* object = as_object();
  if (object == nullptr) return null;
  const auto found = object->find(key);
  return found == object->end() ? null : found->second;
}

Result<std::string> Json::string_at(std::string_view key) const {
  if (const auto* v = (*this)[key].as_string()) return *v;
  return wrong(key, "a string");
}
Result<std::int64_t> Json::int_at(std::string_view key) const {
  if (const auto* v = (*this)[key].as_int()) return *v;
  return wrong(key, "a whole number");
}
Result<bool> Json::bool_at(std::string_view key) const {
  if (const auto* v = (*this)[key].as_bool()) return *v;
  return wrong(key, "true or false");
}
Result<Bytes> Json::base64_at(std::string_view key) const {
  const std::string* text = (*this)[key].as_string();
  if (text == nullptr) return wrong(key, "a string");
  auto bytes = parse_base64(*text);
  return bytes ? std::move(bytes) : Result<Bytes>(bytes.error().with_context(key));
}
Result<Bytes> Json::hex_at(std::string_view key) const {
  const std::string* text = (*this)[key].as_string();
  if (text == nullptr) return wrong(key, "a string");
  auto bytes = parse_hex(*text);
  return bytes ? std::move(bytes) : Result<Bytes>(bytes.error().with_context(key));
}
Result<const Json::Array*> Json::array_at(std::string_view key) const {
  if (const auto* v = (*this)[key].as_array()) return v;
  return wrong(key, "an array");
}
Result<const Json::Object*> Json::object_at(std::string_view key) const {
  if (const auto* v = (*this)[key].as_object()) return v;
  return wrong(key, "an object");
}

std::string Json::dump(int indent) const {
  if (indent >= 0) return to_nlohmann(*this).dump(indent, ' ', false, nlohmann::json::error_handler_t::replace);
  std::string out;
  write(out, *this);
  return out;
}

Result<Json> parse_json(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.max_bytes) {
    return make_error(ErrorCode::kTooLarge, "JSON of " + std::to_string(text.size()) + " bytes, at most " +
                                                std::to_string(limits.max_bytes) + " are taken");
  }
  if (text.empty()) return make_error(ErrorCode::kInvalidInput, "not JSON: nothing");
  if (has_too_many(text, limits)) return too_many(limits);
  simdjson::dom::parser parser;
  if (parser.allocate(text.size(), limits.max_depth + 1)) return make_error(ErrorCode::kFull, "no memory for this JSON");
  const auto parsed = parser.parse(text.data(), text.size());
  if (parsed.error() == simdjson::DEPTH_ERROR) return too_deep(limits);
  if (parsed.error()) return make_error(ErrorCode::kInvalidInput, std::string("not JSON: ") + simdjson::error_message(parsed.error()));
  return Builder(limits).build(parsed.value_unsafe());
}

}  // namespace caretaker
