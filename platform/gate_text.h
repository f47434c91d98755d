// The rules of the packet filter as nftables wants them: one text, taken as a whole or not at all. Pure; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/gate_rules.h"
#include "platform/base/result.h"

namespace caretaker::platform {

inline constexpr std::string_view kGateTable = "inet caretaker";

// Puts our table in the place of whatever has its name.
[[nodiscard]] std::string make_gate_text(const GateRules& rules);
[[nodiscard]] std::string make_gate_removal();
// Each shows a part of it, all together everything but the noted attempts; to be compared with what they showed before.
[[nodiscard]] std::vector<std::string> make_gate_listings();

// What our table has noted of refused connections, as libnftables shows these sets in JSON, and the text that forgets some of it.
[[nodiscard]] std::vector<std::string> make_attempts_listings();
inline constexpr std::ptrdiff_t kMostTries = 1024;  // of each address family; the kernel notes no more until some are forgotten
struct GateTry {
  std::uint32_t uid = 0;
  std::string address;
  bool tcp = false;
  std::uint16_t port = 0;
  bool operator==(const GateTry&) const = default;
};
[[nodiscard]] Result<std::vector<GateTry>> parse_attempts(std::string_view json);
[[nodiscard]] std::string make_forget_attempts(const std::vector<GateTry>& attempts);

}  // namespace caretaker::platform
