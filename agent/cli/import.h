// A device without a network takes from a folder (a stick) what others take from the server, at the same door; and the folder is
// made on the technician's machine.
#pragma once

#include <filesystem>
#include <vector>

#include "platform/base/clock.h"
#include "platform/base/result.h"
#include "sync/batch.h"

namespace caretaker::agent {

// roots/N.json, policy.json, lists.json, lists.set, letters/*.json; each may be missing.
struct ImportFolder {
  sync::CheckinAnswer signed_things;  // roots, policy, lists, letters; nothing else of it
  std::filesystem::path set;          // empty: none
};
[[nodiscard]] Result<ImportFolder> read_import_folder(const std::filesystem::path& folder);

struct ExportOptions {
  std::filesystem::path school;
  std::filesystem::path folder;
  std::filesystem::path policy;
  std::filesystem::path lists;
  std::filesystem::path set;
  std::vector<std::filesystem::path> letters;
};
[[nodiscard]] Status run_policy_export(const ExportOptions& options, const Clock& clock);

}  // namespace caretaker::agent
