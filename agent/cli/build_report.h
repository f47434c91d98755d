// What `caretaker policy build` says and leaves behind.
#pragma once

#include <set>
#include <string>

#include "agent/cli/set_compiler.h"
#include "platform/base/json.h"
#include "sync/bundle.h"

namespace caretaker::agent {

// lists.json: what the signer adds school, version and times to.
[[nodiscard]] sync::ListsManifest make_manifest(const CompiledSet& compiled);
// lists.sources.json: {category: [{place, names}]}: which lists a category came from. Not signed, stays with the technician.
[[nodiscard]] Json make_sources_json(const CompiledSet& compiled);
// lists.findings.txt: every undecided rule, a line each, as text for people that --keep and --release read too.
[[nodiscard]] std::string make_findings_text(const CompiledSet& compiled);
// What the technician should know beside the set itself.
struct BuildNotes {
  std::vector<std::string> skipped;         // lists not taken, and why
  std::vector<std::string> idle_decisions;  // names of --release and --keep that no list has
  std::vector<std::string> locked_anyway;   // allowed or released names that stay blocked
  std::set<std::string> blocked;            // categories that the policy blocks
};
[[nodiscard]] std::string make_build_summary(const CompiledSet& compiled, const BuildNotes& notes);

}  // namespace caretaker::agent
