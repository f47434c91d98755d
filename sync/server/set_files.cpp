#include "sync/server/set_files.h"

#include "platform/base/log.h"

namespace caretaker::server {

std::size_t SetFiles::awaited_size(FleetStore& store, const Hash& file) const {
  auto wanted = store.set_file(file);
  return wanted && *wanted && !(*wanted)->here ? static_cast<std::size_t>((*wanted)->size) : 0;
}

Status SetFiles::accept(FleetStore& store, const Hash& file, ByteView bytes) {
  const std::size_t size = awaited_size(store, file);
  if (size == 0) return make_error(ErrorCode::kNotFound, "no published lists wait for this file");
  if (bytes.size() != size) {
    return make_error(ErrorCode::kInvalidInput, "expected " + std::to_string(size) + " bytes, got " + std::to_string(bytes.size()));
  }
  if (hash(bytes) != file) return make_error(ErrorCode::kUnauthentic, "the file's hash is not the one in the signed lists");
  TRY_DONE(platform::make_folder(folder_, 0700));
  TRY_DONE(platform::replace_file(path(file), bytes, 0600));
  TRY_DONE(store.mark_here(file, true));
  log_info("lists", "set file " + to_hex(file).substr(0, 12) + " is here, " + std::to_string(bytes.size()) + " bytes");
  TRY(old, store.forget_old_files());
  for (const auto& gone : old) TRY_DONE(platform::remove_file(path(gone)));
  return ok();
}

Result<platform::MappedFile> SetFiles::open(FleetStore& store, const Hash& file) const {
  auto opened = platform::open_read_only(path(file));
  // A database without its files (a partial restore): let them be sent again.
  if (!opened && opened.error().code == ErrorCode::kNotFound) TRY_DONE(store.mark_here(file, false));
  if (!opened) return opened.error();
  return platform::MappedFile::map(*opened);
}

}  // namespace caretaker::server
