#include "platform/linux/control_frames_unix.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "platform/linux/posix_error.h"

namespace caretaker::platform {
namespace {

constexpr std::size_t kHeader = 4;
constexpr std::size_t kPiece = 64u << 10;

Result<sockaddr_un> unix_address(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string& text = path.native();
  if (text.empty() || text.size() >= sizeof address.sun_path) {
    return make_error(ErrorCode::kInvalidInput, "a socket's path has 1 to 107 bytes: " + text);
  }
  std::memcpy(address.sun_path, text.data(), text.size());
  return address;
}

bool is_passing(int number) {
  return number == EAGAIN || number == EWOULDBLOCK || number == EINTR;
}

}  // namespace

std::size_t FrameReader::wanted() const {
  if (header_.size() < kHeader) return kHeader - header_.size();
  return std::min(length_ - body_.size(), kPiece);
}

Status FrameReader::keep_files(void* message) {
  auto* header = static_cast<msghdr*>(message);
  bool too_many = (header->msg_flags & MSG_CTRUNC) != 0;
  for (cmsghdr* part = CMSG_FIRSTHDR(header); part != nullptr; part = CMSG_NXTHDR(header, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof fd);
      OpenFile file(fd);  // closes itself when it is not kept
      if (file_.is_open())
        too_many = true;
      else
        file_ = std::move(file);
    }
  }
  if (too_many) return make_error(ErrorCode::kInvalidInput, "more than one open file with a frame");
  return ok();
}

Status FrameReader::add(ByteView bytes) {
  received_ += bytes.size();
  Bytes& target = header_.size() < kHeader ? header_ : body_;
  target.insert(target.end(), bytes.begin(), bytes.end());
  if (&target == &header_ && header_.size() == kHeader) {
    length_ = ByteReader(header_).u32();
    if (length_ > kMaxControlFrame) {
      return make_error(ErrorCode::kInvalidInput, "a frame of " + std::to_string(length_) + " bytes");
    }
  }
  return ok();
}

Result<FrameProgress> FrameReader::read_some(int socket) {
  std::uint8_t buffer[kPiece];
  iovec piece{buffer, wanted()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  const ssize_t got = ::recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (got < 0 && is_passing(errno)) return FrameProgress::kMore;
  if (got < 0) return posix_error(errno, "control socket");
  TRY_DONE(keep_files(&message));
  if (got == 0) return FrameProgress::kClosed;
  TRY_DONE(add({buffer, static_cast<std::size_t>(got)}));
  return header_.size() == kHeader && body_.size() == length_ ? FrameProgress::kWhole : FrameProgress::kMore;
}

ControlFrame FrameReader::take() {
  ControlFrame frame{std::move(body_), std::move(file_)};
  *this = FrameReader();
  return frame;
}

FrameWriter::FrameWriter(ByteView bytes) {
  ByteWriter out;
  out.sized(bytes);
  bytes_ = std::move(out).take();
}

Result<FrameProgress> FrameWriter::write_some(int socket, int file) {
  iovec piece{bytes_.data() + offset_, bytes_.size() - offset_};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  if (file >= 0 && offset_ == 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* part = CMSG_FIRSTHDR(&message);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(part), &file, sizeof file);
  }
  const ssize_t done = ::sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (done < 0 && is_passing(errno)) return FrameProgress::kMore;
  if (done < 0) return posix_error(errno, "control socket");
  offset_ += static_cast<std::size_t>(done);
  return is_done() ? FrameProgress::kWhole : FrameProgress::kMore;
}

Result<OpenFile> make_control_socket() {
  OpenFile socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) return posix_error(errno, "control socket");
  return socket;
}

Status connect_control_socket(int socket, const std::filesystem::path& path) {
  TRY(address, unix_address(path));
  // The time limit holds for connecting too: a guard that hangs must not hang its callers.
  const timeval limit{5, 0};
  ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return ok();
  const Error error = posix_error(errno, "connect to " + path.string());
  if (error.code == ErrorCode::kPermissionDenied) return error;
  return make_error(ErrorCode::kUnavailable, error.message);
}

Status bind_control_socket(int socket, const std::filesystem::path& path, unsigned mode) {
  TRY(address, unix_address(path));
  struct stat old {};
  if (::lstat(path.c_str(), &old) == 0 && S_ISSOCK(old.st_mode)) ::unlink(path.c_str());
  if (::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return posix_error(errno, "bind " + path.string());
  }
  // Nobody can connect before listen(), so the mode is in force in time.
  if (::chmod(path.c_str(), mode) != 0) return posix_error(errno, "chmod " + path.string());
  if (::fcntl(socket, F_SETFL, O_NONBLOCK) != 0 || ::listen(socket, SOMAXCONN) != 0) {
    return posix_error(errno, "listen on " + path.string());
  }
  return ok();
}

}  // namespace caretaker::platform
