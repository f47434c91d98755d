// What was promised to whom, and what was done to them that may excuse a loss: what the world is measured by. The first
// broken promise is kept.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "platform/base/clock.h"
#include "sync/batch.h"

namespace caretaker::sim {

using EpochOf = std::pair<sync::DeviceId, sync::EpochId>;

// An event whose append returned ok.
struct Told {
  std::uint64_t number = 0;  // its rule is "s<number>"
  sync::DeviceId device{};
  sync::EpochId epoch{};
  std::uint64_t seq = 0;
  bool is_sealed = false;     // it has details
  MonotonicMs at = 0;         // true time
  bool is_excused = false;    // the disk that it was on was put back, damaged, or copied
  bool was_pressed = false;   // since then the book was near its quota, or its disk full: a stub may stand for it
  bool was_dated = false;     // since then the device's clock has jumped: if it was acknowledged, it may be old by now
};

class Ledger {
 public:
  void fail(const std::string& what) {
    if (!broken_) broken_ = what;
  }
  [[nodiscard]] const std::optional<std::string>& broken() const { return broken_; }

  void note_told(Told told);
  // Everything of this epoch, and what will still be told of it.
  void excuse_epoch(const EpochOf& epoch) { excused_.insert(epoch); }
  // Every epoch of which anything was told.
  void excuse_device(const sync::DeviceId& device);
  // What was told of this device since so many events had been told. Their numbers say less: a group that failed keeps them until it is stored.
  void excuse_since(const sync::DeviceId& device, std::size_t since);
  [[nodiscard]] bool is_excused(const Told& told) const;
  [[nodiscard]] bool is_excused(const EpochOf& epoch) const { return excused_.contains(epoch); }
  [[nodiscard]] bool has_excuses(const sync::DeviceId& device) const;
  [[nodiscard]] const std::vector<Told>& told() const { return told_; }

  // The server has let a receipt out.
  void note_receipt(const sync::Receipt& receipt);
  using Receipts = std::map<EpochOf, sync::ChainHead>;
  [[nodiscard]] const Receipts& receipts() const { return receipts_; }
  void put_receipts_back(Receipts receipts);  // the server was restored to when it had given these
  [[nodiscard]] bool server_was_restored() const { return server_was_restored_; }

  // What stood in it after `seq` when somebody refused it in the server's name stands in a later epoch as well. `may_come`: the network may still
  // bring it from this one, or another machine with the same disk.
  void note_refused(const EpochOf& epoch, std::uint64_t seq, bool may_come);
  [[nodiscard]] bool was_refused(const EpochOf& epoch, std::uint64_t seq) const {
    return refused_.contains(epoch) && seq > refused_.at(epoch).first;
  }
  [[nodiscard]] bool may_come_twice(const EpochOf& epoch, std::uint64_t seq) const { return was_refused(epoch, seq) && refused_.at(epoch).second; }
  // Its disk is as it was before: it does not know what stands anew, and sends that from where it was.
  void forget_refusals(const sync::DeviceId& device);
  [[nodiscard]] bool has_refused(const sync::DeviceId& device) const;
  void note_fork(const EpochOf& epoch) { forks_.insert(epoch), excused_.insert(epoch); }
  [[nodiscard]] const std::set<EpochOf>& forks() const { return forks_; }
  // Now the book of this device is near its quota, or its disk full: of what it was told so far, stubs may be made.
  void note_pressure(const sync::DeviceId& device);
  void note_clock_jump(const sync::DeviceId& device);
  // What may have become a stub by `now`: by pressure, or acknowledged 14 days ago, by a server that has forgotten it since.
  [[nodiscard]] bool may_be_stub(const Told& told, MonotonicMs now) const;

 private:
  std::vector<Told> told_;
  std::set<EpochOf> excused_;
  std::set<EpochOf> forks_;
  std::map<EpochOf, std::pair<std::uint64_t, bool>> refused_;  // from where, at the earliest, and may it come
  Receipts receipts_;
  bool server_was_restored_ = false;
  std::optional<std::string> broken_;
};

}  // namespace caretaker::sim
