#include "agent/inspect/rule_keeper.h"

#include <algorithm>

#include "platform/base/log.h"

namespace caretaker::agent {

void RuleKeeper::use(platform::InspectionGate wanted) {
  wanted_ = std::move(wanted);
  apply();
}

// A kernel without packet queues: the DNS filter goes on, and names of connections are not read.
void RuleKeeper::apply() {
  tried_ = clock_.monotonic_ms();
  const Status laid = table_ != nullptr ? table_->apply(*wanted_) : ok();
  const Sight before = sight_.exchange(laid ? Sight::kSees : Sight::kBlind);
  retry_ms_ = laid || before != Sight::kBlind ? kFirstRetryMs : std::min(2 * retry_ms_, kLastRetryMs);
  if (!laid && before != Sight::kBlind) log_error("inspect", "no rules, so no names are read: " + laid.error().message);
}

void RuleKeeper::look(bool is_touched) {
  if (table_ == nullptr || !wanted_) return;
  const bool saw = sight_ == Sight::kSees;
  const bool is_due = !saw && clock_.monotonic_ms() - tried_ >= retry_ms_;
  if (!is_due && (!is_touched || table_->is_intact())) return;
  apply();
  if (!saw || sight_ != Sight::kSees) return;
  log_warning("inspect", "somebody had changed the rules: they are back");
  ++restored_;
}

std::optional<InspectReport> RuleKeeper::report() const {
  if (sight_ == Sight::kUnknown) return std::nullopt;
  return InspectReport{sight_ == Sight::kSees, restored_};
}

void RuleKeeper::told(const InspectReport& report) { restored_ -= report.restored; }

}  // namespace caretaker::agent
