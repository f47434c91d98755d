// Keeps a flood out of the book: the first of a repeated violation goes in at once, repeats are counted, and no user
// can write more than a steady trickle. Bounded memory. Pure; one thread.
#pragma once

#include <compare>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "platform/base/clock.h"
#include "policy/decide_dns.h"

namespace caretaker::agent {

// What makes two violations the same one.
struct RepeatKey {
  std::string user;  // empty: nobody could tell, the device
  std::string name;
  std::string category;
  policy::Reason reason = policy::Reason::kCategory;
  friend auto operator<=>(const RepeatKey&, const RepeatKey&) = default;
};

struct RepeatLimits {
  MonotonicMs window_ms = 600'000;
  std::size_t max_windows = 4096;  // open at a time; with more, the oldest is closed early
  double user_burst = 2000;        // events of one user at once
  double user_per_second = 0.1;
  double total_burst = 20'000;  // of all users together: names of users cost an attacker nothing
  double total_per_second = 0.5;
  std::size_t max_users = 1024;  // with more, the fullest bucket is forgotten
};

// Repeats of one violation, to be stored as one event.
struct Repeats {
  RepeatKey key;
  std::uint32_t count = 0;
  UnixSeconds last = 0;  // time of the last of them
};

class RepeatFilter {
 public:
  explicit RepeatFilter(const RepeatLimits& limits = {}) : limits_(limits) {}

  enum class Verdict {
    kStore,    // the first one: store it now
    kCounted,  // a repeat: comes out of take_finished() with others
    kDropped,  // over the rate: only counted, comes out of take_dropped()
  };
  // `count` > 1 when the caller has counted already.
  [[nodiscard]] Verdict decide(const RepeatKey& key, std::uint32_t count, UnixSeconds time, MonotonicMs now);

  // Windows that have ended and had repeats. They are gone from here: store them, or put them back with put_back().
  [[nodiscard]] std::vector<Repeats> take_finished(MonotonicMs now);
  [[nodiscard]] std::vector<Repeats> take_all();  // at shutdown
  void put_back(const Repeats& repeats);

  // Violations refused since the last call, for one "events.dropped" event.
  [[nodiscard]] std::uint64_t take_dropped();

 private:
  static constexpr MonotonicMs kNever = INT64_MIN;
  struct Window {
    MonotonicMs ends = 0;
    std::uint64_t count = 0;  // repeats, without the first
    UnixSeconds last = 0;
  };
  struct Bucket {
    double tokens = 0;
    MonotonicMs filled = kNever;
  };
  [[nodiscard]] static Bucket& fill(Bucket& bucket, double burst, double per_second, MonotonicMs now);
  [[nodiscard]] bool take_token(const std::string& user, MonotonicMs now);
  void close_oldest();
  void close_ended(MonotonicMs now);

  RepeatLimits limits_;
  std::map<RepeatKey, Window> windows_;
  std::deque<RepeatKey> order_;  // of windows_, the one that ends first in front
  std::map<std::string, Bucket> buckets_;
  Bucket total_;
  std::vector<Repeats> finished_;
  std::uint64_t dropped_ = 0;
};

}  // namespace caretaker::agent
