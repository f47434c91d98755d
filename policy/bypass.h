// Names by which people get round the filter. Data; any thread.
#pragma once

#include <optional>
#include <string_view>

#include "policy/policy.h"

namespace caretaker::policy {

struct BypassMatch {
  Bypass kind = Bypass::kProxy;
  std::string_view rule;  // the name in the table; lives for ever
};
// The table has the name itself or one that it lies under.
[[nodiscard]] std::optional<BypassMatch> find_bypass(std::string_view name);

// Names whose absence tells a program that the network filters: Firefox's use-application-dns.net (Mozilla support,
// "canary domain") and resolver.arpa (RFC 9462). "" or the rule.
[[nodiscard]] std::string_view find_canary(std::string_view name);

}  // namespace caretaker::policy
