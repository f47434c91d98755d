// What to do with a batch that a device has signed, given where the server stands. Pure; PROTOCOL.md, "Ingest".
#pragma once

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "sync/batch.h"
#include "sync/server/fleet_store.h"

namespace caretaker::server {

enum class BatchFit {
  kTake,   // `taken` verifies: store it
  kKnown,  // nothing in it is new
  kGap,    // something between us and the batch is missing: say where we stand
  kFork,   // it contradicts what we hold
  kOvertaken,  // it ends inside a stub of ours: late, or from a book that was put back; nothing there can be compared
  kChain,  // its links or tags do not verify: somebody has been at the device's book
};

struct BatchDecision {
  BatchFit fit = BatchFit::kKnown;
  std::vector<sync::ChainEntry> entries;           // kTake: what is new; a stub that reaches back is cut to its new part
  sync::ChainHead from;                            // kTake: the head before them
  std::optional<sync::VerifiedChain> taken;        // kTake: the head and key after them
  std::optional<std::pair<std::uint64_t, std::uint64_t>> hole;  // kTake: what this server once had and has forgotten
  std::optional<sync::ChainHead> agreed;           // kFork, kOvertaken, kChain: so far into the batch it is what we have
};

// `known`: the links that the server holds at the ends of its entries, by seq; those from batch.seq_from - 1 to batch.seq_to
// matter. `proof` is a receipt of our own for this device and epoch. A device that has been told of a gap (held.asked), says by
// its epoch's start that nothing earlier will come, and proves that we had confirmed what is missing is believed: the hole is ours.
[[nodiscard]] BatchDecision decide_batch(const HeldEpoch& held, const sync::Batch& batch, const std::map<std::uint64_t, Hash>& known,
                                         const std::optional<sync::Receipt>& proof);

}  // namespace caretaker::server
