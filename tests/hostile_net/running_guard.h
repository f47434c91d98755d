// The program caretakerd on a folder of its own, and clients of it as any user.
#pragma once

#include <sys/types.h>

#include "agent/guard_client.h"
#include "tests/unit/agent/guard_world.h"

namespace caretaker::agent {

class RunningGuard {
 public:
  // Starts it, enrols it with the school of `room`, and puts policy and set in force.
  RunningGuard(const SigningRoom& room, ByteView set);
  ~RunningGuard();
  RunningGuard(const RunningGuard&) = delete;
  RunningGuard& operator=(const RunningGuard&) = delete;

  // Whether net can be another user than the guard here (the test runs as root).
  [[nodiscard]] bool has_own_users() const { return net_uid_ != own_uid_; }
  [[nodiscard]] GuardClient as_net() const;
  [[nodiscard]] GuardClient as_owner() const;
  [[nodiscard]] platform::ControlClient raw_as_net() const;
  // A bare connection of net's, to write whatever to.
  [[nodiscard]] platform::OpenFile socket_as_net() const;
  [[nodiscard]] Result<Bytes> offer(const platform::OpenFile& file) const;

  [[nodiscard]] bool is_running() const;
  // Ends it in order, as the service manager does.
  [[nodiscard]] int stop();
  // Starts another one on the same folder, and waits for its exit code.
  [[nodiscard]] int second_guard() const;
  [[nodiscard]] std::uint64_t bytes_on_disk() const;
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_.path(); }

 private:
  template <typename Make>
  [[nodiscard]] auto as_user(std::uint32_t uid, Make make) const;
  [[nodiscard]] pid_t spawn(const std::string& socket) const;
  void enrol(const SigningRoom& room, ByteView set) const;

  TemporaryFolder folder_;
  std::uint32_t own_uid_ = 0;
  std::uint32_t net_uid_ = 0;
  mutable pid_t pid_ = 0;
};

}  // namespace caretaker::agent
