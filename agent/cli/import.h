// A device without a network takes from a folder (a stick) what others take from the server, at the same door; and the folder is
// made on the technician's machine.
#pragma once

#include <filesystem>
#include <vector>

#include "platform/base/clock.h"
#include "platform/base/result.h"
#include "sync/batch.h"

namespace caretaker::agent {

// What a folder has beside its lists.set: roots/N.json, policy.json, lists.json, letters/*.json; each may be missing. In parcels as large
// as one answer of the server may be, in the order in which a device has to take them: roots, what they speak for, letters.
[[nodiscard]] Result<std::vector<sync::CheckinAnswer>> read_parcels(const std::filesystem::path& folder);

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
