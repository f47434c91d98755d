// Keeps the rules that hand connections over in the packet filter. One thread, but for what is there to be told.
#pragma once

#include <atomic>
#include <optional>

#include "agent/control_gate.h"
#include "platform/base/clock.h"
#include "platform/inspection_gate.h"

namespace caretaker::agent {

class RuleKeeper {
 public:
  // nullptr: somebody else lays them, and what comes to the queue is seen.
  RuleKeeper(platform::InspectionTable* table, const Clock& clock) : table_(table), clock_(clock) {}

  void use(platform::InspectionGate wanted);  // from now on
  // `is_touched`: somebody changed the packet filter; another's reload may have emptied it, or our part of it may be another. What was
  // refused is tried again by itself too: soon, and ever more seldom, since a kernel may have no packet queues.
  void look(bool is_touched);
  [[nodiscard]] int wait_ms() const { return is_blind() ? retry_ms_ : -1; }  // until the next look; negative: none is needed

  [[nodiscard]] bool is_blind() const { return sight_ == Sight::kBlind; }
  // What the guard is to hear; nothing before the first use(). Any thread.
  [[nodiscard]] std::optional<InspectReport> report() const;
  void told(const InspectReport& report);  // it has heard this

 private:
  enum class Sight { kUnknown, kSees, kBlind };
  void apply();

  static constexpr int kFirstRetryMs = 5000, kLastRetryMs = 600'000;
  platform::InspectionTable* table_;
  const Clock& clock_;
  MonotonicMs tried_ = 0;
  int retry_ms_ = kFirstRetryMs;
  std::optional<platform::InspectionGate> wanted_;
  std::atomic<Sight> sight_ = Sight::kUnknown;
  std::atomic<std::uint32_t> restored_ = 0;  // times that nobody has heard of
};

}  // namespace caretaker::agent
