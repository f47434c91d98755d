// The key K of the ratchet in a file of its own, with the index of the entry that it is for. It is not in SQLite, whose WAL
// and free pages would keep old keys. The file has two places and is overwritten where it lies; when sync returns, both hold
// the newest key. (Flash memory, and file systems that copy on write, may still keep old blocks: THREATS.md.)
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "sync/chain.h"

namespace caretaker::agent {

// What one place holds.
struct RatchetState {
  sync::EpochId epoch{};
  sync::RatchetKey next;      // the key for entry next.seq
  sync::ChainHead head;       // the chain before it: head.seq + 1 == next.seq
};

class RatchetFile {
 public:
  explicit RatchetFile(std::filesystem::path path) : path_(std::move(path)) {}

  // The places that are whole, newest first; none when the file is not there or is damaged in both.
  [[nodiscard]] std::vector<RatchetState> read() const;

  // Before a new epoch is committed: its key beside the old one, so that a crash leaves the one that the book then needs.
  [[nodiscard]] Status prepare(const RatchetState& state) const;

  // Durable in both places. A crash in the middle leaves the old key or the new one.
  [[nodiscard]] Status sync(const RatchetState& state) const;

 private:
  std::filesystem::path path_;
};

}  // namespace caretaker::agent
