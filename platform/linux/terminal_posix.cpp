#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include "platform/files.h"
#include "platform/terminal.h"

namespace caretaker::platform {
namespace {

constexpr std::size_t kMaxLine = 1024;

// No echo as long as this lives.
class Hidden {
 public:
  explicit Hidden(int fd) : fd_(fd) {
    changed_ = tcgetattr(fd_, &before_) == 0;
    termios hidden = before_;
    hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    changed_ = changed_ && tcsetattr(fd_, TCSAFLUSH, &hidden) == 0;
  }
  ~Hidden() {
    if (changed_) tcsetattr(fd_, TCSAFLUSH, &before_);
  }
  Hidden(const Hidden&) = delete;
  Hidden& operator=(const Hidden&) = delete;
  [[nodiscard]] bool works() const { return changed_; }

 private:
  int fd_;
  bool changed_ = false;
  termios before_{};
};

std::string read_line(int fd) {
  std::string line;
  char c = 0;
  while (line.size() < kMaxLine && read(fd, &c, 1) == 1 && c != '\n') line.push_back(c);
  return line;
}

bool show(int fd, std::string_view text) { return write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()); }

}  // namespace

bool error_output_is_terminal() { return isatty(STDERR_FILENO) == 1; }

Result<std::string> ask_secret(std::string_view prompt) {
  const OpenFile terminal(open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!terminal.is_open()) return make_error(ErrorCode::kUnavailable, "there is no terminal to ask on");
  const Hidden hidden(terminal.fd());
  if (!hidden.works() || !show(terminal.fd(), prompt)) return make_error(ErrorCode::kUnavailable, "the terminal does not answer");
  std::string line = read_line(terminal.fd());
  show(terminal.fd(), "\n");
  return line;
}

Result<std::string> ask_line(std::string_view prompt) {
  const OpenFile terminal(open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!terminal.is_open() || !show(terminal.fd(), prompt)) return make_error(ErrorCode::kUnavailable, "there is no terminal to ask on");
  return read_line(terminal.fd());
}

}  // namespace caretaker::platform
