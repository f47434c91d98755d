// Internet addresses as people write them. Pure; any thread.
#pragma once

#include <string_view>

namespace caretaker::policy {

// Dotted decimal, four parts, no leading zeros (RFC 6943 section 3.1.1, the strict form).
[[nodiscard]] bool is_ipv4(std::string_view text);
// RFC 4291 section 2.2, without a zone.
[[nodiscard]] bool is_ipv6(std::string_view text);
// A server: "192.0.2.1", "192.0.2.1:53", "2001:db8::1", "[2001:db8::1]:53".
[[nodiscard]] bool is_server_address(std::string_view text);

}  // namespace caretaker::policy
