#include "tests/sim/disk.h"

#include <algorithm>
#include <cerrno>
#include <set>

namespace caretaker::sim {
namespace {

constexpr std::uint64_t kSector = 512;
constexpr std::uint64_t kCapacity = 1u << 30;

std::map<std::string, Disk*>& disks() {
  static std::map<std::string, Disk*> all;
  return all;
}

std::string folder_of(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

void undo(File& file, const Change& change) {
  if (file.bytes.size() < change.at + change.before.size()) file.bytes.resize(change.at + change.before.size());
  std::copy(change.before.begin(), change.before.end(), file.bytes.begin() + static_cast<std::ptrdiff_t>(change.at));
  file.bytes.resize(change.size_before);
}

}  // namespace

Disk::Disk(std::string name, Random& random, Trace& trace)
    : name_(std::move(name)), root_("/sim/" + name_ + "/"), random_(random), trace_(trace) {
  disks()[root_] = this;
}

Disk::~Disk() {
  disks().erase(root_);
}

Disk* Disk::of(const std::string& path) {
  if (!path.starts_with("/sim/")) return nullptr;
  for (const auto& [root, disk] : disks()) {
    if ((path + "/").starts_with(root)) return disk;
  }
  return nullptr;
}

int Disk::begin(Kind kind) {
  if (dead_) return EIO;
  ++operations_;
  if (failing_ == 0) return 0;
  --failing_;
  if (kind == Kind::kName || random_.below(3) != 0) return 0;
  had_error_ = true;
  trace_.line(name_, "error " + std::to_string(error_) + " at operation " + std::to_string(operations_));
  return error_;
}

int Disk::end() {
  if (cut_in_ > 0 && --cut_in_ == 0) {
    cut_power();
    return EIO;
  }
  if (kill_in_ > 0 && --kill_in_ == 0) {
    kill();
    return EIO;
  }
  return 0;
}

std::uint64_t Disk::used() const {
  std::uint64_t sum = 0;
  for (const auto& [path, file] : names_) sum += file->bytes.size();
  return sum;
}

std::uint64_t Disk::free_bytes() const {
  const std::uint64_t limit = full_ ? left_ : kCapacity;
  const std::uint64_t taken = used();
  return limit > taken ? limit - taken : 0;
}

int Disk::room_for(const File& file, std::uint64_t size) const {
  const bool fits = !full_ || size <= file.bytes.size() || size - file.bytes.size() <= free_bytes();
  return fits ? 0 : ENOSPC;
}

int Disk::find(const std::string& path, FilePtr& file) const {
  if (dead_) return EIO;
  const auto found = names_.find(path);
  if (found == names_.end()) return ENOENT;
  file = found->second;
  return 0;
}

int Disk::open(const std::string& path, bool create, FilePtr& file) {
  const int found = find(path, file);
  if (found != ENOENT || !create) return found;
  if (const int error = begin(Kind::kName)) return error;
  file = std::make_shared<File>();
  change_names({{{path, {nullptr, file}}}});
  return end();
}

int Disk::read(const File& file, std::uint64_t at, std::span<std::uint8_t> into, std::size_t& got) {
  if (dead_) return EIO;
  got = at < file.bytes.size() ? std::min<std::size_t>(into.size(), file.bytes.size() - at) : 0;
  std::copy_n(file.bytes.begin() + static_cast<std::ptrdiff_t>(at < file.bytes.size() ? at : 0), got, into.begin());
  return 0;
}

bool Disk::fails_this_read() {
  if (dead_ || fail_read_in_ == 0 || --fail_read_in_ > 0) return false;
  had_error_ = true;
  trace_.line(name_, "a read that fails");
  return true;
}

int Disk::size(const File& file, std::uint64_t& size) const {
  size = file.bytes.size();
  return dead_ ? EIO : 0;
}

int Disk::write(File& file, std::uint64_t at, ByteView bytes) {
  if (const int error = begin(Kind::kWrite)) return error;
  if (const int error = room_for(file, at + bytes.size())) return error;
  Change change{at, to_bytes(bytes), {}, file.bytes.size(), std::max<std::uint64_t>(file.bytes.size(), at + bytes.size())};
  if (at < file.bytes.size()) {
    const auto start = file.bytes.begin() + static_cast<std::ptrdiff_t>(at);
    change.before.assign(start, start + static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(bytes.size(), file.bytes.size() - at)));
  }
  file.bytes.resize(change.size_after);
  std::copy(bytes.begin(), bytes.end(), file.bytes.begin() + static_cast<std::ptrdiff_t>(at));
  file.unsynced.push_back(std::move(change));
  return end();
}

int Disk::resize(File& file, std::uint64_t size) {
  if (const int error = begin(Kind::kWrite)) return error;
  if (const int error = room_for(file, size)) return error;
  Change change{size, {}, {}, file.bytes.size(), size};
  if (size < file.bytes.size()) change.before.assign(file.bytes.begin() + static_cast<std::ptrdiff_t>(size), file.bytes.end());
  file.bytes.resize(size);
  file.unsynced.push_back(std::move(change));
  return end();
}

int Disk::sync(File& file) {
  if (const int error = begin(Kind::kSync)) return error;
  if (const int error = end()) return error;  // before it reached the disk
  if (!lies_) file.unsynced.clear();
  return 0;
}

int Disk::rename(const std::string& from, const std::string& to) {
  FilePtr moved;
  if (const int error = find(from, moved)) return error;
  if (const int error = begin(Kind::kName)) return error;
  FilePtr replaced;
  if (const auto there = names_.find(to); there != names_.end()) replaced = there->second;
  change_names({{{from, {moved, nullptr}}, {to, {replaced, moved}}}});
  return end();
}

int Disk::unlink(const std::string& path) {
  FilePtr gone;
  if (const int error = find(path, gone)) return error;
  if (const int error = begin(Kind::kName)) return error;
  change_names({{{path, {gone, nullptr}}}});
  return end();
}

// A journal brings all names to the disk in the order in which they changed. Without one, those of this folder, and what
// happened before to the names that are changed with them.
int Disk::sync_folder(const std::string& folder) {
  if (const int error = begin(Kind::kSync)) return error;
  if (const int error = end()) return error;
  if (lies_) return 0;
  if (names_in_order_) {
    unsynced_names_.clear();
    return 0;
  }
  std::set<std::string> synced;
  std::vector<NameChange> left;
  for (auto change = unsynced_names_.rbegin(); change != unsynced_names_.rend(); ++change) {
    const bool goes = std::ranges::any_of(change->entries, [&](const auto& entry) {
      return folder_of(entry.first) == folder || synced.contains(entry.first);
    });
    if (!goes) left.insert(left.begin(), *change);
    for (const auto& entry : change->entries) {
      if (goes) synced.insert(entry.first);
    }
  }
  unsynced_names_ = std::move(left);
  return 0;
}

void Disk::apply(const NameChange& change, bool forward) {
  for (const auto& [path, files] : change.entries) {
    const FilePtr& file = forward ? files.second : files.first;
    if (file)
      names_[path] = file;
    else
      names_.erase(path);
  }
}

void Disk::change_names(NameChange change) {
  apply(change, true);
  unsynced_names_.push_back(std::move(change));
}

void Disk::lose_names() {
  for (auto change = unsynced_names_.rbegin(); change != unsynced_names_.rend(); ++change) apply(*change, false);
  const std::uint64_t kept = random_.below(unsynced_names_.size() + 1);
  for (std::size_t i = 0; i < unsynced_names_.size(); ++i) {
    if (names_in_order_ ? i < kept : random_.chance(50)) apply(unsynced_names_[i], true);
  }
  unsynced_names_.clear();
}

// Sector by sector; one that is torn keeps its old end. The file may have grown without what was written there.
void Disk::redo(File& file, const Change& change, unsigned keep_percent) {
  if (change.now.empty()) {
    if (random_.chance(keep_percent)) file.bytes.resize(change.size_after);
    return;
  }
  for (std::uint64_t done = 0; done < change.now.size();) {
    const std::uint64_t at = change.at + done;
    std::uint64_t piece = std::min<std::uint64_t>(kSector - at % kSector, change.now.size() - done);
    const std::uint64_t next = done + piece;
    if (random_.chance(keep_percent)) {
      if (random_.chance(5)) piece = random_.below(piece + 1);
      if (file.bytes.size() < at + piece) file.bytes.resize(at + piece);
      std::copy_n(change.now.begin() + static_cast<std::ptrdiff_t>(done), piece, file.bytes.begin() + static_cast<std::ptrdiff_t>(at));
    }
    done = next;
  }
  if (change.size_after > file.bytes.size() && random_.chance(20)) file.bytes.resize(change.size_after);
}

void Disk::lose_writes(File& file) {
  if (file.unsynced.empty()) return;
  for (auto change = file.unsynced.rbegin(); change != file.unsynced.rend(); ++change) undo(file, *change);
  // Nothing, everything, a beginning, or whatever the disk happened to have written.
  const std::uint64_t mode = random_.below(5);
  const std::uint64_t first = random_.below(file.unsynced.size() + 1);
  for (std::size_t i = 0; i < file.unsynced.size(); ++i) {
    const unsigned percent = mode == 0 ? 0 : mode == 1 ? 100 : mode == 2 ? (i < first ? 100 : 0) : mode == 3 ? 50 : 90;
    if (percent > 0) redo(file, file.unsynced[i], percent);
  }
  file.unsynced.clear();
}

void Disk::cut_power() {
  if (dead_) return;
  dead_ = true;
  std::size_t writes = 0;
  lose_names();
  for (auto& [path, file] : names_) {
    writes += file->unsynced.size();
    lose_writes(*file);
  }
  trace_.line(name_, "power cut at operation " + std::to_string(operations_) + ", " + std::to_string(writes) + " writes unsynced");
}

void Disk::kill() {
  if (dead_) return;
  dead_ = true;
  trace_.line(name_, "killed at operation " + std::to_string(operations_));
}

void Disk::fail_some(std::uint64_t operations, int error) {
  failing_ = operations;
  error_ = error;
}

void Disk::calm() {
  cut_in_ = kill_in_ = failing_ = fail_read_in_ = 0;
  full_ = false;
}

void Disk::start_again() {
  dead_ = false;
  cut_in_ = kill_in_ = 0;
}

Disk::Image Disk::image() const {
  Image out;
  for (const auto& [path, file] : names_) out[path.substr(root_.size())] = file->bytes;
  return out;
}

void Disk::put(const Image& image) {
  names_.clear();
  unsynced_names_.clear();
  for (const auto& [below, bytes] : image) names_[root_ + below] = std::make_shared<File>(File{bytes, {}});
}

std::vector<std::string> Disk::names_below(const std::string& folder) const {
  std::vector<std::string> out;
  for (const auto& [path, file] : names_) {
    if (path.starts_with(root_ + folder)) out.push_back(path.substr(root_.size()));
  }
  return out;
}

File* Disk::file(const std::string& below) {
  const auto found = names_.find(root_ + below);
  return found == names_.end() ? nullptr : found->second.get();
}

}  // namespace caretaker::sim
