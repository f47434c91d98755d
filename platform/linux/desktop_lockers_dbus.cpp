#include <systemd/sd-event.h>

#include <array>
#include <cstdlib>
#include <string>

#include "platform/base/log.h"
#include "platform/desktop_lockers.h"
#include "platform/linux/posix_error.h"
#include "platform/linux/system_bus.h"

namespace caretaker::platform {
namespace {

constexpr const char* kLogin = "org.freedesktop.login1";
constexpr const char* kLoginManager = "org.freedesktop.login1.Manager";
constexpr const char* kLoginSession = "org.freedesktop.login1.Session";
// Lockers go by these names, each at the path and with the interface that is named like it.
constexpr std::array kLockers = {"org.mate.ScreenSaver", "org.xfce.ScreenSaver", "org.cinnamon.ScreenSaver", "org.gnome.ScreenSaver",
                                 "org.freedesktop.ScreenSaver"};

Error failure(int code, const std::string& what) { return posix_error(-code, "D-Bus: " + what); }

std::string path_of(std::string name) {
  for (char& letter : name) {
    if (letter == '.') letter = '/';
  }
  return "/" + name;
}

struct CloseBus {
  void operator()(sd_bus* bus) const { sd_bus_flush_close_unref(bus); }
};
using Bus = std::unique_ptr<sd_bus, CloseBus>;

// The user's session, as logind has it.
class LoginSession {
 public:
  explicit LoginSession(sd_bus* bus) : bus_(bus) {}

  [[nodiscard]] Status find() {
    const char* id = std::getenv("XDG_SESSION_ID");
    sd_bus_message* given = nullptr;
    int failed = ::sd_bus_call_method(bus_, kLogin, "/org/freedesktop/login1", kLoginManager, "GetSession", nullptr, &given, "s", id != nullptr ? id : "auto");
    const BusMessage reply(given);
    const char* path = nullptr;
    if (failed >= 0) failed = ::sd_bus_message_read(given, "o", &path);
    if (failed < 0) return failure(failed, "GetSession");
    path_ = path;
    return ok();
  }
  [[nodiscard]] const std::string& path() const { return path_; }
  void was_asked_to_lock() { asked_ = system_clock().monotonic_ms(); }
  [[nodiscard]] std::optional<MonotonicMs> since_asked_ms() const {
    return asked_ ? std::optional(system_clock().monotonic_ms() - *asked_) : std::nullopt;
  }
  [[nodiscard]] bool set_hint(bool is_locked) {
    const int failed = ::sd_bus_call_method(bus_, kLogin, path_.c_str(), kLoginSession, "SetLockedHint", nullptr, nullptr, "b", int{is_locked});
    if (failed < 0) log_warning("desktop", failure(failed, "SetLockedHint").message);
    return failed >= 0;
  }

 private:
  sd_bus* bus_;
  std::string path_;
  std::optional<MonotonicMs> asked_;
};

// One that may be there; what it says comes as a signal when it changes, and as an answer when it is asked.
class Locker {
 public:
  Locker(const char* name, sd_bus* bus, LoginSession& session) : name_(name), path_(path_of(name)), bus_(bus), session_(session) {}

  [[nodiscard]] Status listen() {
    const std::string of_owner = std::string("type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='") + name_ + "'";
    int failed = ::sd_bus_match_signal(bus_, nullptr, nullptr, path_.c_str(), name_, "ActiveChanged", on_change, this);
    if (failed >= 0) failed = ::sd_bus_add_match(bus_, nullptr, of_owner.c_str(), on_owner, this);
    if (failed < 0) return failure(failed, name_);
    return ok();
  }

  // What is not there is not started by the question.
  void ask() {
    sd_bus_message* made = nullptr;
    int failed = ::sd_bus_message_new_method_call(bus_, &made, name_, path_.c_str(), name_, "GetActive");
    const BusMessage message(made);
    if (failed >= 0) failed = ::sd_bus_message_set_auto_start(made, 0);
    if (failed >= 0) failed = ::sd_bus_call_async(bus_, nullptr, made, on_answer, this, 0);
    if (failed < 0) log_warning("desktop", failure(failed, name_).message);
  }

 private:
  void says(bool is_active) {
    const auto hint = decide_hint({is_active, is_told_, session_.since_asked_ms()});
    if (hint && session_.set_hint(*hint)) is_told_ = *hint;
  }
  static int on_change(sd_bus_message* message, void* self, sd_bus_error*) {
    int is_active = 0;
    if (::sd_bus_message_read(message, "b", &is_active) >= 0) static_cast<Locker*>(self)->says(is_active != 0);
    return 0;
  }
  static int on_answer(sd_bus_message* message, void* self, sd_bus_error* error) {
    return ::sd_bus_message_is_method_error(message, nullptr) > 0 ? 0 : on_change(message, self, error);
  }
  // One that has ended covers nothing.
  static int on_owner(sd_bus_message*, void* self, sd_bus_error*) {
    static_cast<Locker*>(self)->says(false);
    return 0;
  }

  const char* name_;
  std::string path_;
  sd_bus* bus_;
  LoginSession& session_;
  bool is_told_ = false;
};

struct Followed {
  LoginSession session;
  std::vector<Locker> lockers;
};

// One that covered the screen already, as a saver, changes nothing that it would say by itself.
int on_lock(sd_bus_message*, void* followed, sd_bus_error*) {
  auto& [session, lockers] = *static_cast<Followed*>(followed);
  session.was_asked_to_lock();
  for (Locker& locker : lockers) locker.ask();
  return 0;
}

}  // namespace

Status follow_desktop_lockers() {
  sd_bus *system_bus = nullptr, *desktop_bus = nullptr;
  int failed = ::sd_bus_open_system(&system_bus);
  const Bus logind(system_bus);
  if (failed >= 0) failed = ::sd_bus_open_user(&desktop_bus);
  const Bus desktop(desktop_bus);
  if (failed < 0) return make_error(ErrorCode::kUnavailable, failure(failed, "connect").message);
  Followed followed{LoginSession(logind.get()), {}};
  TRY_DONE(followed.session.find());
  for (const char* name : kLockers) followed.lockers.emplace_back(name, desktop.get(), followed.session);
  for (Locker& locker : followed.lockers) TRY_DONE(locker.listen());

  sd_event* made = nullptr;
  failed = ::sd_event_new(&made);
  const std::unique_ptr<sd_event, decltype([](sd_event* events) { sd_event_unref(events); })> events(made);
  for (sd_bus* bus : {logind.get(), desktop.get()}) {
    if (failed >= 0) failed = ::sd_bus_attach_event(bus, made, SD_EVENT_PRIORITY_NORMAL);
    if (failed >= 0) failed = ::sd_bus_set_exit_on_disconnect(bus, 1);
  }
  if (failed >= 0) failed = ::sd_bus_match_signal(logind.get(), nullptr, kLogin, followed.session.path().c_str(), kLoginSession, "Lock", on_lock, &followed);
  if (failed < 0) return failure(failed, "listen");
  (void)::sd_event_loop(made);  // its end is the desktop's
  return ok();
}

}  // namespace caretaker::platform
