// Sessions by logind, their use by evdev where the session has a screen of this machine, else by its terminal or logind's hint.
#include <sys/stat.h>
#include <systemd/sd-login.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "platform/linux/input_activity_evdev.h"
#include "platform/linux/login_bus.h"
#include "platform/linux/posix_error.h"
#include "platform/screen_lockers.h"
#include "platform/linux/unit_bus.h"
#include "platform/sessions.h"
#include "platform/users.h"

namespace caretaker::platform {
namespace {

constexpr const char* kOwnLocker = "/usr/bin/physlock";
constexpr const char* kOwnLockerUnit = "caretaker-lock.service";
constexpr const char* kPowerOffUnit = "poweroff.target";
constexpr const char* kUnlockUnit = "caretaker-unlock.service";

// What a session was known to be at the last look.
struct Known {
  MonotonicMs last_input = 0;
  UnixSeconds terminal_read = 0;  // access time of its terminal
};

// The kernel sets it when the session reads what was typed, to within eight seconds.
UnixSeconds terminal_read_time(const std::string& terminal) {
  struct stat status {};
  return ::stat(("/dev/" + terminal).c_str(), &status) == 0 ? status.st_atime : 0;
}

std::string seat_of(const std::string& session) {
  char* seat = nullptr;
  if (::sd_session_get_seat(session.c_str(), &seat) < 0) return "";
  const std::unique_ptr<char, decltype(&std::free)> owned(seat, &std::free);
  return seat;
}

// Not a greeter's account.
bool is_person(std::uint32_t uid) {
  const auto user = find_user(uid);
  return user && user->is_person;
}

class LogindSessions final : public Sessions {
 public:
  Result<std::vector<Session>> list() override;
  Status ask_to_lock(const Session& session) override { return bus_.lock(session.id); }
  Status start_own_locker(const Session& session) override;
  Status switch_away(const Session& session) override;
  Status end(const Session& session) override { return bus_.terminate(session.id); }
  std::optional<MonotonicMs> last_use_of_main_seat() override;
  bool is_main_seat_covered() override { return is_own_locker_in_front(); }
  Status cover_main_seat() override;
  Status uncover_main_seat() override { return units_.stop(kOwnLockerUnit); }
  Status ask_for_code() override { return units_.start(kUnlockUnit); }
  Status power_off() override;
  Status tell(const Session& session, const std::string& sentence) override;

 private:
  [[nodiscard]] Result<std::optional<Session>> describe(const LoginBus::Listed& listed, bool is_covered, MonotonicMs now);
  [[nodiscard]] Result<bool> has_ended(const LoginBus::Listed& listed);
  [[nodiscard]] Result<MonotonicMs> find_last_input(const Session& session, const LoginBus::Properties& said, MonotonicMs now);
  [[nodiscard]] Result<MonotonicMs> terminal_use(const Session& session, MonotonicMs now);
  [[nodiscard]] Result<MonotonicMs> hinted_use(const Session& session, const LoginBus::Properties& said, MonotonicMs now);

