#include <sys/stat.h>

#include <cerrno>

#include "platform/files.h"
#include "platform/linux/posix_error.h"
#include "platform/linux/resolver_mechanisms.h"
#include "platform/nsswitch.h"

namespace caretaker::platform {
namespace {

constexpr std::size_t kMaxFile = 64u << 10;
constexpr unsigned kMode = 0644;

std::filesystem::path file_in(const std::filesystem::path& root) { return root / "etc/nsswitch.conf"; }
std::filesystem::path before_in(const std::filesystem::path& kept) { return kept / "nsswitch.conf"; }

Result<unsigned> mode_of(const std::filesystem::path& path) {
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0) return posix_error(errno, path.string());
  return facts.st_mode & 07777;
}

}  // namespace

Status take_nsswitch(const std::filesystem::path& root, const std::filesystem::path& kept) {
  const auto now = read_file(file_in(root), kMaxFile);
  if (!now) return now.error().code == ErrorCode::kNotFound ? ok() : Status(now.error());
  const std::string ours = without_nss_resolve(as_text(*now));
  if (ours == as_text(*now)) return ok();  // nothing to take out; or it is ours already
  TRY_DONE(make_folder(kept, 0700));
  TRY_DONE(replace_file(before_in(kept), *now, kMode));  // first: what is not kept cannot be put back
  TRY(mode, mode_of(file_in(root)));
  return replace_file(file_in(root), as_bytes(ours), mode);
}

Status restore_nsswitch(const std::filesystem::path& root, const std::filesystem::path& kept) {
  const auto before = read_file(before_in(kept), kMaxFile);
  if (!before) return before.error().code == ErrorCode::kNotFound ? ok() : Status(before.error());
  const auto now = read_file(file_in(root), kMaxFile);
  if (now && as_text(*now) == without_nss_resolve(as_text(*before))) {
    TRY(mode, mode_of(file_in(root)));
    TRY_DONE(replace_file(file_in(root), *before, mode));
  }
  return remove_file(before_in(kept));
}

}  // namespace caretaker::platform
