#include "agent/guard/event_quota.h"

#include <algorithm>
#include <array>

#include "sync/limits.h"

namespace caretaker::agent {
namespace {

constexpr std::array<std::string_view, 8> kOwnKinds = {"epoch.", "guard.", "events.",  "policy.",
                                                       "lists.", "root.",  "receipt.", "enrolment."};

// Bytes still to be freed: of everything, and of what has no claim to the reserve.
struct Need {
  std::int64_t total = 0;
  std::int64_t ordinary = 0;

  void take(const QuotaRow& row) {
    const auto bytes = static_cast<std::int64_t>(row.bytes);
    total -= bytes;
    if (row.rank < EventRank::kHigh) ordinary -= bytes;
  }
  [[nodiscard]] bool wants(const QuotaRow& row) const {
    return total > 0 || (ordinary > 0 && row.rank < EventRank::kHigh);
  }
};

// What the rows that stay and `incoming` come to together.
QuotaUse use_of(std::span<const QuotaRow> rows, const std::vector<bool>& dropped, const QuotaUse& incoming) {
  QuotaUse use = incoming;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!dropped[i]) use.add(rows[i].rank, rows[i].bytes);
  }
  return use;
}

Need need_of(const QuotaUse& use, const QuotaLimits& limits) {
  const auto over = [slack = limits.max_bytes / 16](std::uint64_t used, std::uint64_t limit) {
    return used <= limit ? std::int64_t{0} : static_cast<std::int64_t>(used - limit + slack);
  };
  return {over(use.ordinary + use.reserved, limits.max_bytes),
          over(use.ordinary, limits.max_bytes - limits.reserve_bytes)};
}

bool may_drop(const QuotaRow& row) {
  return !row.is_stub && row.from != 1;
}

int standing(const QuotaRow& row) {
  return (row.acknowledged > 0) - (row.acknowledged < 0);
}

bool may_share_stub(const QuotaRow& before, const QuotaRow& after, std::uint64_t from) {
  return before.epoch == after.epoch && before.to + 1 == after.from && !before.ends_batch &&
         standing(before) == standing(after) && after.to - from < sync::kMaxStubSpan;
}

}  // namespace

EventRank event_rank(std::string_view kind, sync::Severity severity) {
  const bool own =
      std::any_of(kOwnKinds.begin(), kOwnKinds.end(), [&](std::string_view start) { return kind.starts_with(start); });
  if (own) return EventRank::kOwn;
  if (severity == sync::Severity::kHigh) return EventRank::kHigh;
  return severity == sync::Severity::kMedium ? EventRank::kMedium : EventRank::kMinor;
}

std::vector<StubPlan> decide_drops(std::span<const QuotaRow> rows, const QuotaUse& incoming,
                                   const QuotaLimits& limits) {
  std::vector<bool> dropped(rows.size(), false);
  Need need = need_of(use_of(rows, dropped, incoming), limits);
  const auto drop_where = [&](const auto& belongs) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (dropped[i] || !may_drop(rows[i]) || !need.wants(rows[i]) || !belongs(rows[i])) continue;
      dropped[i] = true;
      need.take(rows[i]);
    }
  };
  drop_where([](const QuotaRow& row) { return row.acknowledged != 0; });
  const auto drop_rank = [&](EventRank rank) { drop_where([rank](const QuotaRow& row) { return row.rank == rank; }); };
  drop_rank(EventRank::kMinor);
  drop_rank(EventRank::kMedium);
  // Ordinary entries beyond their share are no reason to give up one that has a claim to the reserve.
  QuotaUse rest = use_of(rows, dropped, incoming);
  rest.ordinary = std::min(rest.ordinary, limits.max_bytes - limits.reserve_bytes);
  need = need_of(rest, limits);
  drop_rank(EventRank::kHigh);
  drop_rank(EventRank::kOwn);
  return plan_stubs(rows, dropped);
}

std::size_t how_many_fit(std::span<const EntrySize> entries, QuotaUse use, const QuotaLimits& limits) {
  std::size_t count = 0;
  for (const EntrySize& entry : entries) {
    use.add(entry.rank, entry.bytes);
    const bool fits = use.ordinary <= limits.max_bytes - limits.reserve_bytes && use.ordinary + use.reserved <= limits.max_bytes;
    if (!fits && count > 0) break;
    ++count;
  }
  return count;
}

std::vector<StubPlan> plan_stubs(std::span<const QuotaRow> rows, const std::vector<bool>& dropped) {
  std::vector<StubPlan> plans;
  for (std::size_t first = 0; first < rows.size();) {
    bool is_needed = dropped[first];
    std::size_t last = first;
    if (is_needed || rows[first].is_stub) {
      while (last + 1 < rows.size() && (dropped[last + 1] || rows[last + 1].is_stub) &&
             may_share_stub(rows[last], rows[last + 1], rows[first].from)) {
        ++last;
        is_needed = is_needed || dropped[last];
      }
    }
    if (is_needed) plans.push_back({rows[first].epoch, rows[first].from, rows[last].to});
    first = last + 1;
  }
  return plans;
}

}  // namespace caretaker::agent
