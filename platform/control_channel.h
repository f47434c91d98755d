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
#include "platform/control_admission.h"
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
  // kUnavailable: nobody listens there; kPermissionDenied.
  [[nodiscard]] static Result<ControlClient> connect(const std::filesystem::path& socket);
  ControlClient(ControlClient&&) noexcept;
  ControlClient& operator=(ControlClient&&) noexcept;
  ~ControlClient();
  // kUnavailable when the guard is gone or does not answer within timeout_ms; the connection is then of no more use.
  [[nodiscard]] Result<ControlFrame> call(ByteView request, const OpenFile* file, int timeout_ms);

 private:
  struct State;
  explicit ControlClient(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Server side: answers frames one after another on the calling thread; a slow or silent peer delays nobody
// (non-blocking, per-peer buffers, one frame in flight each). ControlLimits say how many may be connected; who has to
// go when there are more is decided by decide_eviction(). A file that came with a request is the peer's: he may still
// write to it or shorten it.
class ControlServer {
 public:
  using Handler = std::function<ControlFrame(const Peer& peer, ControlFrame request)>;
  // Takes the place of a socket left there by an earlier process.
  [[nodiscard]] static Result<ControlServer> listen(const std::filesystem::path& socket, unsigned mode,
                                                    const ControlLimits& limits = {});
  ControlServer(ControlServer&&) noexcept;
  ControlServer& operator=(ControlServer&&) noexcept;
  ~ControlServer();
  // Waits at most timeout_ms (-1: until something comes), of which a machine's sleep is a part, and handles what has come.
  [[nodiscard]] Status serve_once(const Handler& handler, int timeout_ms);
  // Makes a serve_once() that is waiting return. Async-signal-safe; any thread.
  void wake() const;

 private:
  struct State;
  explicit ControlServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace caretaker::platform
