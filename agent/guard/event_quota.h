// What the book of events gives up when it has no more room. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "sync/event.h"

namespace caretaker::agent {

// The later in this list, the longer an entry stays. The last two may use the reserve.
enum class EventRank : std::uint8_t { kMinor = 0, kMedium = 1, kHigh = 2, kOwn = 3 };

// kOwn: what the guard says about itself and its book ("epoch.", "guard.", "events.", "policy.", "lists.", "root.",
// "receipt.", "enrolment."), whatever its severity.
[[nodiscard]] EventRank event_rank(std::string_view kind, sync::Severity severity);

struct QuotaLimits {
  std::uint64_t max_bytes = 64u << 20;
  std::uint64_t reserve_bytes = 8u << 20;  // of max_bytes; only high severity and the guard's own kinds may use it
};

// Bytes kept or about to be added, with or without a claim to the reserve.
struct QuotaUse {
  std::uint64_t ordinary = 0;
  std::uint64_t reserved = 0;
  void add(EventRank rank, std::uint64_t bytes) { (rank >= EventRank::kHigh ? reserved : ordinary) += bytes; }
};

struct QuotaRow {
  std::int64_t epoch = 0;  // number on this device
  std::uint64_t from = 0;
  std::uint64_t to = 0;
  EventRank rank = EventRank::kMinor;
  bool is_stub = false;
  UnixSeconds acknowledged = 0;  // when; 0: not yet; negative: carried, in the words of event_rows.h
  bool ends_batch =
      false;  // the last one of the batch that was handed out: a receipt may name it, so no stub runs across it
  std::uint64_t bytes = 0;
};

// Entries from..to of one epoch become one stub.
struct StubPlan {
  std::int64_t epoch = 0;
  std::uint64_t from = 0;
  std::uint64_t to = 0;
  friend bool operator==(const StubPlan&, const StubPlan&) = default;
};

// What to drop so that `incoming` fits, and a sixteenth of the limit more, so that this is rarely asked. `rows` in
// order of epoch and seq. First what the server has acknowledged, oldest first; then minor entries, medium ones, and,
// when even the reserve is used up, high ones and the guard's own, each oldest first. The first entry of an epoch
// always stays: with it the epoch can be shown to a server that has forgotten everything. Adjacent stubs become one.
// Empty: all fits.
[[nodiscard]] std::vector<StubPlan> decide_drops(std::span<const QuotaRow> rows, const QuotaUse& incoming,
                                                 const QuotaLimits& limits);

struct EntrySize {
  EventRank rank = EventRank::kMinor;
  std::uint64_t bytes = 0;
};

// How many of `entries`, from the first on, find room beside `use` without anything going for them; at least one, if there is one.
[[nodiscard]] std::size_t how_many_fit(std::span<const EntrySize> entries, QuotaUse use, const QuotaLimits& limits);

// The stubs that stand for the entries of `rows` that are marked in `dropped` (same size), merged with the stubs beside
// them. What is acknowledged, what is carried and what waits never share a stub.
[[nodiscard]] std::vector<StubPlan> plan_stubs(std::span<const QuotaRow> rows, const std::vector<bool>& dropped);

}  // namespace caretaker::agent
