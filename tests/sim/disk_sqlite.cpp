// SQLite's own port to the disk, over the simulated one: as its Unix port promises (sectors of 4096 bytes, a write spoils
// nothing beside it) and as it syncs (a new log's folder with its first sync).
#include <sqlite3.h>

#include <cerrno>
#include <cstring>
#include <new>

#include "tests/sim/disk.h"
#include "tests/sim/disk_calls.h"

namespace caretaker::sim {
namespace {

int last_error = 0;

struct OpenDatabase {
  sqlite3_file base;
  Disk* disk;
  FilePtr file;
  std::string path;
  bool sync_folder;
  bool delete_at_end;
  int keep_log;
};

OpenDatabase& of(sqlite3_file* file) {
  return *reinterpret_cast<OpenDatabase*>(file);
}

int failed(int error, int code) {
  last_error = error;
  return error == ENOSPC ? SQLITE_FULL : code;
}

std::string folder_of(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

int close_file(sqlite3_file* file) {
  OpenDatabase& open = of(file);
  int result = 0;
  if (open.delete_at_end) result = open.disk->unlink(open.path);
  open.~OpenDatabase();
  return result == 0 ? SQLITE_OK : SQLITE_IOERR_CLOSE;
}

int read_file(sqlite3_file* file, void* out, int size, sqlite3_int64 at) {
  std::size_t got = 0;
  auto* bytes = static_cast<std::uint8_t*>(out);
  if (of(file).disk->fails_this_read()) return failed(EIO, SQLITE_IOERR_READ);
  const int error = of(file).disk->read(*of(file).file, static_cast<std::uint64_t>(at), {bytes, static_cast<std::size_t>(size)}, got);
  if (error != 0) return failed(error, SQLITE_IOERR_READ);
  if (got == static_cast<std::size_t>(size)) return SQLITE_OK;
  std::memset(bytes + got, 0, static_cast<std::size_t>(size) - got);
  return SQLITE_IOERR_SHORT_READ;
}

int write_file(sqlite3_file* file, const void* in, int size, sqlite3_int64 at) {
  const ByteView bytes{static_cast<const std::uint8_t*>(in), static_cast<std::size_t>(size)};
  const int error = of(file).disk->write(*of(file).file, static_cast<std::uint64_t>(at), bytes);
  return error == 0 ? SQLITE_OK : failed(error, SQLITE_IOERR_WRITE);
}

int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
  const int error = of(file).disk->resize(*of(file).file, static_cast<std::uint64_t>(size));
  return error == 0 ? SQLITE_OK : failed(error, SQLITE_IOERR_TRUNCATE);
}

int sync_file(sqlite3_file* file, int) {
  OpenDatabase& open = of(file);
  if (const int error = open.disk->sync(*open.file)) return failed(error, SQLITE_IOERR_FSYNC);
  if (!open.sync_folder) return SQLITE_OK;
  if (const int error = open.disk->sync_folder(folder_of(open.path))) return failed(error, SQLITE_IOERR_DIR_FSYNC);
  open.sync_folder = false;
  return SQLITE_OK;
}

int size_of_file(sqlite3_file* file, sqlite3_int64* out) {
  std::uint64_t size = 0;
  const int error = of(file).disk->size(*of(file).file, size);
  *out = static_cast<sqlite3_int64>(size);
  return error == 0 ? SQLITE_OK : failed(error, SQLITE_IOERR_FSTAT);
}

int lock_file(sqlite3_file*, int) {
  return SQLITE_OK;  // that only one process runs at a time is the simulation's own business
}

int check_lock(sqlite3_file*, int* out) {
  *out = 0;
  return SQLITE_OK;
}

int control_file(sqlite3_file* file, int what, void* argument) {
  if (what != SQLITE_FCNTL_PERSIST_WAL) return SQLITE_NOTFOUND;
  int& value = *static_cast<int*>(argument);
  if (value < 0)
    value = of(file).keep_log;
  else
    of(file).keep_log = value;
  return SQLITE_OK;
}

int sector_size(sqlite3_file*) {
  return 4096;
}

int device_traits(sqlite3_file*) {
  return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

// Version 1: no shared memory, so that a log needs the exclusive lock that platform/sqlite.h takes.
const sqlite3_io_methods kMethods = {
    1,         close_file,   read_file,     write_file, truncate_file, sync_file, size_of_file, lock_file, lock_file,
    check_lock, control_file, sector_size, device_traits, nullptr,   nullptr,       nullptr,   nullptr,      nullptr, nullptr};

int open_file(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  file->pMethods = nullptr;
  Disk* disk = name == nullptr ? nullptr : Disk::of(name);
  if (disk == nullptr) return SQLITE_CANTOPEN;
  FilePtr opened;
  if (const int error = disk->open(name, (flags & SQLITE_OPEN_CREATE) != 0, opened)) return failed(error, SQLITE_CANTOPEN);
  const bool is_log = (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL)) != 0;
  new (file) OpenDatabase{{&kMethods}, disk, std::move(opened), name, is_log && (flags & SQLITE_OPEN_CREATE) != 0,
                          (flags & SQLITE_OPEN_DELETEONCLOSE) != 0, 0};
  if (out_flags != nullptr) *out_flags = flags;
  return SQLITE_OK;
}

int delete_file(sqlite3_vfs*, const char* name, int sync_folder) {
  Disk* disk = Disk::of(name);
  if (disk == nullptr) return SQLITE_IOERR_DELETE;
  const int error = disk->unlink(name);
  if (error == ENOENT) return SQLITE_IOERR_DELETE_NOENT;
  if (error != 0) return failed(error, SQLITE_IOERR_DELETE);
  if (sync_folder != 0 && disk->sync_folder(folder_of(name)) != 0) return SQLITE_IOERR_DIR_FSYNC;
  return SQLITE_OK;
}

int access_file(sqlite3_vfs*, const char* name, int flags, int* out) {
  FilePtr file;
  Disk* disk = Disk::of(name);
  const bool there = disk != nullptr && disk->find(name, file) == 0;
  *out = there && (flags != SQLITE_ACCESS_EXISTS || !file->bytes.empty()) ? 1 : 0;
  return SQLITE_OK;
}

int full_name(sqlite3_vfs*, const char* name, int size, char* out) {
  sqlite3_snprintf(size, out, "%s", name);
  return SQLITE_OK;
}

int randomness(sqlite3_vfs*, int size, char* out) {
  std::memset(out, 7, static_cast<std::size_t>(size));  // SQLite stretches it; the same in each run
  return size;
}

int sleep_for(sqlite3_vfs*, int microseconds) {
  return microseconds;
}

int current_time(sqlite3_vfs*, double* out) {
  *out = 2460000.5;
  return SQLITE_OK;
}

int error_number(sqlite3_vfs*, int, char*) {
  return last_error;
}

}  // namespace

void install_database_disk() {
  static sqlite3_vfs vfs{1,         sizeof(OpenDatabase), 512,     nullptr, "sim",      nullptr,    open_file,
                         delete_file, access_file,        full_name, nullptr, nullptr,    nullptr,    nullptr,
                         randomness, sleep_for,            current_time, error_number, nullptr, nullptr, nullptr, nullptr};
  sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
  sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  sqlite3_vfs_register(&vfs, 1);
}

void forget_database_randomness() {
  sqlite3_randomness(0, nullptr);
}

}  // namespace caretaker::sim
