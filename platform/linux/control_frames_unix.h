// Frames on a Unix stream socket: u32 length (little-endian), then the bytes; at most one open file, which travels with
// the first byte. Both sides of the control channel use these; the socket never blocks.
#pragma once

#include "platform/control_channel.h"

namespace caretaker::platform {

enum class FrameProgress { kMore, kWhole, kClosed };

// Takes one frame from a socket, never a byte of the next. Memory grows with what has come, not with what was
// announced.
class FrameReader {
 public:
  // One read. kInvalidInput: too long, or more than one file (all that came are closed); kUnavailable: the socket
  // failed.
  [[nodiscard]] Result<FrameProgress> read_some(int socket);
  [[nodiscard]] bool has_begun() const { return received_ > 0; }
  [[nodiscard]] ControlFrame take();  // the whole frame; the reader is ready for the next

 private:
  [[nodiscard]] std::size_t wanted() const;
  [[nodiscard]] Status keep_files(void* message);
  [[nodiscard]] Status add(ByteView bytes);

  Bytes header_;
  Bytes body_;
  std::size_t length_ = 0;
  std::size_t received_ = 0;
  OpenFile file_;
};

// Hands one frame to a socket, piece by piece.
class FrameWriter {
 public:
  FrameWriter() = default;
  explicit FrameWriter(ByteView bytes);
  // One write; `file` (or -1) goes with the first one. kWhole: everything is with the kernel.
  [[nodiscard]] Result<FrameProgress> write_some(int socket, int file);
  [[nodiscard]] bool is_done() const { return offset_ == bytes_.size(); }

 private:
  Bytes bytes_;
  std::size_t offset_ = 0;
};

[[nodiscard]] Result<OpenFile> make_control_socket();
[[nodiscard]] Status connect_control_socket(int socket, const std::filesystem::path& path);
[[nodiscard]] Status bind_control_socket(int socket, const std::filesystem::path& path, unsigned mode);

}  // namespace caretaker::platform
