// Asks whether somebody stands between this machine and the internet: one plain request to an address that nobody has (RFC 5737), so that
// on an honest network nothing answers, nobody learns of it, and no name is asked. A portal that answers for every address answers for
// this one too. Any thread.
#pragma once

#include <stop_token>
#include <vector>

#include "agent/net/portal_answer.h"
#include "platform/base/clock.h"
#include "platform/sockets.h"

namespace caretaker::agent {

struct PortalProbe {
  std::vector<std::string> places = {"198.51.100.1:80", "[2001:db8::1]:80"};  // the next where nobody is reached at one
  MonotonicMs patience_ms = 4000;                                            // for each, whatever comes
};
// The host that whoever answers sends us to; empty: nobody answers, or with no redirect to another place. Bounded in bytes and time;
// `stop` ends it at once.
[[nodiscard]] std::string find_portal(const PortalProbe& probe, const std::stop_token& stop);

}  // namespace caretaker::agent
