// What somebody answers who stands between us and the internet: the head of an HTTP answer (RFC 9112), of which only the host in Location
// is wanted. Strict: whoever runs an access point writes these bytes. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace caretaker::agent {

inline constexpr std::size_t kMaxPortalHead = 8192;

struct PortalAnswer {
  enum class State {
    kMore,      // the head does not end yet
    kNothing,   // no redirect, or nothing that we can read
    kRedirect,
  };
  State state = State::kNothing;
  std::string host = {};  // of kRedirect: as it stands there, an IPv6 address without its brackets; letters, digits and "-._:" alone
};
// Of more than kMaxPortalHead bytes kNothing.
[[nodiscard]] PortalAnswer parse_portal_answer(std::string_view bytes);

}  // namespace caretaker::agent
