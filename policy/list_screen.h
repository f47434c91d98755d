// Public lists are dirty. The screen looks at every name on its way into a set: it drops what would block half the Internet,
// and notes what would block something popular, for the technician to decide. Pure; one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "policy/set_file.h"

namespace caretaker::policy {

// A rule that, obeyed, blocks popular names: its own or names under it.
struct Finding {
  std::string rule;
  std::uint64_t categories = 0;  // of the rule; bit i is category number i of the SetBuilder
  std::string popular;           // the most popular of the names that it blocks
  std::uint32_t rank = 0;        // of that name, from 1
  std::uint32_t names = 0;       // how many popular names it blocks
};

class ListScreen {
 public:
  // First everything that is to be watched. Normalised names.
  void watch_popular(std::string_view name);  // in the order of their rank
  void watch_allowed(std::string_view name);  // a policy's own allow-list
  void release(std::string_view name);        // the technician's decision: this rule is wrong
  void keep(std::string_view name);           // the technician's decision: this rule is right, popular or not

  enum class Judgement {
    kTake,
    kPublicSuffix,  // "co.uk", "duckdns.org": to be dropped
    kReleased,      // to be dropped, unless the category is locked
  };
  // Then every listed name with the number of its category, in any order.
  [[nodiscard]] Judgement judge(std::string_view name, int category, bool locked);

  // Rules taken that block popular names, in order of the names' rank, but for those that were decided to be kept.
  [[nodiscard]] std::vector<Finding> undecided() const;
  // Decisions that no list had a rule for.
  [[nodiscard]] std::vector<std::string> idle_decisions() const;
  // Names that a policy allows or the technician released and that stay blocked: they stand in a locked category.
  [[nodiscard]] std::vector<std::string> locked_anyway() const;
  // Watched names, or parents of them, that the set says it holds though no list does: another salt is needed.
  [[nodiscard]] std::vector<std::string> collisions(const SetView& set) const;

 private:
  struct Watched {
    std::uint64_t categories = 0;  // of the rules taken with exactly this name
    bool released = false;
    bool kept = false;
    bool allowed = false;
    bool listed = false;
    bool locked = false;  // listed in a locked category
  };
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  using WatchedNames = std::unordered_map<std::string, Watched, TextHash, std::equal_to<>>;

  WatchedNames::value_type& watch(std::string_view name);
  void watch_with_parents(std::string_view name);
  template <typename Test>
  [[nodiscard]] std::vector<std::string> watched_that(Test test) const;  // sorted

  WatchedNames watched_;
  std::vector<const std::string*> popular_;  // by rank; keys of watched_
};

}  // namespace caretaker::policy
