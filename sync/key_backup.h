// A person's keys on paper: seven numbered lines that a person can type back in. PROTOCOL.md, "Printed keys". Whoever has the paper
// has the keys: there is no passphrase on it. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sync/key_file.h"

namespace caretaker::sync {

// "1  ABCD EFGH JKMN PQRS  7T": the number, four groups, and two characters that show a slip of the pen in this line.
[[nodiscard]] std::vector<std::string> make_backup_lines(const PersonKey& key);

// One line as somebody typed it: case, spaces and dashes do not matter, O is 0, I and L are 1. kInvalidInput names the line.
struct BackupLine {
  std::size_t number = 0;  // from 1 on
  std::string characters;  // 16 of the alphabet
};
inline constexpr std::size_t kBackupLines = 7;
[[nodiscard]] Result<BackupLine> parse_backup_line(std::string_view line);

// The lines in any order, empty ones left out. kInvalidInput: a line is missing, doubled or wrong; kUnauthentic: each line is right,
// and they are not of one paper.
[[nodiscard]] Result<PersonKey> open_backup(std::string_view text, std::string holder);

}  // namespace caretaker::sync
