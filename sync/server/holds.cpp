#include "sync/server/holds.h"

#include "sync/checks.h"
#include "sync/timing.h"

namespace caretaker::server {
namespace {

double draw() { return random_below(1u << 30) / static_cast<double>(1u << 30); }

}  // namespace

void Holds::end_at(MonotonicMs until, const sync::DeviceId& device, Waiting& waiting) {
  ends_.erase({waiting.until, device});
  waiting.until = until;
  ends_.emplace(until, device);
}

Status Holds::add(const sync::Hold& hold, std::uint64_t ticket, MonotonicMs now) {
  const auto older = waiting_.find(hold.device);
  if (older != waiting_.end()) {
    const Waiting& held = older->second;
    if (hold.time < held.time || hold.nonce == held.nonce) return sync::refuse(sync::Check::kHoldReplayed);
    replaced_.push_back({held.ticket, false});
    ends_.erase({held.until, hold.device});
  }
  Waiting& waiting = waiting_[hold.device] = {ticket, 0, hold.time, hold.nonce, hold.mark, false};
  end_at(now + sync::hold_ms(draw()), hold.device, waiting);
  return ok();
}

void Holds::publish(const std::function<std::string(const sync::DeviceId&)>& mark_of, MonotonicMs now) {
  for (auto& [device, waiting] : waiting_) {
    if (waiting.news || waiting.mark == mark_of(device)) continue;
    waiting.news = true;
    end_at(std::min(waiting.until, now + sync::wake_ms(waiting_.size(), draw())), device, waiting);
  }
}

std::vector<Holds::Ended> Holds::take_ended(MonotonicMs now) {
  std::vector<Ended> out = std::exchange(replaced_, {});
  while (!ends_.empty() && ends_.begin()->first <= now) {
    const auto found = waiting_.find(ends_.begin()->second);
    out.push_back({found->second.ticket, found->second.news});
    waiting_.erase(found);
    ends_.erase(ends_.begin());
  }
  return out;
}

MonotonicMs Holds::next_end() const {
  if (!replaced_.empty()) return 0;
  return ends_.empty() ? INT64_MAX : ends_.begin()->first;
}

}  // namespace caretaker::server
