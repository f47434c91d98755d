#include "agent/cli/progress.h"

#include <cstdio>

#include "platform/terminal.h"

namespace caretaker::agent {
namespace {

constexpr MonotonicMs kFirstAfterMs = 1000;
constexpr MonotonicMs kTerminalEveryMs = 200;
constexpr MonotonicMs kFileEveryMs = 3000;
constexpr const char* kClearLine = "\r\033[K";

}  // namespace

Progress::Progress(bool always)
    : terminal_(platform::error_output_is_terminal()),
      shown_at_all_(terminal_ || always),
      start_(system_clock().monotonic_ms()) {}

Progress::~Progress() { finish(); }

void Progress::finish() {
  if (terminal_ && last_ != 0) std::fputs(kClearLine, stderr);
  last_ = 0;
}

void Progress::show(std::string_view what, int percent) {
  if (!shown_at_all_) return;
  const auto now = system_clock().monotonic_ms();
  const auto every = terminal_ ? kTerminalEveryMs : kFileEveryMs;
  if (now - start_ < kFirstAfterMs || (last_ != 0 && now - last_ < every)) return;
  last_ = now;
  std::fprintf(stderr, "%s%3d %%  %.*s%s", terminal_ ? kClearLine : "", percent, static_cast<int>(what.size()), what.data(),
               terminal_ ? "" : "\n");
  std::fflush(stderr);
}

}  // namespace caretaker::agent
