#include "platform/linux/unit_bus.h"

#include <unistd.h>

namespace caretaker::platform {
namespace {

constexpr std::uint64_t kLongestUs = 10'000'000;

// A failed append makes each later one fail too, and the call's own failure is the one that counts.
void append_text(sd_bus_message* call, const char* property, const std::string& value) {
  (void)::sd_bus_message_append(call, "(sv)", property, "s", value.c_str());
}

void append_flag(sd_bus_message* call, const char* property, int value) {
  (void)::sd_bus_message_append(call, "(sv)", property, "b", value);
}

// It speaks to the user's session bus or writes to this one terminal, and needs nothing else of the machine.
void append_sandbox(sd_bus_message* call, const std::string& terminal) {
  for (const char* property : {"NoNewPrivileges", "PrivateNetwork", "PrivateTmp", "ProtectKernelModules",
                               "ProtectKernelTunables", "ProtectControlGroups", "ProtectClock", "RestrictRealtime",
                               "LockPersonality"}) {
    append_flag(call, property, 1);
  }
  append_text(call, "DevicePolicy", "closed");
  if (!terminal.empty()) (void)::sd_bus_message_append(call, "(sv)", "DeviceAllow", "a(ss)", 1, ("/dev/" + terminal).c_str(), "rw");
  append_text(call, "ProtectSystem", "strict");
  append_text(call, "ProtectHome", "read-only");
  (void)::sd_bus_message_append(call, "(sv)", "CapabilityBoundingSet", "t", std::uint64_t{0});
  (void)::sd_bus_message_append(call, "(sv)", "RestrictAddressFamilies", "(bas)", 1, 1, "AF_UNIX");
  (void)::sd_bus_message_append(call, "(sv)", "TasksMax", "t", std::uint64_t{16});
}

int append_command(sd_bus_message* call, const std::vector<std::string>& command) {
  std::vector<char*> words;
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  (void)::sd_bus_message_open_container(call, 'r', "sv");
  (void)::sd_bus_message_append(call, "s", "ExecStart");
  (void)::sd_bus_message_open_container(call, 'v', "a(sasb)");
  (void)::sd_bus_message_open_container(call, 'a', "(sasb)");
  (void)::sd_bus_message_open_container(call, 'r', "sasb");
  (void)::sd_bus_message_append(call, "s", command.front().c_str());
  (void)::sd_bus_message_append_strv(call, words.data());
  (void)::sd_bus_message_append(call, "b", 0);
  for (int open = 0; open < 3; ++open) (void)::sd_bus_message_close_container(call);
  return ::sd_bus_message_close_container(call);
}

}  // namespace

Result<BusMessage> UnitBus::new_call(const char* method) {
  TRY(connection, bus_.connection());
  sd_bus_message* call = nullptr;
  const int failed = ::sd_bus_message_new_method_call(connection, &call, "org.freedesktop.systemd1", "/org/freedesktop/systemd1",
                                                      "org.freedesktop.systemd1.Manager", method);
  if (failed < 0) return bus_.failure(failed, method);
  return BusMessage(call);
}

Status UnitBus::send(const BusMessage& call, const std::string& what) {
  TRY(connection, bus_.connection());
  const int failed = ::sd_bus_call(connection, call.get(), 0, nullptr, nullptr);
  if (failed < 0) return bus_.failure(failed, what);
  return ok();
}

Status UnitBus::ask(const char* method, const char* unit) {
  TRY(call, new_call(method));
  if (const int failed = ::sd_bus_message_append(call.get(), "ss", unit, "replace"); failed < 0) return bus_.failure(failed, unit);
  return send(call, method + std::string(" ") + unit);
}

Status UnitBus::run_as_root(std::uint64_t capabilities, const std::vector<std::string>& command) {
  TRY(call, new_call("StartTransientUnit"));
  const std::string name = "caretaker-command-" + std::to_string(::getpid()) + "-" + std::to_string(++count_) + ".service";
  (void)::sd_bus_message_append(call.get(), "ss", name.c_str(), "fail");
  (void)::sd_bus_message_open_container(call.get(), 'a', "(sv)");
  append_text(call.get(), "Description", "Caretaker's " + command.front());
  append_text(call.get(), "CollectMode", "inactive-or-failed");
  append_flag(call.get(), "NoNewPrivileges", 1);
  (void)::sd_bus_message_append(call.get(), "(sv)", "CapabilityBoundingSet", "t", capabilities);
  (void)::sd_bus_message_append(call.get(), "(sv)", "RuntimeMaxUSec", "t", kLongestUs);
  (void)append_command(call.get(), command);
  (void)::sd_bus_message_close_container(call.get());
  const int failed = ::sd_bus_message_append(call.get(), "a(sa(sv))", 0);
  if (failed < 0) return bus_.failure(failed, command.front());
  return send(call, command.front());
}

Status UnitBus::run_as(std::uint32_t uid, const std::string& terminal, const std::vector<std::string>& command) {
  TRY(call, new_call("StartTransientUnit"));
  const std::string who = std::to_string(uid);
  const std::string name = "caretaker-notice-" + std::to_string(::getpid()) + "-" + std::to_string(++count_) + ".service";
  (void)::sd_bus_message_append(call.get(), "ss", name.c_str(), "fail");
  (void)::sd_bus_message_open_container(call.get(), 'a', "(sv)");
  append_text(call.get(), "Description", "A word from Caretaker");
  append_text(call.get(), "CollectMode", "inactive-or-failed");
  append_text(call.get(), "User", who);
  append_sandbox(call.get(), terminal);
  (void)::sd_bus_message_append(call.get(), "(sv)", "RuntimeMaxUSec", "t", kLongestUs);
  (void)::sd_bus_message_append(call.get(), "(sv)", "Environment", "as", 1,
                                ("DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/" + who + "/bus").c_str());
  if (!terminal.empty()) {
    append_text(call.get(), "StandardOutput", "tty");
    append_text(call.get(), "TTYPath", "/dev/" + terminal);
  }
  (void)append_command(call.get(), command);
  (void)::sd_bus_message_close_container(call.get());
  const int failed = ::sd_bus_message_append(call.get(), "a(sa(sv))", 0);
  if (failed < 0) return bus_.failure(failed, "notice");
  return send(call, "notice");
}

}  // namespace caretaker::platform
