#include "policy/policy_programs.h"

#include <array>

#include "policy/policy_words.h"

namespace caretaker::policy {
namespace {

constexpr std::array<std::string_view, 1> kKeys = {"downloads"};

}  // namespace

Downloads read_downloads(const Section& group) {
  const auto programs = group.section("programs");
  if (!programs) return Downloads::kDeny;
  programs->allow_only(kKeys);
  return programs->choice<Downloads>("downloads", kDownloadsWords).value_or(Downloads::kDeny);
}

}  // namespace caretaker::policy
