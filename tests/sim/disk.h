// A disk in memory that forgets: what was written and not synced may be lost, torn or kept when the power goes, each
// piece by itself; so may names that were made, changed or removed before their folder was synced. Errors are errno
// values, 0 is success. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "platform/base/bytes.h"
#include "tests/sim/random.h"
#include "tests/sim/trace.h"

namespace caretaker::sim {

struct Change {
  std::uint64_t at = 0;
  Bytes now;     // empty: the file was cut to `at`
  Bytes before;  // what stood there
  std::uint64_t size_before = 0;
  std::uint64_t size_after = 0;
};

struct File {
  Bytes bytes;
  std::vector<Change> unsynced;  // oldest first
};
using FilePtr = std::shared_ptr<File>;

class Disk {
 public:
  // All paths on it begin with "/sim/<name>/".
  Disk(std::string name, Random& random, Trace& trace);
  ~Disk();
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;
  [[nodiscard]] static Disk* of(const std::string& path);  // nullptr: no simulated one
  [[nodiscard]] std::string path(const std::string& below) const { return root_ + below; }

  // Files.
  [[nodiscard]] int open(const std::string& path, bool create, FilePtr& file);
  [[nodiscard]] int read(const File& file, std::uint64_t at, std::span<std::uint8_t> into, std::size_t& got);
  [[nodiscard]] int write(File& file, std::uint64_t at, ByteView bytes);
  [[nodiscard]] int resize(File& file, std::uint64_t size);
  [[nodiscard]] int sync(File& file);
  [[nodiscard]] int size(const File& file, std::uint64_t& size) const;

  // Names. Only the root is a folder that is there; others need not be made.
  [[nodiscard]] int rename(const std::string& from, const std::string& to);
  [[nodiscard]] int unlink(const std::string& path);
  [[nodiscard]] int sync_folder(const std::string& folder);
  [[nodiscard]] int find(const std::string& path, FilePtr& file) const;
  [[nodiscard]] bool is_root(const std::string& path) const { return path + "/" == root_; }
  [[nodiscard]] std::uint64_t free_bytes() const;

  // Faults. After the power is gone, or the process was killed, everything fails until start_again().
  void cut_power();
  void kill();
  void cut_power_in(std::uint64_t operations) { cut_in_ = operations; }
  void kill_in(std::uint64_t operations) { kill_in_ = operations; }
  void fail_some(std::uint64_t operations, int error);  // of the next ones, about every third fails
  void fail_read_in(std::uint64_t reads) { fail_read_in_ = reads; }  // this one of a database alone, once: a page that is there when asked again
  [[nodiscard]] bool fails_this_read();
  void fill_but(std::uint64_t free) { full_ = true, left_ = free + used(); }
  void make_roomy() { full_ = false; }
  void calm();  // no fault is armed any more
  void lie_about_sync(bool lies) { lies_ = lies; }
  void keep_names_in_order(bool in_order) { names_in_order_ = in_order; }
  [[nodiscard]] bool is_dead() const { return dead_; }
  [[nodiscard]] bool is_full() const { return full_; }
  [[nodiscard]] bool is_troubled() const { return dead_ || failing_ > 0 || full_; }
  [[nodiscard]] bool had_error() const { return had_error_; }
  void forget_errors() { had_error_ = false; }
  void start_again();
  [[nodiscard]] std::uint64_t operations() const { return operations_; }

  // The whole content, synced; only while nobody has a file open.
  using Image = std::map<std::string, Bytes>;
  [[nodiscard]] Image image() const;
  void put(const Image& image);
  [[nodiscard]] std::vector<std::string> names_below(const std::string& folder) const;
  // The bytes of one file, to be spoilt by hand; nullptr: not there.
  [[nodiscard]] File* file(const std::string& below);

 private:
  struct NameChange {
    std::vector<std::pair<std::string, std::pair<FilePtr, FilePtr>>> entries;  // path, before and after
  };
  enum class Kind { kWrite, kSync, kName };
  [[nodiscard]] int begin(Kind kind);
  // After an operation took effect in memory: the power may go now, or the process.
  [[nodiscard]] int end();
  [[nodiscard]] std::uint64_t used() const;
  [[nodiscard]] int room_for(const File& file, std::uint64_t size) const;
  void change_names(NameChange change);
  void apply(const NameChange& change, bool forward);
  void lose_names();
  void lose_writes(File& file);
  void redo(File& file, const Change& change, unsigned keep_percent);

  std::string name_;
  std::string root_;
  Random& random_;
  Trace& trace_;
  std::map<std::string, FilePtr> names_;
  std::vector<NameChange> unsynced_names_;
  bool dead_ = false;
  bool lies_ = false;
  bool names_in_order_ = true;
  bool full_ = false;
  bool had_error_ = false;
  std::uint64_t left_ = 0;       // with full_: bytes that all files together may take
  std::uint64_t cut_in_ = 0;     // 0: not armed
  std::uint64_t kill_in_ = 0;
  std::uint64_t fail_read_in_ = 0;
  std::uint64_t failing_ = 0;    // operations during which some fail
  int error_ = 0;
  std::uint64_t operations_ = 0;
};

}  // namespace caretaker::sim
