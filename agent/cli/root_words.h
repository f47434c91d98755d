// A root, and what the next one changes, in words for people who are asked to sign it. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "platform/base/clock.h"
#include "sync/root.h"

namespace caretaker::agent {

// Who may do what, who reads what, the server, and what to see to.
[[nodiscard]] std::string show_root(const sync::Root& root, UnixSeconds now);

// One sentence for each thing that changes; empty: nothing does but the number and the dates.
[[nodiscard]] std::vector<std::string> describe_change(const sync::Root& before, const sync::Root& after);

// What is allowed and still unwise, one sentence each.
[[nodiscard]] std::vector<std::string> root_warnings(const sync::Root& root, UnixSeconds now);

}  // namespace caretaker::agent
