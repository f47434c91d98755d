#include "agent/guard/repeat_filter.h"

#include <algorithm>

namespace caretaker::agent {
namespace {

std::uint32_t clamped(std::uint64_t count) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(count, UINT32_MAX));
}

}  // namespace

RepeatFilter::Bucket& RepeatFilter::fill(Bucket& bucket, double burst, double per_second, MonotonicMs now) {
  if (bucket.filled == kNever) bucket = {burst, now};
  const double gained = static_cast<double>(std::max<MonotonicMs>(now - bucket.filled, 0)) / 1000 * per_second;
  bucket = {std::min(burst, bucket.tokens + gained), now};
  return bucket;
}

bool RepeatFilter::take_token(const std::string& user, MonotonicMs now) {
  if (!buckets_.contains(user) && buckets_.size() >= limits_.max_users) {
    // The fullest one says least: forgetting it gives its user nothing that he did not nearly have.
    buckets_.erase(std::max_element(buckets_.begin(), buckets_.end(),
                                    [](const auto& a, const auto& b) { return a.second.tokens < b.second.tokens; }));
  }
  Bucket& own = fill(buckets_[user], limits_.user_burst, limits_.user_per_second, now);
  Bucket& all = fill(total_, limits_.total_burst, limits_.total_per_second, now);
  if (own.tokens < 1 || all.tokens < 1) return false;
  own.tokens -= 1;
  all.tokens -= 1;
  return true;
}

void RepeatFilter::close_oldest() {
  const auto found = windows_.find(order_.front());
  if (found->second.count > 0) put_back({found->first, clamped(found->second.count), found->second.last});
  windows_.erase(found);
  order_.pop_front();
}

void RepeatFilter::close_ended(MonotonicMs now) {
  while (!order_.empty() && windows_.at(order_.front()).ends <= now) close_oldest();
}

RepeatFilter::Verdict RepeatFilter::decide(const RepeatKey& key, std::uint32_t count, UnixSeconds time,
                                           MonotonicMs now) {
  close_ended(now);
  if (const auto open = windows_.find(key); open != windows_.end()) {
    open->second.count += count;
    open->second.last = time;
    return Verdict::kCounted;
  }
  if (!take_token(key.user, now)) {
    dropped_ += count;
    return Verdict::kDropped;
  }
  if (windows_.size() >= limits_.max_windows) close_oldest();
  windows_[key] = {now + limits_.window_ms, 0, time};
  order_.push_back(key);
  return Verdict::kStore;
}

std::vector<Repeats> RepeatFilter::take_finished(MonotonicMs now) {
  close_ended(now);
  return std::exchange(finished_, {});
}

std::vector<Repeats> RepeatFilter::take_all() {
  while (!order_.empty()) close_oldest();
  return std::exchange(finished_, {});
}

void RepeatFilter::put_back(const Repeats& repeats) {
  if (finished_.size() < limits_.max_windows)
    finished_.push_back(repeats);
  else
    dropped_ += repeats.count;
}

std::uint64_t RepeatFilter::take_dropped() {
  return std::exchange(dropped_, 0);
}

}  // namespace caretaker::agent
