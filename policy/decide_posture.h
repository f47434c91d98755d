// How the machine itself is kept, in stable words: the same in the event's rule, in `caretaker status` and on the server. Pure; any
// thread.
#pragma once

#include <array>
#include <string_view>

#include "platform/base/posture_facts.h"

namespace caretaker::policy {

struct PostureFinding {
  std::string_view subject;
  std::string_view word;
  bool operator==(const PostureFinding&) const = default;
};

// disk: wipe-ready, encrypted, not-encrypted, unknown; antivirus: current, old (signatures of more than seven days), misdated
// (signatures of tomorrow or later: they or the machine's clock are wrong), no-signatures, none; firewall: on, half, off, unknown;
// screen-lock: present, switched-off (for the whole machine), none; updates:
// current, old (nobody asked for any in fourteen days), restart-due (for seven days, so that those that are installed count), misdated, unknown.
[[nodiscard]] std::array<PostureFinding, 5> decide_posture(const PostureFacts& facts, UnixSeconds now);

// Whether a technician has nothing to do about it. Also for words that came from elsewhere: unknown ones are not fine.
[[nodiscard]] bool is_fine(std::string_view subject, std::string_view word);

}  // namespace caretaker::policy
