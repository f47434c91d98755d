#include "agent/cli/device.h"

#include <cstdio>

#include "agent/cli/passphrase.h"
#include "agent/cli/staff_client.h"
#include "agent/cli/table.h"
#include "policy/decide_posture.h"

namespace caretaker::agent {
namespace {

std::string number(const Json& value) { return value.as_int() == nullptr ? "-" : std::to_string(*value.as_int()); }

// What a technician has to do about how the machine is kept: "disk not-encrypted, firewall off".
std::string posture_text(const Json& posture) {
  if (posture.as_object() == nullptr) return "-";
  std::string out;
  for (const auto& [subject, word] : *posture.as_object()) {
    if (word.as_string() == nullptr || policy::is_fine(subject, *word.as_string())) continue;
    out += (out.empty() ? "" : ", ") + subject + " " + *word.as_string();
  }
  return out.empty() ? "good" : out;
}

Result<std::vector<std::string>> device_row(const Json& device) {
  TRY(id, device.string_at("device"));
  TRY(label, device.string_at("label"));
  TRY(last_seen, device.int_at("last_seen"));
  TRY(problem, device.string_at("problem"));
  const Json& state = device["state"];
  return std::vector<std::string>{label, id.substr(0, 12), last_seen == 0 ? "never" : to_rfc3339(last_seen), number(device["seq"]),
                                  number(state["policy"]), number(state["lists"]), posture_text(state["posture"]), problem.empty() ? "-" : problem};
}

}  // namespace

Result<std::string> show_devices(const Json& answer) {
  TRY(devices, answer.array_at("devices"));
  if (devices->empty()) return std::string("No machine has enrolled yet (caretaker token new, then caretaker enrol on the machine).\n");
  Table table({"DEVICE", "ID", "LAST SEEN", "EVENTS", "POLICY", "LISTS", "KEPT", "PROBLEM"});
  for (const Json& device : *devices) {
    TRY(row, device_row(device));
    table.add(std::move(row));
  }
  return table.text();
}

Status run_device_list(const DeviceListOptions& options, const Clock& clock) {
  TRY(school, open_school(options.school));
  TRY(key, open_person(options.key, options.passphrase_file));
  TRY(client, StaffClient::connect(school, std::move(key)));
  TRY(answer, client.ask("devices.list", Json::Object{}, clock));
  TRY(text, options.json ? Result<std::string>(answer.dump(2) + "\n") : show_devices(answer));
  std::fputs(text.c_str(), stdout);
  return ok();
}

}  // namespace caretaker::agent
