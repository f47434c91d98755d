#include "platform/nsswitch.h"

#include <catch2/catch.hpp>

#include "platform/files.h"
#include "platform/resolver_settings.h"
#include "tests/unit/platform/temporary_folder.h"

using namespace caretaker;
using namespace caretaker::platform;

namespace {

const std::string kDebian =
    "# /etc/nsswitch.conf\n\npasswd:         files systemd\n"
    "hosts:          files mymachines mdns4_minimal [NOTFOUND=return] resolve [!UNAVAIL=return] dns myhostname\nnetworks:       files\n";
const std::string kTaken =
    "# /etc/nsswitch.conf\n\npasswd:         files systemd\n"
    "hosts:          files mymachines mdns4_minimal [NOTFOUND=return] dns myhostname\nnetworks:       files\n";

std::string text_of(const std::filesystem::path& path) {
  const auto bytes = read_file(path, 65536);
  return bytes ? std::string(as_text(*bytes)) : "(none)";
}

void write(const std::filesystem::path& path, std::string_view text) {
  REQUIRE(make_folder(path.parent_path(), 0755));
  REQUIRE(replace_file(path, as_bytes(text), 0644));
}

}  // namespace

TEST_CASE("nss-resolve goes with its action, and everything else stays to the byte", "[R11]") {
  CHECK(without_nss_resolve(kDebian) == kTaken);
  CHECK(without_nss_resolve(kTaken) == kTaken);
  CHECK(without_nss_resolve("hosts: resolve [!UNAVAIL=return] files") == "hosts: dns files");
  CHECK(without_nss_resolve("  hosts:\tfiles resolve# resolve\n") == "  hosts:\tfiles dns# resolve\n");
  CHECK(without_nss_resolve("hosts: dns resolve resolve [a=b]\n") == "hosts: dns\n");
  for (const char* same : {"", "\n", "hosts:", "hosts: files dns", "#hosts: resolve\n", "passwd: resolve\n", "hosts: [NOTFOUND=return", "hosts: resolver\n"}) {
    CHECK(without_nss_resolve(same) == same);
  }
}

TEST_CASE("what was taken is put back to the byte", "[R11]") {
  TemporaryFolder folder;
  const auto root = folder / "root";
  const auto file = root / "etc/nsswitch.conf";
  write(file, kDebian);
  REQUIRE(take_resolver_settings(root, folder / "kept"));
  REQUIRE(take_resolver_settings(root, folder / "kept"));
  CHECK(text_of(file) == kTaken);
  REQUIRE(restore_resolver_settings(root, folder / "kept"));
  CHECK(text_of(file) == kDebian);
  CHECK(text_of(folder / "kept/nsswitch.conf") == "(none)");
  REQUIRE(restore_resolver_settings(root, folder / "kept"));
  CHECK(text_of(file) == kDebian);
}

TEST_CASE("what another package writes meanwhile is taken again, and what somebody has changed since is left", "[R11]") {
  TemporaryFolder folder;
  const auto root = folder / "root";
  const auto file = root / "etc/nsswitch.conf";
  write(file, kDebian);
  REQUIRE(take_resolver_settings(root, folder / "kept"));
  const std::string other = "hosts: files resolve dns wins\n";
  write(file, other);
  REQUIRE(take_resolver_settings(root, folder / "kept"));
  CHECK(text_of(file) == "hosts: files dns wins\n");
  REQUIRE(restore_resolver_settings(root, folder / "kept"));
  CHECK(text_of(file) == other);
  REQUIRE(take_resolver_settings(root, folder / "kept"));
  write(file, "hosts: files\n");
  REQUIRE(restore_resolver_settings(root, folder / "kept"));
  CHECK(text_of(file) == "hosts: files\n");
}

TEST_CASE("services that are there are told, and told no more afterwards; a machine without any of it is fine", "[R11]") {
  TemporaryFolder folder;
  const auto root = folder / "root";
  REQUIRE(make_folder(root, 0755));
  REQUIRE(take_resolver_settings(root, folder / "kept"));
  write(root / "lib/systemd/systemd-resolved", "");
  write(root / "usr/sbin/NetworkManager", "");
  REQUIRE(take_resolver_settings(root, folder / "kept"));
  CHECK(text_of(root / "run/systemd/resolved.conf.d/zz-caretaker.conf").find("\n[Resolve]\nDNSOverTLS=no\nDNSSEC=no\n") != std::string::npos);
  CHECK(text_of(root / "run/NetworkManager/conf.d/zz-caretaker.conf").find("connection.dns-over-tls=0") != std::string::npos);
  REQUIRE(restore_resolver_settings(root, folder / "kept"));
  CHECK(text_of(root / "run/systemd/resolved.conf.d/zz-caretaker.conf") == "(none)");
  CHECK(text_of(root / "run/NetworkManager/conf.d/zz-caretaker.conf") == "(none)");
}
