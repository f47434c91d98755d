// Endpoints as the kernel writes them. Only for platform/linux.
#pragma once

#include <sys/socket.h>

#include "platform/dns_host.h"

namespace caretaker::platform {

// Returns the size of what it wrote.
socklen_t to_sockaddr(const Endpoint& endpoint, sockaddr_storage& out);
[[nodiscard]] Endpoint from_sockaddr(const sockaddr_storage& address);
// ::ffff:192.0.2.1 -> 192.0.2.1; any other as it is.
[[nodiscard]] Endpoint unmapped(const Endpoint& endpoint);

}  // namespace caretaker::platform
