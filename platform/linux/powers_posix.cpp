#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>

#include "platform/linux/posix_error.h"
#include "platform/powers.h"

namespace caretaker::platform {

Status give_up_powers(KeepPowers keep) {
  if (::geteuid() == 0) return ok();  // by hand, as root: who is root gets them back anyway
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> held{};
  if (::syscall(SYS_capget, &header, held.data()) != 0) return posix_error(errno, "look at own powers");
  if (held[0].permitted == 0 && held[1].permitted == 0) return ok();
  (void)::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);  // they go with the permitted ones in any case
  const std::uint32_t kept = keep == KeepPowers::kLowPorts ? held[0].permitted & (1u << CAP_NET_BIND_SERVICE) : 0;
  held = {};
  held[0].permitted = held[0].effective = kept;
  if (::syscall(SYS_capset, &header, held.data()) != 0) return posix_error(errno, "give up powers");
  return ok();
}

}  // namespace caretaker::platform
