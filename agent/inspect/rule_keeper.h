// Keeps the rules that hand connections over in the packet filter. One thread, but for what is there to be told.
#pragma once

#include <atomic>
#include <optional>

#include "agent/control_gate.h"
#include "platform/inspection_gate.h"

namespace caretaker::agent {

class RuleKeeper {
 public:
  // nullptr: somebody else lays them, and what comes to the queue is seen.
  explicit RuleKeeper(platform::InspectionTable* table) : table_(table) {}

  void use(platform::InspectionGate wanted);  // from now on
  // Somebody changed the packet filter: another's reload has emptied it, or our part of it is another.
  void restore();

  // What the guard is to hear; nothing before the first use(). Any thread.
  [[nodiscard]] std::optional<InspectReport> report() const;
  void told(const InspectReport& report);  // it has heard this

 private:
  enum class Sight { kUnknown, kSees, kBlind };
  void apply();

  platform::InspectionTable* table_;
  std::optional<platform::InspectionGate> wanted_;
  std::atomic<Sight> sight_ = Sight::kUnknown;
  std::atomic<std::uint32_t> restored_ = 0;  // times that nobody has heard of
};

}  // namespace caretaker::agent
