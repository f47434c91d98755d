// What was promised to whom, and what was done to them that may excuse a loss: what the world is measured by. The first
// broken promise is kept.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sync/batch.h"

namespace caretaker::sim {

using EpochOf = std::pair<sync::DeviceId, sync::EpochId>;

// An event whose append returned ok.
struct Told {
  std::uint64_t number = 0;  // its rule is "s<number>"
  sync::DeviceId device{};
  sync::EpochId epoch{};
  std::uint64_t seq = 0;    // 0: nobody can tell
  bool is_excused = false;  // the disk that it was on was put back, damaged, or copied
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
  // What was told of this device since its number `since`.
  void excuse_since(const sync::DeviceId& device, std::uint64_t since);
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

  void note_fork(const EpochOf& epoch) { forks_.insert(epoch), excused_.insert(epoch); }
  [[nodiscard]] const std::set<EpochOf>& forks() const { return forks_; }
  // The book was near its quota, its disk full or its acknowledged entries old: stubs may stand for events.
  void note_pressure(const sync::DeviceId& device) { pressed_.insert(device); }
  [[nodiscard]] bool had_pressure(const sync::DeviceId& device) const { return pressed_.contains(device); }

 private:
  std::vector<Told> told_;
  std::set<EpochOf> excused_;
  std::set<EpochOf> forks_;
  std::set<sync::DeviceId> pressed_;
  Receipts receipts_;
  bool server_was_restored_ = false;
  std::optional<std::string> broken_;
};

}  // namespace caretaker::sim
