#include "sync/server/decide_batch.h"

namespace caretaker::server {
namespace {

sync::ChainHead after(const sync::ChainHead& head, const sync::ChainEntry& entry) {
  return entry.is_stub() ? sync::ChainHead{entry.to, entry.link} : sync::next_head(head, entry.body);
}

BatchDecision simple(BatchFit fit, std::optional<sync::ChainHead> agreed = std::nullopt) {
  return {.fit = fit, .entries = {}, .from = {}, .taken = {}, .hole = {}, .agreed = agreed};
}

BatchDecision verified(const sync::ChainHead& from, const sync::RatchetKey& key, std::vector<sync::ChainEntry> entries,
                       const sync::Batch& batch) {
  auto taken = sync::verify_chain(from, key, entries);
  const bool good = taken && taken->head == sync::ChainHead{batch.seq_to, batch.head};
  if (!good) return simple(BatchFit::kChain);
  return {.fit = BatchFit::kTake, .entries = std::move(entries), .from = from, .taken = *std::move(taken), .hole = {}, .agreed = {}};
}

// The batch begins at or before our next event: walk its links up to where we stand, and compare wherever we have one.
BatchDecision decide_overlap(const HeldEpoch& held, const sync::Batch& batch, const std::map<std::uint64_t, Hash>& known) {
  sync::ChainHead at{batch.seq_from - 1, batch.prev};
  std::optional<sync::ChainHead> agreed;
  std::size_t next = 0;
  while (true) {
    const auto ours = known.find(at.seq);
    const Hash* link = at.seq == held.head.seq ? &held.head.link : ours != known.end() ? &ours->second : nullptr;
    if (link && *link != at.link) return simple(BatchFit::kFork, agreed);
    if (link) agreed = at;
    if (next == batch.entries.size() || batch.entries[next].to > held.head.seq) break;
    at = after(at, batch.entries[next++]);
  }
  if (next == batch.entries.size()) {
    if (at.link != batch.head) return simple(BatchFit::kFork, agreed);
    return agreed == at || batch.entries.empty() ? simple(BatchFit::kKnown) : simple(BatchFit::kOvertaken, agreed);
  }
  std::vector<sync::ChainEntry> fresh(batch.entries.begin() + static_cast<std::ptrdiff_t>(next), batch.entries.end());
  fresh.front().from = held.head.seq + 1;  // a stub may stand for events of which we got some before they were dropped
  auto decision = verified(held.head, held.next_key, std::move(fresh), batch);
  if (decision.fit == BatchFit::kChain) decision.agreed = agreed;
  return decision;
}

// Does the receipt agree with the batch wherever both speak of the same link?
bool agrees(const sync::Receipt& proof, const sync::Batch& batch) {
  sync::ChainHead at{batch.seq_from - 1, batch.prev};
  if (at.seq == proof.head.seq) return at.link == proof.head.link;
  for (const auto& entry : batch.entries) {
    at = after(at, entry);
    if (at.seq == proof.head.seq) return at.link == proof.head.link;
  }
  return true;
}

BatchDecision decide_gap(const HeldEpoch& held, const sync::Batch& batch, const std::optional<sync::Receipt>& proof) {
  const std::uint64_t before = batch.seq_from - 1;
  // The epoch's start says that the device has heard us and has nothing earlier; without it, our answer may have been lost.
  const bool ours = held.asked && batch.epoch_start && proof && proof->head.seq >= before && !batch.entries.empty();
  if (!ours) return simple(BatchFit::kGap);
  if (!agrees(*proof, batch)) return simple(BatchFit::kFork);
  sync::RatchetKey key = held.next_key;
  if (!sync::advance_to(key, batch.seq_from, sync::kMaxStubSpan)) return simple(BatchFit::kGap);
  auto decision = verified({before, batch.prev}, key, batch.entries, batch);
  decision.hole = {held.head.seq + 1, before};
  return decision;
}

}  // namespace

BatchDecision decide_batch(const HeldEpoch& held, const sync::Batch& batch, const std::map<std::uint64_t, Hash>& known,
                           const std::optional<sync::Receipt>& proof) {
  if (batch.seq_from - 1 > held.head.seq) return decide_gap(held, batch, proof);
  return decide_overlap(held, batch, known);
}

}  // namespace caretaker::server
