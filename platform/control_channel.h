// The local socket between the guard and everybody else on the machine: whole frames, the caller's identity as the
// kernel gives it, and open files passed along. Port: Unix sockets with SO_PEERCRED and SCM_RIGHTS on Linux.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

#include "platform/base/bytes.h"
#include "platform/base/result.h"
#include "platform/files.h"

namespace caretaker::platform {

inline constexpr std::size_t kMaxControlFrame = 4u << 20;  // longer frames end the connection

struct Peer {
  std::uint32_t uid = 0;
  std::int32_t pid = 0;
};

struct ControlFrame {
  Bytes bytes;
  OpenFile file;  // not open unless one was passed
};

// Client side: one request, one answer, in order. One thread.
class ControlClient {
 public:
  [[nodiscard]] static Result<ControlClient> connect(const std::filesystem::path& socket);
  ControlClient(ControlClient&&) noexcept;
  ControlClient& operator=(ControlClient&&) noexcept;
  ~ControlClient();
  // kUnavailable when the guard is gone or does not answer within timeout_ms.
  [[nodiscard]] Result<ControlFrame> call(ByteView request, const OpenFile* file, int timeout_ms);

 private:
  struct State;
  explicit ControlClient(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Server side: answers frames one after another on the calling thread; a slow or silent peer delays nobody (non-blocking,
// per-peer buffers, at most `max_peers` connections and one frame in flight each).
class ControlServer {
 public:
  using Handler = std::function<ControlFrame(const Peer& peer, ControlFrame request)>;
  [[nodiscard]] static Result<ControlServer> listen(const std::filesystem::path& socket, unsigned mode);
  ControlServer(ControlServer&&) noexcept;
  ControlServer& operator=(ControlServer&&) noexcept;
  ~ControlServer();
  // Waits at most timeout_ms (-1: until something comes) and handles what has come.
  [[nodiscard]] Status serve_once(const Handler& handler, int timeout_ms);
  // Makes a serve_once() that is waiting return. Async-signal-safe; any thread.
  void wake();

 private:
  struct State;
  explicit ControlServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace caretaker::platform
