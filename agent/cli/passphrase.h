// A person's passphrase and keys, for the commands that sign or open.
#pragma once

#include <filesystem>
#include <string>

#include "sync/key_file.h"

namespace caretaker::agent {

// First line of `file`, or asked for on the terminal when `file` is empty. Never empty.
[[nodiscard]] Result<std::string> read_passphrase(const std::filesystem::path& file, const std::string& holder);
// The same for a new key: on the terminal it is asked for twice. A weak one (passphrase_strength.h) is refused, and why is said.
[[nodiscard]] Result<std::string> choose_passphrase(const std::filesystem::path& file, const std::string& holder);

// Opens a key file with the passphrase from `passphrase_file` or the terminal.
[[nodiscard]] Result<sync::PersonKey> open_person(const std::filesystem::path& key_file,
                                                  const std::filesystem::path& passphrase_file);

}  // namespace caretaker::agent
