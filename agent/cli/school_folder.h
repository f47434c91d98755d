// The school's folder on the machine of its people: roots/N.json (envelopes), school.json, keys/, versions.json.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "sync/root.h"

namespace caretaker::agent {

struct School {
  std::filesystem::path folder;
  std::string name;
  sync::SchoolId id{};
  sync::VerifiedRoot root;   // the newest in the folder, every one before it walked
};

// Reads school.json and walks the roots from the pinned one on. kNotFound where there is no school.
[[nodiscard]] Result<School> open_school(const std::filesystem::path& folder);

// The envelopes of all of its roots, from the first on.
[[nodiscard]] Result<std::vector<Bytes>> read_roots(const School& school);

// school.json and roots/1.json of a new school; kConflict where there is one already.
[[nodiscard]] Status make_school(const std::filesystem::path& folder, const sync::VerifiedRoot& root, ByteView root_envelope);
// A root that follows the newest, and what school.json says from now on.
[[nodiscard]] Status add_root(const std::filesystem::path& folder, const sync::VerifiedRoot& root, ByteView envelope);
[[nodiscard]] Status check_no_school(const std::filesystem::path& folder);

// Versions count up from 1 for each of "policy" and "lists"; versions.json keeps the highest that was signed here.
[[nodiscard]] Result<std::int64_t> next_version(const std::filesystem::path& folder, const std::string& kind);
[[nodiscard]] Status keep_version(const std::filesystem::path& folder, const std::string& kind, std::int64_t version);

}  // namespace caretaker::agent
