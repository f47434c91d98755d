#include "sync/lists_bounds.h"

#include <algorithm>

#include "sync/checks.h"

namespace caretaker::sync {
namespace {

constexpr std::int64_t kDay = 86'400;
constexpr std::int64_t kMonth = 30 * kDay;
constexpr std::int64_t kAnyAge = 5 * kMonth;
constexpr std::uint64_t kDayParts = 20;   // 5 %
constexpr std::uint64_t kMonthParts = 5;  // 20 %
constexpr std::uint64_t kMonthOfSmall = 4;  // days' worth of small changes

struct DayAndMonth {
  std::uint64_t day = 0;
  std::uint64_t month = 0;
};

// How many days, and times thirty days, count as begun.
DayAndMonth begun_in(std::int64_t age) {
  return {static_cast<std::uint64_t>(std::max<std::int64_t>(1, age / kDay)), static_cast<std::uint64_t>(std::max<std::int64_t>(0, age) / kMonth + 1)};
}

std::uint64_t share(std::uint64_t names, std::uint64_t parts, std::uint64_t times) { return names / parts * times + names % parts * times / parts; }

DayAndMonth shares_of(std::uint64_t names, const DayAndMonth& begun) {
  return {share(names, kDayParts, begun.day), share(names, kMonthParts, begun.month)};
}

std::uint64_t names_in(const ListsManifest& manifest, const std::string& category) {
  const auto found = manifest.categories.find(category);
  return found == manifest.categories.end() ? 0 : found->second.names;
}

// At least so many names changed: the furthest that a count moved, of a category or of all.
std::uint64_t least_change(const ListsManifest& before, const ListsManifest& after) {
  std::uint64_t most = 0;
  const auto compare = [&](const std::string& category) {
    const std::uint64_t a = names_in(before, category);
    const std::uint64_t b = names_in(after, category);
    most = std::max(most, a > b ? a - b : b - a);
  };
  for (const auto& [category, unused] : before.categories) compare(category);
  for (const auto& [category, unused] : after.categories) compare(category);
  const std::uint64_t total = before.names > after.names ? before.names - after.names : after.names - before.names;
  return std::max(most, total);
}

Status check_locked(const ListsManifest& before, const ListsManifest& after) {
  for (const auto& [name, category] : before.categories) {
    if (!category.locked || category.names == 0) continue;
    const auto found = after.categories.find(name);
    if (found == after.categories.end() || !found->second.locked || found->second.names == 0) {
      return refuse(Check::kLockedEmptied, name);
    }
  }
  if (before.locked_names > 0 && after.locked_names == 0) return refuse(Check::kLockedEmptied);
  return ok();
}

UnixSeconds when(const ListsChange& change, UnixSeconds now) { return std::min(change.taken, now); }

template <typename Names>
DayAndMonth spent_before(const ListsHistory& history, const ListsChange& next, const Names& names_of) {
  DayAndMonth out;
  for (const ListsChange& change : history.changes) {
    if (change.content == next.content) continue;  // the same, tried before
    const std::int64_t age = next.taken - when(change, next.taken);
    if (age < kDay) out.day += names_of(change);
    if (age < kMonth) out.month += names_of(change);
  }
  return out;
}

Status judge(const std::string& what, std::uint64_t changed, const DayAndMonth& spent, const DayAndMonth& bounds) {
  if (changed == 0 || (changed + spent.day <= bounds.day && changed + spent.month <= bounds.month)) return ok();
  const bool by_the_day = changed + spent.day > bounds.day;
  return make_error(ErrorCode::kPermissionDenied,
                    "A4: " + std::to_string(changed + (by_the_day ? spent.day : spent.month)) + " names changed of " + what + " within " +
                        (by_the_day ? "a day" : "thirty days") + ", " + std::to_string(by_the_day ? bounds.day : bounds.month) +
                        " may: that needs a technician's signature too");
}

}  // namespace

std::uint64_t allowed_change(std::uint64_t names, std::int64_t age) {
  if (age >= kAnyAge) return UINT64_MAX;
  const DayAndMonth shares = shares_of(names, begun_in(age));
  return std::min(shares.day, shares.month);
}

Status check_lists_change(const ListsManifest& before, const ListsManifest& after, bool countersigned, std::int64_t age) {
  TRY_DONE(check_locked(before, after));
  if (countersigned) return ok();
  if (before.locked_content != after.locked_content) return refuse(Check::kListsCountersigned, "the locked class");
  if (least_change(before, after) > allowed_change(before.names, age)) return refuse(Check::kListsCountersigned, "names");
  return ok();
}

Status judge_lists_change(const ListsHistory& history, const ListsManifest& before, const ListsChange& next) {
  const std::int64_t age = history.taken == 0 ? 0 : next.taken - std::min(history.taken, next.taken);
  if (age >= kAnyAge) return ok();
  const DayAndMonth begun = begun_in(age);
  const auto of_all = spent_before(history, next, [](const ListsChange& change) { return change.names; });
  TRY_DONE(judge("all lists", next.names, of_all, shares_of(before.names, begun)));
  for (const auto& [category, changed] : next.categories) {
    const DayAndMonth shares = shares_of(names_in(before, category), begun);
    const auto spent = spent_before(history, next, [&name = category](const ListsChange& change) {
      const auto found = change.categories.find(name);
      return found == change.categories.end() ? 0 : found->second;
    });
    const DayAndMonth bounds{std::max(shares.day, kSmallChange * begun.day), std::max(shares.month, kSmallChange * std::max(kMonthOfSmall, begun.day))};
    TRY_DONE(judge("category " + category, changed, spent, bounds));
  }
  return ok();
}

ListsHistory settled(ListsHistory history, UnixSeconds now) {
  history.taken = std::min(history.taken, now);
  for (ListsChange& change : history.changes) change.taken = std::min(change.taken, now);
  return history;
}

ListsHistory with_change(const ListsHistory& history, ListsChange next, bool countersigned) {
  ListsHistory out;
  out.taken = next.taken;
  for (const ListsChange& change : history.changes) {
    if (change.content == next.content || next.taken - when(change, next.taken) >= kMonth) continue;
    out.changes.push_back(change);
    out.changes.back().taken = when(change, next.taken);
  }
  if (!countersigned && next.names > 0) out.changes.push_back(std::move(next));
  return out;
}

}  // namespace caretaker::sync
