#include "platform/linux/login_bus.h"

#include <cstring>

namespace caretaker::platform {
namespace {

constexpr const char* kService = "org.freedesktop.login1";
constexpr const char* kManagerPath = "/org/freedesktop/login1";
constexpr const char* kManager = "org.freedesktop.login1.Manager";
constexpr const char* kSession = "org.freedesktop.login1.Session";

template <typename Value>
Result<Value> find_in(const std::map<std::string, Value>& said, const char* name) {
  const auto found = said.find(name);
  if (found == said.end()) return make_error(ErrorCode::kUnavailable, std::string("logind says no ") + name);
  return found->second;
}

}  // namespace

Result<BusMessage> LoginBus::call_manager(const char* method, const char* types, const char* text) {
  TRY(connection, bus_.connection());
  sd_bus_message* reply = nullptr;
  const int failed = text == nullptr
                         ? ::sd_bus_call_method(connection, kService, kManagerPath, kManager, method, nullptr, &reply, types)
                         : ::sd_bus_call_method(connection, kService, kManagerPath, kManager, method, nullptr, &reply, types, text);
  if (failed < 0) return bus_.failure(failed, method);
  return BusMessage(reply);
}

Result<std::vector<LoginBus::Listed>> LoginBus::sessions() {
  TRY(reply, call_manager("ListSessions", "", nullptr));
  std::vector<Listed> out;
  if (const int failed = ::sd_bus_message_enter_container(reply.get(), 'a', "(susso)"); failed < 0) return bus_.failure(failed, "ListSessions");
  const char *id, *user, *seat, *path;
  std::uint32_t uid;
  int more = 0;
  while ((more = ::sd_bus_message_read(reply.get(), "(susso)", &id, &uid, &user, &seat, &path)) > 0) out.push_back({id, uid, path});
  if (more < 0) return bus_.failure(more, "ListSessions");
  return out;
}

Result<std::vector<std::uint32_t>> LoginBus::idle_inhibitors() {
  TRY(reply, call_manager("ListInhibitors", "", nullptr));
  std::vector<std::uint32_t> out;
  if (const int failed = ::sd_bus_message_enter_container(reply.get(), 'a', "(ssssuu)"); failed < 0) return bus_.failure(failed, "ListInhibitors");
  const char *what, *who, *why, *mode;
  std::uint32_t uid, pid;
  int more = 0;
  while ((more = ::sd_bus_message_read(reply.get(), "(ssssuu)", &what, &who, &why, &mode, &uid, &pid)) > 0) {
    const bool is_idle = (":" + std::string(what) + ":").find(":idle:") != std::string::npos;
    if (is_idle && std::strcmp(mode, "block") == 0) out.push_back(uid);
  }
  if (more < 0) return bus_.failure(more, "ListInhibitors");
  return out;
}

Result<LoginBus::Properties> LoginBus::properties(const std::string& path) {
  TRY(connection, bus_.connection());
  sd_bus_message* given = nullptr;
  int failed = ::sd_bus_call_method(connection, kService, path.c_str(), "org.freedesktop.DBus.Properties", "GetAll", nullptr, &given, "s", kSession);
  const BusMessage reply(given);
  if (failed >= 0) failed = ::sd_bus_message_enter_container(given, 'a', "{sv}");
  Properties out;
  while (failed >= 0 && (failed = ::sd_bus_message_enter_container(given, 'e', "sv")) > 0) {
    const char *name = nullptr, *type = nullptr, *text = nullptr;
    int flag = 0;  // as sd-bus has it
    failed = ::sd_bus_message_read(given, "s", &name);
    if (failed >= 0) failed = ::sd_bus_message_peek_type(given, nullptr, &type);
    if (failed < 0) break;
    if (std::strcmp(type, "s") == 0) {
      failed = ::sd_bus_message_read(given, "v", "s", &text);
      if (failed >= 0) out.texts_[name] = text;
    } else if (std::strcmp(type, "b") == 0) {
      failed = ::sd_bus_message_read(given, "v", "b", &flag);
      if (failed >= 0) out.flags_[name] = flag != 0;
    } else {
      failed = ::sd_bus_message_skip(given, "v");
    }
    if (failed >= 0) failed = ::sd_bus_message_exit_container(given);
  }
  if (failed < 0) return bus_.failure(failed, "a session's properties");
  return out;
}

Result<std::string> LoginBus::Properties::text(const char* name) const { return find_in(texts_, name); }

Result<bool> LoginBus::Properties::flag(const char* name) const { return find_in(flags_, name); }

Status LoginBus::lock(const std::string& session) {
  TRY(reply, call_manager("LockSession", "s", session.c_str()));
  return ok();
}

Status LoginBus::terminate(const std::string& session) {
  TRY(reply, call_manager("TerminateSession", "s", session.c_str()));
  return ok();
}

Status LoginBus::switch_to(const std::string& seat, std::uint32_t terminal) {
  TRY(connection, bus_.connection());
  const std::string path = std::string(kManagerPath) + "/seat/" + seat;
  const int failed = ::sd_bus_call_method(connection, kService, path.c_str(), "org.freedesktop.login1.Seat", "SwitchTo", nullptr,
                                          nullptr, "u", terminal);
  if (failed < 0) return bus_.failure(failed, "SwitchTo");
  return ok();
}

Status LoginBus::power_off() {
  TRY(connection, bus_.connection());
  const int failed =
      ::sd_bus_call_method(connection, kService, kManagerPath, kManager, "PowerOff", nullptr, nullptr, "b", 0);
  if (failed < 0) return bus_.failure(failed, "PowerOff");
  return ok();
}

}  // namespace caretaker::platform
