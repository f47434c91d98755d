#include "agent/cli/desk.h"

#include "agent/cli/passphrase.h"
#include "agent/cli/table.h"

namespace caretaker::agent {
namespace {

constexpr std::size_t kLeastId = 8;

}  // namespace

Result<Desk> sit_down(const PersonOptions& options) {
  TRY(school, open_school(options.school));
  return sit_down(options, std::move(school));
}

Result<Desk> sit_down(const PersonOptions& options, School school) {
  TRY(key, open_person(options.key, options.passphrase_file));
  TRY(client, StaffClient::connect(school, key));
  return Desk{std::move(school), std::move(key), std::move(client)};
}

std::string label_of(const Json& device) { return device["label"].as_string() == nullptr ? "" : *device["label"].as_string(); }

std::map<std::string, std::string> labels_in(const Json& answer) {
  std::map<std::string, std::string> labels;
  const Json::Array* rows = answer["devices"].as_array();
  if (rows == nullptr) return labels;
  for (const Json& row : *rows) {
    if (row["device"].as_string() != nullptr && !label_of(row).empty()) labels[*row["device"].as_string()] = label_of(row);
  }
  return labels;
}

std::string shown_device(const std::string& id, const std::map<std::string, std::string>& labels) {
  const auto label = labels.find(id);
  return printable(label == labels.end() ? id.substr(0, 12) : label->second);
}

Result<Json> find_device(const Json& answer, const std::string& name) {
  TRY(devices, answer.array_at("devices"));
  std::vector<Json> found;
  for (const Json& device : *devices) {
    TRY(id, device.string_at("device"));
    const bool by_id = name.size() >= kLeastId && id.starts_with(name);
    if (label_of(device) == name || by_id) found.push_back(device);
  }
  if (found.empty()) return make_error(ErrorCode::kNotFound, "no device is called \"" + name + "\" (caretaker device list)");
  if (found.size() == 1) return found.front();
  return make_error(ErrorCode::kConflict, "several devices are called \"" + name + "\": give the beginning of the id instead");
}

Result<Json> ask_device(Desk& desk, const std::string& name, const Clock& clock) {
  TRY(answer, desk.client.ask("devices.list", Json::Object{}, clock));
  return find_device(answer, name);
}

}  // namespace caretaker::agent
