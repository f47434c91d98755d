#include "agent/cli/device.h"

#include <cstdio>
#include <set>

#include "agent/cli/check_words.h"
#include "agent/cli/table.h"
#include "policy/decide_posture.h"

namespace caretaker::agent {
namespace {

constexpr UnixSeconds kSilentS = 3600;

// "lock: locked", "wipe: verified". A machine that was to be wiped and says nothing any more is silent: nobody knows more than its last word.
std::string order_text(const Json& device, UnixSeconds now, const WipeProofs& proofs) {
  const Json& order = device["order"];
  const std::string* kind = order["kind"].as_string();
  const std::string* state = order["state"].as_string();
  if (kind == nullptr || state == nullptr) return "-";
  const std::int64_t* seen = device["last_seen"].as_int();
  const std::string* order_id = order["order"].as_string();
  const std::string* device_id = device["device"].as_string();
  const bool is_ending = *kind == "wipe" && (*state == "started" || is_end_of_wipe(*state));
  const bool is_silent = is_ending && seen != nullptr && now - *seen > kSilentS;
  return *kind + ": " + shown_state(*state, device_id == nullptr ? "" : *device_id, order_id == nullptr ? "" : *order_id, proofs) + (is_silent ? ", silent" : "");
}

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

bool says(const Json& health, std::string_view code) {
  if (health.as_array() == nullptr) return false;
  for (const Json& each : *health.as_array()) {
    if (each.as_string() != nullptr && *each.as_string() == code) return true;
  }
  return false;
}

// What is in force of "policy" or "lists", and how far the newest has come: "6; 7 sent 2027-01-08T08:00:00Z".
std::string version_text(const Json& device, std::string_view kind) {
  const Json& state = device["state"];
  const std::int64_t* has = state[kind].as_int();
  std::string out = number(state[kind]);
  // A manifest that has been verified waits for its set file; until then the lists before it are in force.
  if (kind == "lists" && (says(state["health"], "lists-waiting") || says(state["health"], "lists-missing"))) out += " verified, waits for its file";
  const std::int64_t* sent = device["sent"][kind]["version"].as_int();
  const std::int64_t* sent_at = device["sent"][kind]["time"].as_int();
  const std::int64_t* refused = device["refused"][kind]["version"].as_int();
  const std::string* check = device["refused"][kind]["check"].as_string();
  const std::int64_t held = has == nullptr ? 0 : *has;
  if (refused != nullptr && check != nullptr && *refused > held) return out + "; " + std::to_string(*refused) + " refused: " + in_words(*check);
  if (sent != nullptr && sent_at != nullptr && *sent > held) return out + "; " + std::to_string(*sent) + " sent " + to_rfc3339(*sent_at);
  return out;
}

std::string since(const Json& time) { return time.as_int() == nullptr || *time.as_int() <= 0 ? "-" : to_rfc3339(*time.as_int()); }

// What the server has found wrong, then what the machine says of itself; what has a column of its own is left out.
std::string problem_text(std::string out, const Json& health) {
  static const std::set<std::string, std::less<>> elsewhere = {"lists-waiting", "lists-missing", "policy-stale", "lists-stale", "root-stale", "device-locked",
                                                               "wipe-grace"};
  if (health.as_array() == nullptr) return out.empty() ? "-" : out;
  for (const Json& each : *health.as_array()) {
    if (each.as_string() != nullptr && !elsewhere.contains(*each.as_string())) out += (out.empty() ? "" : ", ") + *each.as_string();
  }
  return out.empty() ? "-" : out;
}

Result<std::vector<std::string>> device_row(const Json& device, UnixSeconds now, const WipeProofs& proofs) {
  TRY(id, device.string_at("device"));
  TRY(label, device.string_at("label"));
  TRY(last_seen, device.int_at("last_seen"));
  TRY(problem, device.string_at("problem"));
  const Json& state = device["state"];
  return std::vector<std::string>{label, id.substr(0, 12), last_seen == 0 ? "never" : to_rfc3339(last_seen), number(device["seq"]),
                                  version_text(device, "policy"), version_text(device, "lists"), since(state["stale_since"]), posture_text(state["posture"]),
                                  order_text(device, now, proofs), problem_text(problem, state["health"])};
}

// Whose data is gone, by the server's word.
Result<std::set<std::string>> said_to_be_wiped(const Json& answer) {
  TRY(devices, answer.array_at("devices"));
  std::set<std::string> out;
  for (const Json& device : *devices) {
    const std::string* state = device["order"]["state"].as_string();
    const std::string* id = device["device"].as_string();
    if (state != nullptr && id != nullptr && is_end_of_wipe(*state)) out.insert(*id);
  }
  return out;
}

Result<Json> with_proofs(const Json& answer, const WipeProofs& proofs) {
  TRY(devices, answer.array_at("devices"));
  Json::Array out;
  for (const Json& device : *devices) {
    Json::Object members = device.as_object() == nullptr ? Json::Object{} : *device.as_object();
    const std::string* id = device["device"].as_string();
    if (id != nullptr && !device["order"].is_null()) members["order"] = mark_proven(device["order"], *id, proofs);
    out.emplace_back(std::move(members));
  }
  return Json(Json::Object{{"devices", std::move(out)}});
}

}  // namespace

Result<std::string> show_devices(const Json& answer, UnixSeconds now, const WipeProofs& proofs) {
  TRY(devices, answer.array_at("devices"));
  if (devices->empty()) return std::string("No machine has enrolled yet (caretaker token new, then caretaker enrol on the machine).\n");
  Table table({"DEVICE", "ID", "LAST SEEN", "EVENTS", "POLICY", "LISTS", "STALE SINCE", "KEPT", "ORDER", "PROBLEM"});
  for (const Json& device : *devices) {
    TRY(row, device_row(device, now, proofs));
    table.add(std::move(row));
  }
  return table.text();
}

Status run_device_list(const DeviceListOptions& options, const Clock& clock) {
  TRY(desk, sit_down(options));
  TRY(answer, desk.client.ask("devices.list", Json::Object{}, clock));
  TRY(wiped, said_to_be_wiped(answer));
  TRY(proofs, ask_proofs(desk, wiped, clock));
  TRY(marked, with_proofs(answer, proofs));
  TRY(text, options.json ? Result<std::string>(marked.dump(2) + "\n") : show_devices(answer, clock.now(), proofs));
  std::fputs(text.c_str(), stdout);
  return ok();
}

}  // namespace caretaker::agent
