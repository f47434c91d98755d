#include "tests/sim/ledger.h"

#include <algorithm>

namespace caretaker::sim {
namespace {

constexpr MonotonicMs kKeepAcknowledgedMs = 14 * 86'400'000ll;

}  // namespace

void Ledger::note_told(Told told) {
  told_.push_back(std::move(told));
}

void Ledger::excuse_since(const sync::DeviceId& device, std::size_t since) {
  for (std::size_t i = since; i < told_.size(); ++i) told_[i].is_excused = told_[i].is_excused || told_[i].device == device;
}

void Ledger::excuse_device(const sync::DeviceId& device) {
  for (const Told& told : told_) {
    if (told.device == device) excused_.insert({device, told.epoch});
  }
}

bool Ledger::is_excused(const Told& told) const {
  return told.is_excused || excused_.contains({told.device, told.epoch});
}

bool Ledger::has_excuses(const sync::DeviceId& device) const {
  return std::ranges::any_of(excused_, [&](const EpochOf& epoch) { return epoch.first == device; });
}

void Ledger::note_refused(const EpochOf& epoch, std::uint64_t seq, bool may_come) {
  auto& refused = refused_.try_emplace(epoch, seq, may_come).first->second;
  refused = {std::min(refused.first, seq), refused.second || may_come};
}

void Ledger::forget_refusals(const sync::DeviceId& device) {
  for (auto& [epoch, refused] : refused_) refused.second = refused.second || epoch.first == device;
}

bool Ledger::has_refused(const sync::DeviceId& device) const {
  return std::ranges::any_of(refused_, [&](const auto& epoch) { return epoch.first.first == device; });
}

void Ledger::note_pressure(const sync::DeviceId& device) {
  for (Told& told : told_) told.was_pressed = told.was_pressed || told.device == device;
}

void Ledger::note_clock_jump(const sync::DeviceId& device) {
  for (Told& told : told_) told.was_dated = told.was_dated || told.device == device;
}

bool Ledger::may_be_stub(const Told& told, MonotonicMs now) const {
  return told.was_pressed || (server_was_restored_ && (told.was_dated || now - told.at >= kKeepAcknowledgedMs));
}

void Ledger::note_receipt(const sync::Receipt& receipt) {
  sync::ChainHead& head = receipts_[{receipt.device, receipt.epoch}];
  if (head.seq == receipt.head.seq && head.seq > 0 && head.link != receipt.head.link) {
    fail("two receipts for seq " + std::to_string(head.seq) + " with different links");
  }
  if (receipt.head.seq >= head.seq) head = receipt.head;
}

void Ledger::put_receipts_back(Receipts receipts) {
  receipts_ = std::move(receipts);
  server_was_restored_ = true;
}

}  // namespace caretaker::sim
