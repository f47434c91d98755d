// What would happen to a name, and why: the same answer from the guard and on a technician's machine. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "agent/control_user.h"
#include "policy/exceptions.h"

namespace caretaker::agent {

struct OpenNow {
  std::span<const policy::Lesson> lessons = {};
  std::string portal = {};  // of the network at hand
};
// `os_groups` are those of the question's user. The group named in the question counts, else its user's, else the
// default one; of what is open what is for it counts. Versions stay 0. kInvalidInput: no name; kNotFound: no such group, with a suggestion.
[[nodiscard]] Result<WhyAnswer> decide_why(const policy::Policy& policy, const policy::SetView& set,
                                           const WhyQuestion& question, const std::vector<std::string>& os_groups,
                                           const OpenNow& open = {});

// One sentence for a person, without a full stop.
[[nodiscard]] std::string explain(const WhyAnswer& answer);

}  // namespace caretaker::agent
