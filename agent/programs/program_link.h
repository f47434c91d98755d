// The thread of caretaker-programs that belongs to the guard: what was refused goes up, a new policy comes down. While the guard is away
// the policy stays as it is, and what was refused waits.
#pragma once

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>

#include "agent/guard_client.h"
#include "platform/base/crypto.h"

namespace caretaker::agent {

class ProgramLink {
 public:
  using OnPolicy = std::function<void(policy::Policy)>;
  ProgramLink(std::filesystem::path socket, OnPolicy on_policy) : socket_(std::move(socket)), on_policy_(std::move(on_policy)) {}

  // Any thread; never waits for the guard. What finds no room is counted.
  void push(ProgramAttempt attempt);
  void count_let_through(std::uint32_t count);
  // Until stop(), which any thread may call. What is queued still goes up, if the guard answers.
  void run();
  // `in_order`: nobody is to wonder about it.
  void stop(bool in_order);

 private:
  [[nodiscard]] Status step();
  [[nodiscard]] Status update_policy();
  void say_stop();
  void take_group();

  std::filesystem::path socket_;
  OnPolicy on_policy_;
  std::optional<GuardClient> guard_;
  Revision revision_{};
  ProgramReport group_;  // taken from the queue and not yet acknowledged
  MonotonicMs next_look_ = 0;
  const std::array<std::uint8_t, 16> run_ = random_array<16>();
  std::mutex mutex_;  // of what follows
  std::condition_variable changed_;
  std::deque<ProgramAttempt> waiting_;
  std::uint32_t lost_ = 0;
  std::uint32_t let_through_ = 0;
  bool stopping_ = false;
  bool in_order_ = false;
};

}  // namespace caretaker::agent
