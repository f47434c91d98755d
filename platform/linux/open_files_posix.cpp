#include <sys/resource.h>

#include "platform/linux/posix_error.h"
#include "platform/open_files.h"

namespace caretaker::platform {

Status allow_open_files(unsigned count) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return posix_error(errno, "ask for the limit of open files");
  if (limit.rlim_cur >= count) return ok();
  limit.rlim_cur = count;
  if (limit.rlim_max >= count && ::setrlimit(RLIMIT_NOFILE, &limit) == 0) return ok();
  return make_error(ErrorCode::kPermissionDenied, "this process may not open the " + std::to_string(count) +
                                                      " files that it needs (LimitNOFILE= of its systemd unit)");
}

}  // namespace caretaker::platform
