// Result<T>: a value or an Error, shaped like std::expected (C++23). Nothing of Caretaker's own throws;
// exceptions of libraries end in the file that wraps the library.
#pragma once

#include <cassert>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace caretaker {

// One code for each thing a caller does differently; what happened in detail is in the message.
enum class ErrorCode {
  kInvalidInput,      // the bytes or the arguments are not of the form they should have
  kNotFound,          // no such file, row, key or host
  kPermissionDenied,  // the operating system, or the caller's role, does not allow it
  kUnauthentic,       // a signature, tag or hash does not verify: trust nothing in it
  kStale,             // expired, or older than what is already held
  kConflict,          // somebody else was first (compare-and-set failed, already exists, fork)
  kDamaged,           // our own stored data is not what was written
  kFull,              // no space, quota or rate reached
  kTooLarge,          // over a limit that the caller stated
  kUnavailable,       // may work later: network, busy, timed out
  kUnsupported,       // a version or a mechanism that is not here
  kInternal,          // a fault of ours
};

// Stable lower-case name of a code ("invalid-input"), for logs, JSON and exit messages.
[[nodiscard]] std::string_view error_code_name(ErrorCode code);

struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;  // one line for a person, no trailing full stop

  // The same error with `context: ` in front of its message.
  [[nodiscard]] Error with_context(std::string_view context) const {
    return {code, std::string(context) + ": " + message};
  }
};

// What a function that yields nothing but success returns.
struct Done {};

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  [[nodiscard]] bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  // Only with a value.
  [[nodiscard]] T& value() & { assert(has_value()); return *std::get_if<0>(&state_); }
  [[nodiscard]] const T& value() const& { assert(has_value()); return *std::get_if<0>(&state_); }
  [[nodiscard]] T&& value() && { assert(has_value()); return std::move(*std::get_if<0>(&state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  [[nodiscard]] T value_or(T fallback) const& { return has_value() ? value() : std::move(fallback); }

  // Only without a value.
  [[nodiscard]] const Error& error() const { assert(!has_value()); return *std::get_if<1>(&state_); }

 private:
  std::variant<T, Error> state_;
};

using Status = Result<Done>;
inline Status ok() { return Done{}; }
inline Error make_error(ErrorCode code, std::string message) { return {code, std::move(message)}; }

}  // namespace caretaker

// TRY(name, expression): name = the expression's value, or return its error from this function.
#define CARETAKER_CONCAT_(a, b) a##b
#define CARETAKER_CONCAT(a, b) CARETAKER_CONCAT_(a, b)
#define TRY(name, expression)                                          \
  auto CARETAKER_CONCAT(try_, __LINE__) = (expression);                \
  if (!CARETAKER_CONCAT(try_, __LINE__)) return CARETAKER_CONCAT(try_, __LINE__).error(); \
  auto name = std::move(*CARETAKER_CONCAT(try_, __LINE__))

// TRY_DONE(expression): for a Status; return its error from this function.
#define TRY_DONE(expression)                                            \
  if (auto try_status = (expression); !try_status) return try_status.error()
