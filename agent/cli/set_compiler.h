// From lists to a compiled set: reads, screens, builds. What it found is returned for the technician to look at.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "agent/cli/list_sources.h"
#include "policy/list_import.h"
#include "policy/list_screen.h"
#include "policy/set_file.h"

namespace caretaker::agent {

struct ReadList {
  ListSource source;
  policy::ListReport report;
  std::uint64_t public_suffixes = 0;  // dropped
  std::uint64_t released = 0;         // dropped, as the technician said
};

struct CompiledSet {
  Bytes file;
  std::vector<policy::Category> categories;  // of the file
  policy::SetView::Content content;
  std::vector<ReadList> lists;
  std::vector<policy::Finding> undecided;
  std::vector<std::string> category_names;  // bit i of a finding's categories is category_names[i]
};

// Shows how far it is; returning false cancels (kUnavailable).
using ShowProgress = std::function<bool(std::string_view what, int percent)>;

// `screen` already watches what it is to watch. kConflict: a watched name collides under this salt.
[[nodiscard]] Result<CompiledSet> compile_set(const std::vector<ListSource>& sources, policy::ListScreen& screen,
                                              std::uint32_t salt_number, const ShowProgress& show);

}  // namespace caretaker::agent
