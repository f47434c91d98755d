// JSON (RFC 8259) with limits on size and depth. Duplicate keys are an error: two parsers must never see two values.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "platform/base/bytes.h"
#include "platform/base/result.h"

namespace caretaker {

// A JSON value. Numbers are 64-bit integers where the text is one, else doubles. Object keys are sorted.
class Json {
 public:
  using Array = std::vector<Json>;
  using Object = std::map<std::string, Json, std::less<>>;

  Json() = default;  // null
  Json(bool value) : value_(value) {}
  Json(std::int64_t value) : value_(value) {}
  Json(int value) : value_(static_cast<std::int64_t>(value)) {}
  Json(std::uint32_t value) : value_(static_cast<std::int64_t>(value)) {}
  Json(std::uint64_t value) : value_(static_cast<std::int64_t>(value)) {}
  Json(double value) : value_(value) {}
  Json(std::string value) : value_(std::move(value)) {}
  Json(std::string_view value) : value_(std::string(value)) {}
  Json(const char* value) : value_(std::string(value)) {}
  Json(Array value) : value_(std::move(value)) {}
  Json(Object value) : value_(std::move(value)) {}

  [[nodiscard]] bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  [[nodiscard]] const bool* as_bool() const { return std::get_if<bool>(&value_); }
  [[nodiscard]] const std::int64_t* as_int() const { return std::get_if<std::int64_t>(&value_); }
  [[nodiscard]] const double* as_double() const { return std::get_if<double>(&value_); }
  [[nodiscard]] const std::string* as_string() const { return std::get_if<std::string>(&value_); }
  [[nodiscard]] const Array* as_array() const { return std::get_if<Array>(&value_); }
  [[nodiscard]] const Object* as_object() const { return std::get_if<Object>(&value_); }

  // Member of an object, or null where there is none or this is no object.
  [[nodiscard]] const Json& operator[](std::string_view key) const;

  // Members by type; an error names the key. For optional members test operator[] for null first.
  [[nodiscard]] Result<std::string> string_at(std::string_view key) const;
  [[nodiscard]] Result<std::int64_t> int_at(std::string_view key) const;
  [[nodiscard]] Result<bool> bool_at(std::string_view key) const;
  [[nodiscard]] Result<Bytes> base64_at(std::string_view key) const;
  [[nodiscard]] Result<Bytes> hex_at(std::string_view key) const;
  [[nodiscard]] Result<const Array*> array_at(std::string_view key) const;
  [[nodiscard]] Result<const Object*> object_at(std::string_view key) const;
  template <std::size_t N>
  [[nodiscard]] Result<std::array<std::uint8_t, N>> hex_array_at(std::string_view key) const {
    const std::string* text = (*this)[key].as_string();
    std::array<std::uint8_t, N> array{};
    const Status parsed = text == nullptr ? make_error(ErrorCode::kInvalidInput, "not a string") : parse_hex(*text, array);
    if (!parsed) return parsed.error().with_context(key);
    return array;
  }

  // One line, keys sorted, no spaces: the same value gives the same bytes. `indent` > 0: for people.
  [[nodiscard]] std::string dump(int indent = -1) const;

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> value_;
};

struct JsonLimits {
  std::size_t max_bytes = 1u << 20;
  std::size_t max_depth = 32;
  std::size_t max_values = 1u << 20;  // of a few bytes each in the text, and of a hundred in memory
};

// kTooLarge over max_bytes, kInvalidInput for anything that is not one JSON value in UTF-8.
[[nodiscard]] Result<Json> parse_json(std::string_view text, const JsonLimits& limits = {});

}  // namespace caretaker
