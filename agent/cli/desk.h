// One of the school's people at work: nearly every command of theirs begins so.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "agent/cli/staff_client.h"

namespace caretaker::agent {

// What add_person puts on the command line.
struct PersonOptions {
  std::filesystem::path school;
  std::filesystem::path key;
  std::filesystem::path passphrase_file;
};

struct Desk {
  School school;
  sync::PersonKey key;
  StaffClient client;
};
// Opens the school's folder and the key, asking for its passphrase where no file has it. Nothing is sent yet.
[[nodiscard]] Result<Desk> sit_down(const PersonOptions& options);
[[nodiscard]] Result<Desk> sit_down(const PersonOptions& options, School school);

// The one machine that is meant, of devices.list's answer: by label, or by at least eight digits of its id. kNotFound, kConflict.
[[nodiscard]] Result<Json> find_device(const Json& answer, const std::string& name);
// The same, asked of the server.
[[nodiscard]] Result<Json> ask_device(Desk& desk, const std::string& name, const Clock& clock);
[[nodiscard]] std::string label_of(const Json& device);
// Of all of them by their ids in hex, and how one of these ids is shown: by its label, else by its beginning.
[[nodiscard]] std::map<std::string, std::string> labels_in(const Json& answer);
[[nodiscard]] std::string shown_device(const std::string& id, const std::map<std::string, std::string>& labels);

}  // namespace caretaker::agent
