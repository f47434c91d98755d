// systemd-resolved goes on as it is. It asks by plain DNS, which is led to the filter, and does not doubt what the filter answers: a
// name that is blocked or rewritten has no signature that would hold.
#include "platform/files.h"
#include "platform/linux/resolver_mechanisms.h"

namespace caretaker::platform {
namespace {

constexpr std::string_view kSettings =
    "# Made by caretaker-resolver.service at each start, and gone with it.\n[Resolve]\nDNSOverTLS=no\nDNSSEC=no\n";
constexpr const char* kFolder = "run/systemd/resolved.conf.d";
constexpr const char* kFile = "run/systemd/resolved.conf.d/zz-caretaker.conf";

}  // namespace

Status take_resolved(const std::filesystem::path& root) {
  std::error_code error;
  if (!std::filesystem::exists(root / "lib/systemd/systemd-resolved", error)) return ok();
  TRY_DONE(make_folder(root / kFolder, 0755));
  return replace_file(root / kFile, as_bytes(kSettings), 0644);
}

Status restore_resolved(const std::filesystem::path& root) { return remove_file(root / kFile); }

}  // namespace caretaker::platform
