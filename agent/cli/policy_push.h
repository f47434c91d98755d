// `caretaker policy push`: hands what people signed to the server, and the set file that a lists manifest waits for.
#pragma once

#include "agent/cli/desk.h"

namespace caretaker::agent {

struct PolicyPushOptions : PersonOptions {
  std::filesystem::path policy;  // envelopes; empty: none
  std::filesystem::path lists;
  std::filesystem::path set;     // the file that the lists name
  std::filesystem::path root;
};

[[nodiscard]] Status run_policy_push(const PolicyPushOptions& options, const Clock& clock);

}  // namespace caretaker::agent
