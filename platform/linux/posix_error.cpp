#include "platform/linux/posix_error.h"

#include <cstring>

namespace caretaker::platform {
namespace {

ErrorCode code_of(int number) {
  switch (number) {
    case ENOENT:
    case ENOTDIR: return ErrorCode::kNotFound;
    case EACCES:
    case EPERM:
    case EROFS: return ErrorCode::kPermissionDenied;
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return ErrorCode::kFull;  // EFBIG: the process's own limit on file size
    case EEXIST:
    case EADDRINUSE: return ErrorCode::kConflict;
    case EINVAL:
    case EISDIR:
    case ELOOP:
    case ENAMETOOLONG: return ErrorCode::kInvalidInput;
    default: return ErrorCode::kUnavailable;
  }
}

}  // namespace

Error posix_error(int number, const std::string& what) {
  char text[128] = {};
  // The GNU form: it may return its own constant string instead of filling the buffer.
  return make_error(code_of(number), what + ": " + strerror_r(number, text, sizeof text));
}

}  // namespace caretaker::platform
