#include "platform/base/json.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

namespace caretaker {
namespace {

// Builds a Json from the parser's events, and stops it at the depth limit or at a repeated key. Nothing recursive:
// the depth of the input never becomes depth of the stack before it has been checked.
class Builder final : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit Builder(const JsonLimits& limits) : max_depth_(limits.max_depth), max_values_(limits.max_values) {}

  bool null() override { return add(Json()); }
  bool boolean(bool value) override { return add(Json(value)); }
  bool number_integer(number_integer_t value) override { return add(Json(static_cast<std::int64_t>(value))); }
  bool number_unsigned(number_unsigned_t value) override {
    if (value > static_cast<number_unsigned_t>(INT64_MAX)) return add(Json(static_cast<double>(value)));
    return add(Json(static_cast<std::int64_t>(value)));
  }
  bool number_float(number_float_t value, const string_t&) override { return add(Json(value)); }
  bool string(string_t& value) override { return add(Json(std::move(value))); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(true); }
  bool start_array(std::size_t) override { return open(false); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& value) override {
    open_.back().key = std::move(value);
    if (!open_.back().object.contains(open_.back().key)) return true;
    error = "the key \"" + open_.back().key + "\" stands twice in one object";
    return false;
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    error = "not JSON at byte " + std::to_string(position);
    return false;
  }

  Json root;
  std::string error;

 private:
  struct Open {
    bool is_object;
    std::string key;
    Json::Object object;
    Json::Array array;
  };

  bool open(bool is_object) {
    if (open_.size() >= max_depth_) {
      error = "nested deeper than " + std::to_string(max_depth_);
      return false;
    }
    open_.push_back({is_object, {}, {}, {}});
    return true;
  }
  bool close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    return add(done.is_object ? Json(std::move(done.object)) : Json(std::move(done.array)));
  }
  bool add(Json value) {
    if (++values_ > max_values_) {
      error = "more than " + std::to_string(max_values_) + " values";
      return false;
    }
    if (open_.empty()) {
      root = std::move(value);
    } else if (open_.back().is_object) {
      open_.back().object.emplace(std::move(open_.back().key), std::move(value));
    } else {
      open_.back().array.push_back(std::move(value));
    }
    return true;
  }

  const std::size_t max_depth_;
  const std::size_t max_values_;
  std::size_t values_ = 0;
  std::vector<Open> open_;
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
  TRY(text, string_at(key));
  auto bytes = parse_base64(text);
  return bytes ? std::move(bytes) : Result<Bytes>(bytes.error().with_context(key));
}
Result<Bytes> Json::hex_at(std::string_view key) const {
  TRY(text, string_at(key));
  auto bytes = parse_hex(text);
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
  // The parser underneath takes a zero byte for the end and would not see what comes after it.
  if (text.find('\0') != std::string_view::npos) return make_error(ErrorCode::kInvalidInput, "not JSON: a zero byte");
  try {
    Builder builder(limits);
    if (nlohmann::json::sax_parse(text.begin(), text.end(), &builder)) return std::move(builder.root);
    return make_error(ErrorCode::kInvalidInput, builder.error.empty() ? "not JSON" : builder.error);
  } catch (const std::exception& e) {
    return make_error(ErrorCode::kInvalidInput, std::string("not JSON: ") + e.what());
  }
}

}  // namespace caretaker
