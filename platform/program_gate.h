// Programs that are about to start, held until somebody says whether they may. Port: fanotify on Linux (CAP_SYS_ADMIN, and
// CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH to find file systems that users mount for themselves).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "platform/base/clock.h"
#include "platform/base/program_facts.h"
#include "platform/base/result.h"

namespace caretaker::platform {

struct ProgramStart {
  std::uint64_t ticket = 0;
  std::optional<std::uint32_t> uid;  // whose process; nullopt: nobody can tell
  ProgramFacts facts;
  std::string name;  // of the file, without its folders
};
enum class StartVerdict { kRun, kRefuse, kLater };  // later: answer() follows

class ProgramGate {
 public:
  using Handler = std::function<StartVerdict(const ProgramStart& start)>;
  using Beat = std::function<void()>;
  // What nobody answers within patience_ms runs. `only`: on the file systems of these places alone; empty: everywhere. kPermissionDenied;
  // kUnsupported: a kernel without it.
  [[nodiscard]] static Result<ProgramGate> open(MonotonicMs patience_ms, const std::vector<std::filesystem::path>& only = {});
  ProgramGate(ProgramGate&&) noexcept;
  ProgramGate& operator=(ProgramGate&&) noexcept;
  ~ProgramGate();  // what is held then runs

  // Waits at most timeout_ms (negative: without end; less while something is held) and hands over what has come, but for what only root could
  // have written: that runs, without a look at who starts it. New file systems are taken in here. `beat` is called when the wait is over and
  // before each step, which is short: there may be many.
  [[nodiscard]] Status serve_once(const Handler& handler, int timeout_ms, const Beat& beat);
  // Of one that was put off; too late is no error. Any thread.
  void answer(std::uint64_t ticket, bool may_run);
  // All that wait run, and whatever starts from now on. What answers come later are no errors. Not beside serve_once().
  void close();
  // Programs that ran because nobody answered in time, since the last call.
  [[nodiscard]] std::uint32_t take_overdue();
  // Makes a serve_once() that is waiting return. Async-signal-safe; any thread.
  void wake() const;

 private:
  struct State;
  explicit ProgramGate(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Ends this process when it is at work and touch() has not been called for limit_ms, so that the kernel lets everything run that waits for
// it: a thread of its own, since what hangs may hang in the kernel. It sleeps as long as the process rests.
class HangGuard {
 public:
  explicit HangGuard(MonotonicMs limit_ms);
  ~HangGuard();
  HangGuard(const HangGuard&) = delete;
  HangGuard& operator=(const HangGuard&) = delete;
  void touch();  // at work, and going on with it
  void rest();   // until the next touch()

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace caretaker::platform
