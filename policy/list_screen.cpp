#include "policy/list_screen.h"

#include <algorithm>

#include "policy/domain_name.h"

namespace caretaker::policy {

ListScreen::WatchedNames::value_type& ListScreen::watch(std::string_view name) {
  const auto found = watched_.find(name);
  return found != watched_.end() ? *found : *watched_.emplace(name, Watched{}).first;
}

template <typename Test>
std::vector<std::string> ListScreen::watched_that(Test test) const {
  std::vector<std::string> names;
  for (const auto& [name, watched] : watched_) {
    if (test(name, watched)) names.push_back(name);
  }
  std::ranges::sort(names);
  return names;
}

void ListScreen::watch_with_parents(std::string_view name) {
  for_each_suffix(name, [this](std::string_view suffix) {
    watch(suffix);
    return true;
  });
}

void ListScreen::watch_popular(std::string_view name) {
  watch_with_parents(name);
  popular_.push_back(&watch(name).first);
}

void ListScreen::watch_allowed(std::string_view name) {
  watch_with_parents(name);
  watch(name).second.allowed = true;
}

void ListScreen::release(std::string_view name) { watch(name).second.released = true; }
void ListScreen::keep(std::string_view name) { watch(name).second.kept = true; }

ListScreen::Judgement ListScreen::judge(std::string_view name, int category, bool locked) {
  const auto found = watched_.find(name);
  if (found != watched_.end()) found->second.listed = true;
  if (is_public_suffix(name)) return Judgement::kPublicSuffix;
  if (found == watched_.end()) return Judgement::kTake;
  if (found->second.released && !locked) return Judgement::kReleased;
  found->second.categories |= std::uint64_t{1} << category;
  found->second.locked = found->second.locked || locked;
  return Judgement::kTake;
}

std::vector<Finding> ListScreen::undecided() const {
  std::vector<Finding> findings;
  std::unordered_map<std::string_view, std::size_t> by_rule;
  for (std::size_t i = 0; i < popular_.size(); ++i) {
    for_each_suffix(*popular_[i], [&](std::string_view suffix) {
      const auto rule = watched_.find(suffix);
      if (rule == watched_.end() || rule->second.categories == 0 || rule->second.kept) return true;
      const auto [at, is_new] = by_rule.try_emplace(rule->first, findings.size());
      if (is_new) findings.push_back({rule->first, rule->second.categories, *popular_[i], static_cast<std::uint32_t>(i + 1), 0});
      ++findings[at->second].names;
      return true;
    });
  }
  return findings;
}

std::vector<std::string> ListScreen::idle_decisions() const {
  return watched_that([](std::string_view, const Watched& watched) { return (watched.released || watched.kept) && !watched.listed; });
}

std::vector<std::string> ListScreen::locked_anyway() const {
  return watched_that([](std::string_view, const Watched& watched) { return (watched.released || watched.allowed) && watched.locked; });
}

std::vector<std::string> ListScreen::collisions(const SetView& set) const {
  return watched_that([&set](std::string_view name, const Watched& watched) {
    return watched.categories == 0 && set.categories_of(name) != std::uint64_t{0};
  });
}

}  // namespace caretaker::policy
