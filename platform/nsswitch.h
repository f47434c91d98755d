// nsswitch.conf(5), the one line that says by what ways names of machines are found. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace caretaker::platform {

// The same text without nss-resolve, which asks systemd-resolved over its own socket and not by DNS: a question of its users is the
// resolver's, and nobody could say whose it was. Where DNS does not follow on the line, it takes the place. Everything else, to the
// byte, stays.
[[nodiscard]] std::string without_nss_resolve(std::string_view nsswitch);

}  // namespace caretaker::platform
