#include "policy/policy_inspection.h"

#include <array>

#include "policy/policy_words.h"

namespace caretaker::policy {
namespace {

constexpr std::array<std::string_view, 2> kKeys = {"unreadable", "when_down"};

}  // namespace

InspectionRules read_inspection(const Section& root) {
  InspectionRules out;
  const auto section = root.section("inspection");
  if (!section) return out;
  section->allow_only(kKeys);
  out.unreadable = section->choice<Unreadable>("unreadable", kUnreadableWords).value_or(out.unreadable);
  out.when_down = section->choice<Unreadable>("when_down", kUnreadableWords).value_or(out.when_down);
  return out;
}

}  // namespace caretaker::policy
