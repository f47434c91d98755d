// The file systems whose programs are watched: each that is mounted where process 1 is, and each that a process has mounted for itself in
// a namespace of its own, found when something is started there. One thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "platform/files.h"

namespace caretaker::platform {

class ProgramMarks {
 public:
  // `listener`: the fanotify group, which outlives this. `only`: of what is mounted where process 1 is, these places alone; empty: all.
  [[nodiscard]] static Result<ProgramMarks> open(int listener, const std::vector<std::filesystem::path>& only);
  // Readable (POLLPRI) when the table of mounts has changed.
  [[nodiscard]] int changes() const { return table_.fd(); }
  void add_new();
  // Something is started by this process: if it lives among mounts of its own, these are watched from now on.
  void add_of(std::int32_t pid);

 private:
  ProgramMarks(int listener, OpenFile table, std::uint64_t home, bool all) : listener_(listener), table_(std::move(table)), home_(home), all_(all) {}
  [[nodiscard]] Status mark(const std::string& path) const;

  int listener_;
  OpenFile table_;
  std::uint64_t home_;  // the namespace of that process
  std::string process_;  // whose mounts are the system's
  bool all_;                      // of what is there
  std::set<std::string> known_;  // devices that are there
};

}  // namespace caretaker::platform
