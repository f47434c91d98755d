// The key K of the ratchet in a file of its own, with the index of the entry that it is for. It is not in SQLite, whose
// WAL and free pages would keep old keys. The file has two places and is overwritten where it lies; when sync()
// returns, both hold the newest key. (Flash memory, and file systems that copy on write, may still keep old blocks:
// THREATS.md.)
#pragma once

#include <filesystem>
#include <vector>

#include "sync/chain.h"

namespace caretaker::agent {

struct RatchetState {
  sync::EpochId epoch{};
  sync::RatchetKey next;  // the key for the entry after `head`: next.seq == head.seq + 1
  Hash link{};            // of the entry before
  [[nodiscard]] sync::ChainHead head() const { return {next.seq - 1, link}; }
};

class RatchetFile {
 public:
  explicit RatchetFile(std::filesystem::path path) : path_(std::move(path)) {}

  // What the places hold that are whole; nothing when the file is not there or is damaged in both.
  [[nodiscard]] std::vector<RatchetState> read() const;

  // Before a new epoch is committed: its key in one place, the newest key of `current` left in the other, so that the
  // book finds its key whether the commit happens or not.
  [[nodiscard]] Status prepare(const RatchetState& state, const sync::EpochId& current) const;

  // Durable in both places. A crash in the middle leaves the old key in one and the new one in the other.
  [[nodiscard]] Status sync(const RatchetState& state) const;

 private:
  [[nodiscard]] Status make() const;
  [[nodiscard]] Status write(std::size_t place, const RatchetState& state) const;

  std::filesystem::path path_;
};

}  // namespace caretaker::agent
