// The file systems whose programs are watched: each that is mounted where process 1 is, and each that a process has mounted for itself in
// a namespace of its own. Such a namespace is found when something is started there; from then on its table of mounts is watched as well,
// for as long as a process lives in it, since what is mounted there can be reached from outside. One thread.
#pragma once

#include <poll.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "platform/base/clock.h"
#include "platform/files.h"
#include "platform/mount_table.h"

namespace caretaker::platform {

class ProgramMarks {
 public:
  // `listener`: the fanotify group, which outlives this. `only`: of what is mounted where process 1 is, these places alone; empty: all.
  [[nodiscard]] static Result<ProgramMarks> open(int listener, const std::vector<std::filesystem::path>& only);
  // Tables of mounts that may change.
  void add_waits(std::vector<pollfd>& out) const;
  // What poll() said of these, before anything else is called.
  void take_changes(std::span<const pollfd> waits);
  // When time alone is a reason to go after changes; INT64_MAX: it is none.
  [[nodiscard]] MonotonicMs next_look() const;
  // Goes after some of these changes, `beat` between them; true: there are more.
  [[nodiscard]] bool follow_changes(const std::function<void()>& beat);
  // Something is started by this process: if it lives among mounts of its own, these are watched from now on. False: not all can be.
  [[nodiscard]] bool add_of(std::int32_t pid);

 private:
  // A namespace and a root within it, which says what of its mounts can be seen: its number, the root's device and number.
  using Place = std::array<std::uint64_t, 3>;
  struct Others {
    OpenFile table;  // holds the namespace: let go of as soon as no process lives there
    std::int32_t pid = 0;  // one of those that do
    std::uint32_t maker = 0;
    bool is_stale = true;
    bool is_whole = false;  // all of it is watched
    MonotonicMs looked = 0;
  };
  ProgramMarks(int listener, OpenFile table, std::uint64_t home, bool all) : listener_(listener), table_(std::move(table)), home_(home), all_(all) {}
  [[nodiscard]] static std::optional<Place> place_of(std::int32_t pid);
  [[nodiscard]] static bool is_due(const Others& others);  // to be looked at again
  [[nodiscard]] Status mark(const std::string& path) const;
  [[nodiscard]] Status mark_mount(const std::string& root, const Mount& mount) const;
  void add_new();
  void look(Others& others) const;
  [[nodiscard]] bool has_room(std::uint32_t maker) const;
  void forget_dead();

  int listener_;
  OpenFile table_;
  std::uint64_t home_;  // the namespace of that process
  std::string process_;  // whose mounts are the system's
  bool all_;                      // of what is there
  bool is_stale_ = false;
  std::set<std::string> known_;   // devices that are there
  std::set<std::string> hidden_;  // of these, where no path leads: root has put something over them
  std::map<Place, Others> others_;
  MonotonicMs next_sweep_ = 0;
};

}  // namespace caretaker::platform
