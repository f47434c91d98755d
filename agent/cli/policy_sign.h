// `caretaker policy sign`: a policy, or a lists manifest, in an envelope with a person's signature.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "platform/base/clock.h"
#include "policy/policy.h"
#include "sync/root.h"

namespace caretaker::agent {

struct PolicySignOptions {
  std::filesystem::path school;
  std::vector<std::filesystem::path> keys;  // one signature each
  std::filesystem::path passphrase_file;
  std::filesystem::path policy;     // exactly one of these three
  std::filesystem::path lists;      // the draft that `policy build` made
  std::filesystem::path also;       // an envelope that gets a further signature
  std::filesystem::path out;
  std::optional<std::int64_t> version;  // default: one more than the last
  int days = 30;
  bool offline = false;             // nothing is asked of the server
};

// Every kind of event has two people who can read it, or one and the escrow key, and every kind of recipient exists.
[[nodiscard]] Status check_recipients(const policy::Policy& policy, const sync::Root& root);

[[nodiscard]] Status run_policy_sign(const PolicySignOptions& options, const Clock& clock);

}  // namespace caretaker::agent