  SystemBus system_;
  LoginBus bus_{system_};
  UnitBus units_{system_};
  InputActivity input_;
  std::map<std::string, Known> known_;
  MonotonicMs looked_ = 0;
};

// A terminal that was read since the last look was used then at the earliest, whatever the wall clock says.
Result<MonotonicMs> LogindSessions::terminal_use(const Session& session, MonotonicMs now) {
  Known& known = known_[session.id];
  const UnixSeconds read = terminal_read_time(session.terminal);
  const UnixSeconds wall = system_clock().now();
  const bool is_new = known.last_input == 0;
  if (!is_new && read == known.terminal_read) return known.last_input;
  known.terminal_read = read;
  if (is_new && read == 0) return now;
  return std::clamp<MonotonicMs>(now - (wall - read) * 1000, is_new ? 0 : looked_, now);
}

// A desktop from elsewhere, with no device of this machine: what it tells logind is all there is, and no hint means in use.
Result<MonotonicMs> LogindSessions::hinted_use(const Session& session, const LoginBus::Properties& said, MonotonicMs now) {
  TRY(is_idle, said.flag("IdleHint"));
  const auto known = known_.find(session.id);
  return is_idle && known != known_.end() ? known->second.last_input : now;
}

Result<MonotonicMs> LogindSessions::find_last_input(const Session& session, const LoginBus::Properties& said, MonotonicMs now) {
  if (const auto input = input_.last_input(session.seat)) {
    const auto known = known_.find(session.id);
    if (known == known_.end()) return session.is_active ? std::max(*input, looked_) : now;  // it began after the last look
    return session.is_active ? std::max(known->second.last_input, *input) : known->second.last_input;
  }
  if (!session.terminal.empty() && session.kind != Session::Kind::kGraphical) return terminal_use(session, now);
  return hinted_use(session, said, now);
}

// Or else logind, which somebody may keep busy, had no answer about it: then it is not to be taken for gone.
Result<bool> LogindSessions::has_ended(const LoginBus::Listed& listed) {
  TRY(all, bus_.sessions());
  return std::ranges::find(all, listed.id, &LoginBus::Listed::id) == all.end();
}

// Nothing: it is no person's.
Result<std::optional<Session>> LogindSessions::describe(const LoginBus::Listed& listed, bool is_covered, MonotonicMs now) {
  TRY(said, bus_.properties(listed.path));
  TRY(role, said.text("Class"));
  TRY(state, said.text("State"));
  if (state == "closing") return std::optional<Session>();
  Session session;
  session.id = listed.id;
  session.uid = listed.uid;
  TRY(type, said.text("Type"));
  TRY(terminal, said.text("TTY"));
  TRY(is_remote, said.flag("Remote"));
  TRY(is_active, said.flag("Active"));
  TRY(says_locked, said.flag("LockedHint"));
  session.terminal = terminal;
  session.is_active = is_active;
  session.seat = seat_of(listed.id);
  // A person may choose the class (pam_systemd takes it from the environment): theirs is one of a person's all the same, if it has a screen.
  const bool has_screen = !session.seat.empty() || is_remote;
  if (role != "user" && !(has_screen && is_person(listed.uid))) return std::optional<Session>();
  const bool is_graphical = type == "x11" || type == "wayland" || type == "mir";
  session.kind = is_graphical ? Session::Kind::kGraphical : Session::Kind::kConsole;
  if (is_remote || (session.seat.empty() && !is_graphical)) session.kind = Session::Kind::kRemote;
  session.is_locked = says_locked || is_covered_by_locker(session);
  session.is_covered = is_covered && is_own_lockers(session);
  TRY(last_input, find_last_input(session, said, now));
  session.last_input = last_input;
  known_[session.id].last_input = last_input;
  return std::optional(std::move(session));
}

Result<std::vector<Session>> LogindSessions::list() {
  const MonotonicMs now = system_clock().monotonic_ms();
  TRY(all, bus_.sessions());
  TRY(inhibitors, bus_.idle_inhibitors());
  input_.look(now);
  const bool is_covered = is_own_locker_in_front();
  std::vector<Session> out;
  std::set<std::string> there;
  for (const LoginBus::Listed& listed : all) {
    auto described = describe(listed, is_covered, now);
    if (!described) {
      TRY(ended, has_ended(listed));
      if (!ended) return described.error();
      continue;
    }
    if (!*described) continue;
    Session& session = **described;
    session.is_inhibited = std::ranges::find(inhibitors, session.uid) != inhibitors.end();
    there.insert(session.id);
    out.push_back(std::move(session));
  }
  std::erase_if(known_, [&](const auto& entry) { return !there.contains(entry.first); });
  looked_ = now;
  return out;
}

// physlock covers all consoles and desktops of the machine's screen, and forbids switching until the password was typed.
Status LogindSessions::start_own_locker(const Session& session) {
  if (session.seat != kMainSeat) return make_error(ErrorCode::kUnsupported, "no screen of this machine");
  return cover_main_seat();
}

Status LogindSessions::cover_main_seat() {
  if (::access(kOwnLocker, X_OK) != 0) return posix_error(errno, kOwnLocker);
  return units_.restart(kOwnLockerUnit);  // one that runs and does not cover waits for a console that does not come
}

std::optional<MonotonicMs> LogindSessions::last_use_of_main_seat() {
  input_.look(system_clock().monotonic_ms());
  return input_.last_input(std::string(kMainSeat));
}

Status LogindSessions::power_off() {
  const Status asked = bus_.power_off();
  return asked ? asked : units_.start(kPowerOffUnit);
}

// To a console with no session: logind starts a log-in prompt there.
Status LogindSessions::switch_away(const Session& session) {
  if (session.seat != kMainSeat) return make_error(ErrorCode::kUnsupported, "no screen of this machine");
  TRY(all, bus_.sessions());
  std::set<std::string> taken;
  for (const LoginBus::Listed& listed : all) {
    const auto said = bus_.properties(listed.path);
    if (const auto terminal = said ? said->text("TTY") : said.error()) taken.insert(*terminal);
  }
  for (std::uint32_t number = 6; number > 1; --number) {
    if (!taken.contains("tty" + std::to_string(number))) return bus_.switch_to(std::string(kMainSeat), number);
  }
  return make_error(ErrorCode::kFull, "every console has a session");
}

Status LogindSessions::tell(const Session& session, const std::string& sentence) {
  if (session.kind == Session::Kind::kGraphical) {
    return units_.run_as(session.uid, "", {"/usr/bin/notify-send", "--urgency=critical", "Caretaker", sentence});
  }
  if (session.terminal.empty()) return make_error(ErrorCode::kNotFound, "the session has no terminal");
  return units_.run_as(session.uid, session.terminal, {"/usr/bin/echo", "-e", "\\n" + sentence});
}

}  // namespace

std::unique_ptr<Sessions> make_sessions() { return std::make_unique<LogindSessions>(); }

}  // namespace caretaker::platform
