#include "platform/linux/login_bus.h"

#include <cstdlib>
#include <cstring>
#include <memory>

namespace caretaker::platform {
namespace {

constexpr const char* kService = "org.freedesktop.login1";
constexpr const char* kManagerPath = "/org/freedesktop/login1";
constexpr const char* kManager = "org.freedesktop.login1.Manager";
constexpr const char* kSession = "org.freedesktop.login1.Session";

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

Result<std::string> LoginBus::text(const std::string& path, const char* property) {
  TRY(connection, bus_.connection());
  char* value = nullptr;
  const int failed = ::sd_bus_get_property_string(connection, kService, path.c_str(), kSession, property, nullptr, &value);
  if (failed < 0) return bus_.failure(failed, property);
  const std::unique_ptr<char, decltype(&std::free)> owned(value, &std::free);
  return std::string(value);
}

Result<bool> LoginBus::flag(const std::string& path, const char* property) {
  TRY(connection, bus_.connection());
  int value = 0;  // as sd-bus has it
  const int failed = ::sd_bus_get_property_trivial(connection, kService, path.c_str(), kSession, property, nullptr, 'b', &value);
  if (failed < 0) return bus_.failure(failed, property);
  return value != 0;
}

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
