// `caretaker key`: one person's keys, on that person's own machine: made, shown, printed, restored, under another passphrase.
#pragma once

#include <filesystem>
#include <string>

#include "platform/base/clock.h"
#include "sync/key_file.h"

namespace caretaker::agent {

struct KeyNewOptions {
  std::filesystem::path out;              // NAME.key; the public half goes beside it as NAME.public
  std::string holder;
  std::filesystem::path passphrase_file;  // empty: it is asked for
  std::filesystem::path backup;           // page to print; empty: none
  PasswordCost cost;
};
[[nodiscard]] Status run_key_new(const KeyNewOptions& options, const Clock& clock);

struct KeyShowOptions {
  std::filesystem::path key;  // or a .public file
};
[[nodiscard]] Status run_key_show(const KeyShowOptions& options, const Clock& clock);

struct KeyBackupOptions {
  std::filesystem::path key;
  std::filesystem::path passphrase_file;
  std::filesystem::path out;
};
[[nodiscard]] Status run_key_backup(const KeyBackupOptions& options, const Clock& clock);

struct KeyRestoreOptions {
  std::filesystem::path out;
  std::string holder;
  std::filesystem::path from;  // text with the seven lines; empty: they are asked for, one by one
  std::filesystem::path passphrase_file;
  PasswordCost cost;
};
[[nodiscard]] Status run_key_restore(const KeyRestoreOptions& options, const Clock& clock);

struct KeyPassphraseOptions {
  std::filesystem::path key;
  std::filesystem::path passphrase_file;
  std::filesystem::path new_passphrase_file;
  PasswordCost cost;
};
[[nodiscard]] Status run_key_passphrase(const KeyPassphraseOptions& options, const Clock& clock);

// The page that is printed, as HTML with no script and nothing from elsewhere. Whoever reads it has the key. Pure.
[[nodiscard]] std::string make_key_page(const sync::PersonKey& key, const std::string& school, const std::string& what, UnixSeconds now);

}  // namespace caretaker::agent
