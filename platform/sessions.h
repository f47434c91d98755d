// People's sessions on this machine: who uses it since when, and what can be done to a session. Port: logind, evdev and the
// process table on Linux. One thread. No call takes longer than a few seconds, however the services behind it fare.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/clock.h"
#include "platform/base/result.h"

namespace caretaker::platform {

struct Session {
  enum class Kind { kGraphical, kConsole, kRemote };  // a console is text on this machine's screen
  std::string id;
  std::uint32_t uid = 0;
  Kind kind = Kind::kGraphical;
  std::string seat;           // empty: none
  std::string terminal;       // "tty3", "pts/0"; empty: none
  bool is_active = false;     // in front, on its seat
  bool is_locked = false;     // the session says so, or a locker of its own is running
  bool is_covered = false;    // our own locker has the screen of its seat, and whoever was in front there opens it with their password
  bool is_inhibited = false;  // a program of this user asks that the screen stays on
  // When somebody last typed, moved or touched there, as far as can be told; never later than now. A session that is not in
  // front counts from when it was left.
  MonotonicMs last_input = 0;
};

inline constexpr std::string_view kMainSeat = "seat0";  // with the machine's own screen and its consoles

class Sessions {
 public:
  virtual ~Sessions() = default;
  // People's sessions: no greeters, no service managers. kUnavailable: nobody can tell.
  [[nodiscard]] virtual Result<std::vector<Session>> list() = 0;
  // Each says only that it was asked for; list() tells what came of it.
  [[nodiscard]] virtual Status ask_to_lock(const Session& session) = 0;
  [[nodiscard]] virtual Status start_own_locker(const Session& session) = 0;  // kNotFound: none is installed
  [[nodiscard]] virtual Status switch_away(const Session& session) = 0;
  [[nodiscard]] virtual Status end(const Session& session) = 0;
  // The next four ask nobody who sits there: for when list() has no answer.
  // When the machine's own screen was last used by its keyboards, mice or by touch; nullopt: there are none.
  [[nodiscard]] virtual std::optional<MonotonicMs> last_use_of_main_seat() = 0;
  [[nodiscard]] virtual bool is_main_seat_covered() = 0;    // by our own locker
  [[nodiscard]] virtual Status cover_main_seat() = 0;       // kNotFound: no locker is installed
  [[nodiscard]] virtual Status uncover_main_seat() = 0;     // what cover_main_seat() did
  // A place on this machine's screen where a lost one's code can be typed, while nobody can log in.
  [[nodiscard]] virtual Status ask_for_code() = 0;
  [[nodiscard]] virtual Status power_off() = 0;
  // One plain sentence to whoever sits there.
  [[nodiscard]] virtual Status tell(const Session& session, const std::string& sentence) = 0;
};
[[nodiscard]] std::unique_ptr<Sessions> make_sessions();

}  // namespace caretaker::platform
