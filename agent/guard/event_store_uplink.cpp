// What goes to the server and what it says about it.
#include "agent/guard/event_store.h"
#include "agent/guard/event_store_state.h"
#include "platform/base/log.h"
#include "sync/limits.h"

#include <algorithm>

namespace caretaker::agent {
namespace {

// Of an entry in the request: its body and about 500 bytes around it are in base64 twice (payload, envelope); the
// sealed part stands beside them as it is.
std::size_t request_bytes(const EntryRow& row) {
  return (row.entry.body.size() * 4 / 3 + 600) * 16 / 9 + row.sealed.size() + 32;
}

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
  TRY(waiting, rows.waiting(epoch.number, out.batch.seq_from, limits.entries));
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

EpochRow& oldest_unsent(std::vector<EpochRow>& epochs, const std::set<sync::EpochId>& left) {
  const auto found = std::find_if(epochs.begin(), epochs.end(), [&](const EpochRow& epoch) { return has_unsent(epoch) && !left.contains(epoch.id); });
  return found == epochs.end() ? epochs.back() : *found;
}

Error not_ours(const char* what) {
  return make_error(ErrorCode::kConflict, std::string("not about this book: ") + what);
}

}  // namespace

Result<OutgoingBatch> EventStore::next_batch(std::size_t max_events, std::size_t max_bytes) {
  const auto left = state_->left;
  for (const sync::EpochId& id : left) {
    if (const auto carried = state_->noted(state_->carry_over(id)); !carried) log_warning("events", carried.error().message);
  }
  EpochRow& epoch = oldest_unsent(state_->epochs, state_->left);
  OutgoingBatch out = empty_batch(state_->settings, epoch, state_->stuck.contains(epoch.id));
  const Limits limits{std::clamp<std::size_t>(max_events, 1, sync::kMaxBatchEntries), max_bytes};
  if (has_unsent(epoch)) TRY_DONE(state_->noted(fill_batch(out, state_->rows, epoch, limits)));
  if (out.batch.seq_to > epoch.offered_seq) {
    // Without this note, all that may happen is that a stub runs across the end of this batch.
    const auto noted = state_->noted(state_->rows.set_offered(epoch.number, out.batch.seq_to));
    if (!noted) log_warning("events", noted.error().message);
    epoch.offered_seq = out.batch.seq_to;
  }
  state_->sent_epoch = epoch.id;
  state_->sent_to = out.batch.seq_to;
  for (const EpochRow& other : state_->epochs) {
    out.more = out.more || (other.id == epoch.id ? out.batch.seq_to < epoch.head.seq : has_unsent(other) && !state_->left.contains(other.id));
  }
  return out;
}

// What the server has of `epoch`, by a receipt for `stored`: that place, or, where it went on otherwise than this book, the end
// of the batch that it had before it when it signed. kStale: nothing new.
Result<sync::ChainHead> EventStore::State::covered(const EpochRow& epoch, const sync::ChainHead& stored) {
  if (stored.seq < epoch.acknowledged.seq) return make_error(ErrorCode::kStale, "an earlier receipt said more");
  if (stored == epoch.acknowledged) return stored;
  TRY(end, rows.end_before(epoch.number, stored.seq));
  if (end == stored) return stored;
  if (sent_epoch == epoch.id && sent_to > epoch.acknowledged.seq) {
    TRY(sent, rows.end_before(epoch.number, sent_to));
    if (sent) return *sent;
  }
  const bool is_inside_stub = stored.seq <= epoch.head.seq && (!end || end->seq < stored.seq);
  if (is_inside_stub) return make_error(ErrorCode::kStale, "it ends within a stub that was made since");
  return epoch.acknowledged;
}

Status EventStore::State::take_receipt(EpochRow& epoch, const sync::ChainHead& place, ByteView envelope) {
  const UnixSeconds time = now();
  std::uint64_t confirmed = 0;
  TRY_DONE(with_room([&]() -> Status {
    TRY(marked, rows.acknowledge(epoch.number, place, time, envelope));
    confirmed = marked;
    return ok();
  }));
  stuck.erase(epoch.id);
  TRY(known, rows.known_after(epoch.number, place));
  epoch.acknowledged = known;
  epoch.receipt = to_bytes(envelope);
  epoch.receipt_time = time;
  use.queued -= std::min(use.queued, confirmed);
  return ok();
}

Status EventStore::acknowledge(const sync::Receipt& receipt, ByteView envelope) {
  if (receipt.school != state_->settings.school || receipt.device != state_->settings.device) return not_ours("device");
  if (envelope.size() > kMaxReceipt) return make_error(ErrorCode::kTooLarge, "a receipt as no server makes one");
  EpochRow* epoch = state_->find_epoch(receipt.epoch);
  if (epoch == nullptr) return not_ours("epoch");
  if (!receipt.problem.empty()) return give_up(receipt, envelope);
  TRY(ours, state_->noted(state_->covered(*epoch, receipt.head)));
  TRY_DONE(state_->noted(state_->take_receipt(*epoch, ours, envelope)));
  // What is left of this epoch the server has yet to compare: it says where they part.
  if (ours == receipt.head || has_unsent(*epoch)) return ok();
  return leave_epoch(receipt.epoch, "rollback");
}

// The server refuses the batch that it has had before it when it signed, and takes nothing after the receipt's head.
Status EventStore::give_up(const sync::Receipt& refusal, ByteView envelope) {
  EpochRow& epoch = *state_->find_epoch(refusal.epoch);
  TRY(end, state_->noted(state_->rows.end_before(epoch.number, refusal.head.seq)));
  if (refusal.head.seq > epoch.acknowledged.seq && end == refusal.head) {
    TRY_DONE(state_->noted(state_->take_receipt(epoch, refusal.head, envelope)));
  }
  return leave_epoch(refusal.epoch, refusal.problem == "chain" ? "damage" : "rollback");
}

Status EventStore::leave_epoch(const sync::EpochId& id, const std::string& reason) {
  State& state = *state_;
  const EpochRow& left = *state.find_epoch(id);
  const bool is_current = id == state.current().id;
  if (!is_current && !has_unsent(left)) return ok();
  if (!state.leaves.take(state.clock.monotonic_ms())) return make_error(ErrorCode::kUnavailable, "the server has refused too much lately");
  if (is_current) {
    const auto known = state.begun_for_server.find(id);
    const bool is_told = known == state.begun_for_server.end() || left.acknowledged.seq > 0;
    const std::uint32_t beginnings = is_told ? 1 : known->second + 1;
    const LastKnown last_known{id, left.head};
    // Of which the server has nothing, of that it is not told: it is to ask for the end of the one before.
    const LastKnown previous = left.acknowledged.seq > 0 ? LastKnown{id, left.acknowledged} : LastKnown{left.start.previous, left.start.previous_head};
    TRY_DONE(state.noted(state.with_room([&] { return state.start_epoch(reason, last_known, previous, beginnings); })));
    state.begun_for_server[state.current().id] = beginnings;
    TRY_DONE(sync_key());
  }
  TRY_DONE(state.noted(state.carry_over(id)));
  std::erase_if(state.begun_for_server, [&](const auto& begun) { return state.find_epoch(begun.first) == nullptr; });
  return ok();
}

Result<bool> EventStore::rewind(const sync::EpochId& id, const sync::ChainHead& expected) {
  EpochRow* epoch = state_->find_epoch(id);
  if (epoch == nullptr) return not_ours("epoch");
  if (expected.seq > epoch->head.seq) return not_ours("seq");
  if (state_->left.contains(id)) TRY_DONE(state_->noted(state_->carry_over(id)));
  sync::ChainHead ours = sync::first_head(state_->settings.school, state_->settings.device, id);
  if (expected.seq > 0) {
    TRY(end, state_->noted(state_->rows.end_before(epoch->number, expected.seq)));
    if (end) ours = *end;
  }
  if (ours.seq == expected.seq && ours.link != expected.link) {
    if (expected.seq > 0) state_->stuck.insert(id);  // how an epoch begins the server knows: another beginning is somebody else's word
    return not_ours("link");
  }
  if (ours.seq >= epoch->acknowledged.seq) return has_unsent(*epoch);
  TRY(known, state_->noted(state_->rows.known_after(epoch->number, ours)));
  const bool is_elsewhere = known != ours;  // all that it asks for has been carried
  const bool is_shown = is_elsewhere && ours.seq == 0 && !state_->shown.contains(id);
  if (is_elsewhere && !is_shown) return has_unsent(*epoch);
  TRY_DONE(state_->noted(state_->with_room([&]() -> Status {
    if (is_shown) TRY_DONE(state_->rows.show_beginning(epoch->number));
    return state_->rows.rewind(epoch->number, ours);
  })));
  if (is_shown) state_->shown.insert(id);
  epoch->acknowledged = ours;
  epoch->offered_seq = 0;
  TRY_DONE(state_->noted(state_->count_use()));
  return true;
}

}  // namespace caretaker::agent
