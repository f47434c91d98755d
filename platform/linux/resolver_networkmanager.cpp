// NetworkManager goes on as it is: it writes resolv.conf or tells systemd-resolved, and what it has learned is read from its own file
// (dns_host.cpp). Only DNS over TLS, which it may ask of systemd-resolved for a connection, is off where the connection says nothing.
#include "platform/files.h"
#include "platform/linux/resolver_mechanisms.h"

namespace caretaker::platform {
namespace {

constexpr std::string_view kSettings =
    "# Made by caretaker-resolver.service at each start, and gone with it.\n[connection-caretaker]\nconnection.dns-over-tls=0\n";
constexpr const char* kFolder = "run/NetworkManager/conf.d";
constexpr const char* kFile = "run/NetworkManager/conf.d/zz-caretaker.conf";

}  // namespace

Status take_network_manager(const std::filesystem::path& root) {
  std::error_code error;
  if (!std::filesystem::exists(root / "usr/sbin/NetworkManager", error)) return ok();
  TRY_DONE(make_folder(root / kFolder, 0755));
  return replace_file(root / kFile, as_bytes(kSettings), 0644);
}

Status restore_network_manager(const std::filesystem::path& root) { return remove_file(root / kFile); }

}  // namespace caretaker::platform
