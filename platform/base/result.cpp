#include "platform/base/result.h"

namespace caretaker {

std::string_view error_code_name(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidInput: return "invalid-input";
    case ErrorCode::kNotFound: return "not-found";
    case ErrorCode::kPermissionDenied: return "permission-denied";
    case ErrorCode::kUnauthentic: return "unauthentic";
    case ErrorCode::kStale: return "stale";
    case ErrorCode::kConflict: return "conflict";
    case ErrorCode::kDamaged: return "damaged";
    case ErrorCode::kFull: return "full";
    case ErrorCode::kTooLarge: return "too-large";
    case ErrorCode::kUnavailable: return "unavailable";
    case ErrorCode::kUnsupported: return "unsupported";
    case ErrorCode::kInternal: return "internal";
  }
  return "internal";
}

}  // namespace caretaker
