// What goes to the server and what it says about it.
#include "agent/guard/event_store.h"
#include "agent/guard/event_store_state.h"
#include "platform/base/log.h"
#include "sync/limits.h"

namespace caretaker::agent {
namespace {

// Of an entry in the request: its body and about 500 bytes around it are in base64 twice (payload, envelope); the
// sealed part stands beside them as it is.
std::size_t request_bytes(const EntryRow& row) {
  return (row.entry.body.size() * 4 / 3 + 600) * 16 / 9 + row.sealed.size() + 32;
}

constexpr MonotonicMs kBetweenEpochsMs = 86'400'000;

struct Limits {
  std::size_t entries = 0;
  std::size_t bytes = 0;
};

OutgoingBatch empty_batch(const EventStoreSettings& settings, const EpochRow& epoch, bool is_stuck) {
  OutgoingBatch out;
  out.batch.school = settings.school;
  out.batch.device = settings.device;
  out.batch.epoch = epoch.id;
  out.batch.seq_from = epoch.acknowledged.seq + 1;
  out.batch.seq_to = epoch.acknowledged.seq;
  out.batch.prev = out.batch.head = epoch.acknowledged.link;
  out.last_receipt = epoch.receipt;
  if (out.batch.seq_from == 1 || is_stuck) out.batch.epoch_start = epoch.start;
  return out;
}

// The server takes no event without the sealed part that it names, so a part that is gone or altered must stop here
// too.
Status add_sealed(OutgoingBatch& out, EntryRow& row) {
  TRY(sealed, sealed_part(row));
  if (!sealed) return ok();
  row.entry.sealed = hash(sync::make_sealed_json(*sealed));
  out.sealed.emplace(row.entry.to, std::move(*sealed));
  return ok();
}

// The link is computed anew: an entry that is not what was linked must stop here, not at the server.
Status add_to_batch(OutgoingBatch& out, EntryRow& row) {
  const sync::ChainHead before{out.batch.seq_to, out.batch.head};
  const bool is_stub = row.entry.is_stub();
  const sync::ChainHead head =
      is_stub ? sync::ChainHead{row.entry.to, row.entry.link} : sync::next_head(before, row.entry.body);
  if (row.entry.from != before.seq + 1 || head != sync::ChainHead{row.entry.to, row.entry.link}) {
    return make_error(ErrorCode::kDamaged, "the chain is broken at seq " + std::to_string(row.entry.from));
  }
  TRY_DONE(add_sealed(out, row));
  out.batch.seq_to = head.seq;
  out.batch.head = head.link;
  out.batch.entries.push_back(std::move(row.entry));
  if (!is_stub) out.batch.entries.back().link = Hash{};  // does not travel: the other side computes it
  return ok();
}

Status fill_batch(OutgoingBatch& out, EventRows& rows, const EpochRow& epoch, const Limits& limits) {
  TRY(waiting, rows.entries(epoch.number, out.batch.seq_from, limits.entries));
  std::size_t bytes = 0;
  for (EntryRow& row : waiting) {
    bytes += request_bytes(row);
    const bool too_long = row.entry.to >= out.batch.seq_from + sync::kMaxStubSpan;  // the server walks no further
    if (!out.batch.entries.empty() && (bytes > limits.bytes || too_long)) return ok();
    TRY_DONE(add_to_batch(out, row));
    if (out.batch.seq_to == epoch.offered_seq) return ok();
  }
  return ok();
}

bool has_unsent(const EpochRow& epoch) {
  return epoch.acknowledged.seq < epoch.head.seq;
}

// Oldest first; those that the server does not take now come last.
EpochRow& next_epoch(std::vector<EpochRow>& epochs, const std::set<sync::EpochId>& deferred) {
  EpochRow* waiting = nullptr;
  for (EpochRow& epoch : epochs) {
    if (!has_unsent(epoch)) continue;
    if (!deferred.contains(epoch.id)) return epoch;
    if (waiting == nullptr) waiting = &epoch;
  }
  return waiting == nullptr ? epochs.back() : *waiting;
}

Error not_ours(const char* what) {
  return make_error(ErrorCode::kConflict, std::string("not about this book: ") + what);
}

}  // namespace

Result<OutgoingBatch> EventStore::next_batch(std::size_t max_events, std::size_t max_bytes) {
  EpochRow& epoch = next_epoch(state_->epochs, state_->deferred);
  OutgoingBatch out = empty_batch(state_->settings, epoch, state_->stuck.contains(epoch.id));
  const Limits limits{std::clamp<std::size_t>(max_events, 1, sync::kMaxBatchEntries), max_bytes};
  if (has_unsent(epoch)) TRY_DONE(state_->noted(fill_batch(out, state_->rows, epoch, limits)));
  if (out.batch.seq_to > epoch.offered_seq) {
    // Without this note, all that may happen is that a stub runs across the end of this batch.
    const auto noted = state_->noted(state_->rows.set_offered(epoch.number, out.batch.seq_to));
    if (!noted) log_warning("events", noted.error().message);
    epoch.offered_seq = out.batch.seq_to;
  }
  for (const EpochRow& other : state_->epochs) {
    out.more = out.more || (other.id == epoch.id ? out.batch.seq_to < epoch.head.seq : has_unsent(other));
  }
  return out;
}

// What of `epoch` a receipt covers. kConflict: its link is not ours; kStale: nothing new.
Result<sync::ChainHead> EventStore::State::covered(const EpochRow& epoch, const sync::ChainHead& stored) {
  if (stored.seq < epoch.acknowledged.seq) return make_error(ErrorCode::kStale, "an earlier receipt said more");
  if (stored.seq > epoch.head.seq) return epoch.head;  // this book was rolled back: the server has all of it
  if (stored.seq == epoch.acknowledged.seq) {
    return stored == epoch.acknowledged ? Result<sync::ChainHead>(stored) : not_ours("link");
  }
  TRY(end, rows.end_before(epoch.number, stored.seq));
  if (!end || end->seq < stored.seq) return make_error(ErrorCode::kStale, "it ends within a stub that was made since");
  return *end == stored ? Result<sync::ChainHead>(stored) : not_ours("link");
}

Status EventStore::acknowledge(const sync::Receipt& receipt, ByteView envelope) {
  if (receipt.school != state_->settings.school || receipt.device != state_->settings.device) return not_ours("device");
  EpochRow* epoch = state_->find_epoch(receipt.epoch);
  if (epoch == nullptr) return not_ours("epoch");
  if (receipt.head.seq > epoch->head.seq && epoch == &state_->current()) {
    TRY_DONE(begin_epoch("rollback"));
    epoch = state_->find_epoch(receipt.epoch);  // the row may have moved
  }
  TRY(ours, state_->noted(state_->covered(*epoch, receipt.head)));
  const UnixSeconds now = state_->clock.now();
  TRY_DONE(
      state_->noted(state_->with_room([&] { return state_->rows.acknowledge(epoch->number, ours, now, envelope); })));
  state_->stuck.erase(epoch->id);
  epoch->acknowledged = ours;
  epoch->receipt = to_bytes(envelope);
  epoch->receipt_time = now;
  return state_->noted(state_->count_use());
}

Result<bool> EventStore::rewind(const sync::EpochId& id, const sync::ChainHead& expected) {
  EpochRow* epoch = state_->find_epoch(id);
  if (epoch == nullptr) return not_ours("epoch");
  if (expected.seq > epoch->head.seq) return not_ours("seq");
  sync::ChainHead ours = sync::first_head(state_->settings.school, state_->settings.device, id);
  if (expected.seq > 0) {
    TRY(end, state_->noted(state_->rows.end_before(epoch->number, expected.seq)));
    if (end) ours = *end;
  }
  if (ours.seq == expected.seq && ours.link != expected.link) {
    state_->stuck.insert(id);
    return not_ours("link");
  }
  if (ours.seq >= epoch->acknowledged.seq) return has_unsent(*epoch);
  TRY_DONE(state_->noted(state_->with_room([&] { return state_->rows.rewind(epoch->number, ours); })));
  epoch->acknowledged = ours;
  epoch->offered_seq = 0;
  TRY_DONE(state_->noted(state_->count_use()));
  return true;
}

Status EventStore::defer(const sync::EpochId& epoch, const std::string& reason) {
  state_->deferred.insert(epoch);
  if (epoch != state_->current().id || state_->clock.monotonic_ms() < state_->next_begin) return ok();
  TRY_DONE(begin_epoch(reason));
  state_->next_begin = state_->clock.monotonic_ms() + kBetweenEpochsMs;
  return ok();
}

}  // namespace caretaker::agent
