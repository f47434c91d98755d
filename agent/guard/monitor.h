// Who may ask the guard for what: one table, and the one way in. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "agent/guard/guard.h"

namespace caretaker::agent {

enum class Who {
  kNet,       // the user that caretaker-net runs as
  kNames,     // that one, and the one that caretaker-inspect runs as: who decides on names
  kDecides,   // these and the one that caretaker-programs runs as: who needs the policy
  kInspect,   // the user that caretaker-inspect runs as alone
  kPrograms,  // the same of caretaker-programs
  kGate,      // the user that caretaker-gate runs as
  kOwner,     // the user that the guard runs as, or root
  kAnybody,
};

struct MonitorRow {
  Ask ask;
  std::string_view name;
  Who who;
  Result<Answered> (Guard::*handler)(const Asked&);
};
[[nodiscard]] std::span<const MonitorRow> monitor_table();

class Monitor {
 public:
  explicit Monitor(Guard& guard) : guard_(guard) {}
  // Every request gets an answer. One that is unknown, forbidden or malformed is counted, and from caretaker-net's user it is an
  // event: net as we ship it never sends one.
  [[nodiscard]] platform::ControlFrame answer(const platform::Peer& peer, platform::ControlFrame request);
  [[nodiscard]] std::uint64_t refused() const { return refused_; }

 private:
  [[nodiscard]] Result<Answered> handle(const platform::Peer& peer, const platform::ControlFrame& request, std::string& name);
  [[nodiscard]] bool may(Who who, const platform::Peer& peer) const;

  Guard& guard_;
  std::uint64_t refused_ = 0;
};

}  // namespace caretaker::agent
