// `caretaker evidence hold | lift | holds`: what keeps sealed records on the server from being deleted after 90 days.
#pragma once

#include "agent/cli/evidence.h"

namespace caretaker::agent {

struct HoldOptions : EvidenceOptions {
  std::uint32_t number = 0;
};

// `records` empty: everything of the device, also what is still to come.
[[nodiscard]] Status run_evidence_hold(const HoldOptions& options, const Clock& clock);
[[nodiscard]] Status run_evidence_lift(const HoldOptions& options, const Clock& clock);
[[nodiscard]] Status run_evidence_holds(const HoldOptions& options, const Clock& clock);

// The server's holds for people, those that were lifted too. Pure.
[[nodiscard]] Result<std::string> show_holds(const Json& answer);

}  // namespace caretaker::agent
