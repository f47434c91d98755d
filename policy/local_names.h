// Names that mean something only on the network at hand. Pure; any thread.
#pragma once

#include <string_view>

namespace caretaker::policy {

// .local (RFC 6762), .localhost (RFC 6761), home.arpa (RFC 8375), ipv4only.arpa (RFC 7050), and the reverse zones of
// private, link-local and loopback addresses (RFC 6303). "" or the zone.
[[nodiscard]] std::string_view find_local_zone(std::string_view name);

}  // namespace caretaker::policy
