#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <optional>

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

bool show(int fd, std::string_view text) { return write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()); }

OpenFile open_terminal() { return OpenFile(open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)); }

Error no_terminal() { return make_error(ErrorCode::kUnavailable, "there is no terminal to ask on"); }

// One line without its end; nullopt: there is none any more.
std::optional<std::string> read_line(int fd) {
  std::string line;
  char c = 0;
  while (line.size() < kMaxLine) {
    const ssize_t got = read(fd, &c, 1);
    if (got != 1 && line.empty()) return std::nullopt;
    if (got != 1 || c == '\n') break;
    line.push_back(c);
  }
  return line;
}

}  // namespace

bool error_output_is_terminal() { return isatty(STDERR_FILENO) == 1; }

bool has_terminal() { return open_terminal().is_open(); }

Result<std::string> ask_line(std::string_view prompt) {
  const OpenFile terminal = open_terminal();
  if (!terminal.is_open()) return no_terminal();
  auto line = show(terminal.fd(), prompt) ? read_line(terminal.fd()) : std::nullopt;
  if (!line) return make_error(ErrorCode::kUnavailable, "the terminal does not answer");
  return std::move(*line);
}

Result<std::string> ask_secret(std::string_view prompt) {
  const OpenFile terminal = open_terminal();
  if (!terminal.is_open()) return no_terminal();
  const Hidden hidden(terminal.fd());
  if (!hidden.works() || !show(terminal.fd(), prompt)) return make_error(ErrorCode::kUnavailable, "the terminal does not answer");
  std::string line = read_line(terminal.fd()).value_or("");
  show(terminal.fd(), "\n");
  return line;
}

}  // namespace caretaker::platform
