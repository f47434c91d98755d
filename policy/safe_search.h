// Search engines and YouTube: which names have a safe twin, and which have none. Data; any thread.
#pragma once

#include <optional>
#include <string_view>

#include "policy/policy.h"

namespace caretaker::policy {

struct SearchMatch {
  enum class Kind { kSafeTwin, kNoSafeMode, kYouTube };
  Kind kind = Kind::kSafeTwin;
  std::string_view rule;         // the name in the table; lives for ever, as the others do
  std::string_view safe_target;  // of kSafeTwin
  bool has_restricted = false;   // of kYouTube: a host that the restricted twins answer for
};
[[nodiscard]] std::optional<SearchMatch> find_search(std::string_view name);

// The twin of YouTube's hosts that keeps to a level; "" where there is none (kOff).
[[nodiscard]] std::string_view youtube_target(YouTube level);

}  // namespace caretaker::policy
