// The words that stand in a policy for each setting; the same ones in the file, in messages and in `caretaker why`.
#pragma once

#include <array>
#include <string_view>
#include <utility>

#include "policy/policy.h"

namespace caretaker::policy {

inline constexpr std::array<std::pair<std::string_view, YouTube>, 4> kYouTubeWords = {{
    {"off", YouTube::kOff},
    {"moderate", YouTube::kModerate},
    {"strict", YouTube::kStrict},
    {"blocked", YouTube::kBlocked},
}};
inline constexpr std::array<std::pair<std::string_view, BlockAnswer>, 2> kBlockAnswerWords = {{
    {"nxdomain", BlockAnswer::kNxdomain},
    {"address", BlockAnswer::kAddress},
}};
inline constexpr std::array<std::pair<std::string_view, PlainMedia>, 3> kPlainMediaWords = {{
    {"warn", PlainMedia::kWarn},
    {"read_only", PlainMedia::kReadOnly},
    {"keep_out", PlainMedia::kKeepOut},
}};
inline constexpr std::array<std::pair<std::string_view, Downloads>, 3> kDownloadsWords = {{
    {"allow", Downloads::kAllow},
    {"record", Downloads::kRecord},
    {"deny", Downloads::kDeny},
}};
inline constexpr std::array<std::pair<std::string_view, Unreadable>, 2> kUnreadableWords = {{
    {"allow", Unreadable::kAllow},
    {"refuse", Unreadable::kRefuse},
}};
inline constexpr std::array<std::pair<std::string_view, Bypass>, 4> kBypassWords = {{
    {"dns-over-https", Bypass::kDnsOverHttps},
    {"vpn", Bypass::kVpn},
    {"proxy", Bypass::kProxy},
    {"private-relay", Bypass::kPrivateRelay},
}};
inline constexpr std::array<std::pair<std::string_view, IfNotLocked>, 3> kIfNotLockedWords = {{
    {"switch_away", IfNotLocked::kSwitchAway},
    {"own_locker", IfNotLocked::kOwnLocker},
    {"end_session", IfNotLocked::kEndSession},
}};

inline constexpr std::array<std::pair<std::string_view, IfFilterFails>, 2> kIfFilterFailsWords = {{
    {"open", IfFilterFails::kOpen},
    {"closed", IfFilterFails::kClosed},
}};

// The word of a value; every value has one.
template <typename T, std::size_t N>
[[nodiscard]] constexpr std::string_view word_of(const std::array<std::pair<std::string_view, T>, N>& words, T value) {
  for (const auto& [word, meaning] : words) {
    if (meaning == value) return word;
  }
  return {};
}

}  // namespace caretaker::policy
