#include <poll.h>

#include "platform/base/clock.h"
#include "platform/linux/control_frames_unix.h"
#include "platform/linux/posix_error.h"

namespace caretaker::platform {
namespace {

Status wait_for(int socket, short events, MonotonicMs deadline) {
  const MonotonicMs left = deadline - system_clock().monotonic_ms();
  pollfd entry{socket, events, 0};
  const int ready = left <= 0 ? 0 : ::poll(&entry, 1, static_cast<int>(left));
  if (ready < 0 && errno != EINTR) return posix_error(errno, "wait for the guard");
  if (ready == 0) return make_error(ErrorCode::kUnavailable, "the guard does not answer");
  return ok();
}

Status send_frame(int socket, ByteView request, int file, MonotonicMs deadline) {
  FrameWriter writer(request);
  for (;;) {
    TRY_DONE(wait_for(socket, POLLOUT, deadline));
    TRY(progress, writer.write_some(socket, file));
    if (progress == FrameProgress::kWhole) return ok();
  }
}

Result<ControlFrame> receive_frame(int socket, MonotonicMs deadline) {
  FrameReader reader;
  for (;;) {
    TRY_DONE(wait_for(socket, POLLIN, deadline));
    TRY(progress, reader.read_some(socket));
    if (progress == FrameProgress::kClosed) break;
    if (progress == FrameProgress::kWhole) return reader.take();
  }
  return make_error(ErrorCode::kUnavailable, "the guard closed the connection");
}

}  // namespace

struct ControlClient::State {
  OpenFile socket;
};

ControlClient::ControlClient(std::unique_ptr<State> state) : state_(std::move(state)) {}
ControlClient::ControlClient(ControlClient&&) noexcept = default;
ControlClient& ControlClient::operator=(ControlClient&&) noexcept = default;
ControlClient::~ControlClient() = default;

Result<ControlClient> ControlClient::connect(const std::filesystem::path& socket) {
  TRY(opened, make_control_socket());
  TRY_DONE(connect_control_socket(opened.fd(), socket));
  return ControlClient(std::make_unique<State>(State{std::move(opened)}));
}

Result<ControlFrame> ControlClient::call(ByteView request, const OpenFile* file, int timeout_ms) {
  if (request.size() > kMaxControlFrame) return make_error(ErrorCode::kTooLarge, "a request over the limit of a frame");
  if (!state_->socket.is_open()) return make_error(ErrorCode::kUnavailable, "this connection has failed before");
  const MonotonicMs deadline = system_clock().monotonic_ms() + timeout_ms;
  const int socket = state_->socket.fd();
  auto sent = send_frame(socket, request, file == nullptr ? -1 : file->fd(), deadline);
  auto answer = sent ? receive_frame(socket, deadline) : Result<ControlFrame>(sent.error());
  if (answer) return answer;
  // What comes now would be the answer to an earlier request.
  const OpenFile closing = std::move(state_->socket);
  return make_error(ErrorCode::kUnavailable, answer.error().message);
}

}  // namespace caretaker::platform
