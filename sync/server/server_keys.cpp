#include "sync/server/server_keys.h"

#include "platform/base/json.h"
#include "platform/files.h"

namespace caretaker::server {
namespace {

constexpr unsigned kOwnerOnly = 0600;
constexpr std::size_t kMaxKeyFile = 64u << 10;

// "https://host[:port][/...]" -> host, without the brackets of an IPv6 address.
Result<std::string> host_of(std::string_view url) {
  constexpr std::string_view kScheme = "https://";
  if (url.starts_with(kScheme)) {
    std::string_view rest = url.substr(kScheme.size());
    rest = rest.substr(0, rest.find('/'));
    if (rest.starts_with('[') && rest.find(']') != std::string_view::npos) return std::string(rest.substr(1, rest.find(']') - 1));
    rest = rest.substr(0, rest.find(':'));
    if (!rest.empty() && rest.find('[') == std::string_view::npos) return std::string(rest);
  }
  return make_error(ErrorCode::kInvalidInput, "expected an address like https://server.school:8443, got \"" + std::string(url) + "\"");
}

Status write_keys(const std::filesystem::path& folder, const ServerKeys& keys) {
  const Json seeds = Json::Object{{"v", 1}, {"sign_seed", to_hex(keys.sign.seed.view())}, {"box_seed", to_hex(keys.box.seed.view())}};
  TRY_DONE(platform::replace_file(folder / "tls.crt", as_bytes(keys.tls.certificate_pem), kOwnerOnly));
  TRY_DONE(platform::replace_file(folder / "tls.key", as_bytes(keys.tls.key_pem), kOwnerOnly));
  return platform::replace_file(folder / "server.key", as_bytes(seeds.dump(2)), kOwnerOnly);
}

Result<std::string> read_text(const std::filesystem::path& path) {
  TRY(bytes, platform::read_file(path, kMaxKeyFile));
  return std::string(as_text(bytes));
}

}  // namespace

Status make_server_keys(const std::filesystem::path& folder, const std::string& url, const Clock& clock) {
  TRY(host, host_of(url));
  TRY_DONE(platform::make_folder(folder, 0700));
  if (auto held = platform::read_file(folder / "server.key", kMaxKeyFile); held || held.error().code != ErrorCode::kNotFound) {
    return make_error(ErrorCode::kConflict, folder.string() + " has a server's keys already; new ones would lock every device out");
  }
  TRY(tls, make_tls_identity(host, clock.now()));
  const ServerKeys keys{make_signing_key(random_key()), make_box_key(random_key()), std::move(tls)};
  const Json open = Json::Object{{"v", 1},
                                 {"url", url},
                                 {"sign_public", to_hex(keys.sign.public_key)},
                                 {"box_public", to_hex(keys.box.public_key)},
                                 {"tls_pin", to_hex(keys.tls.pin)}};
  TRY_DONE(platform::replace_file(folder / "server-public.json", as_bytes(open.dump(2) + "\n"), 0644));
  return write_keys(folder, keys);
}

Result<ServerKeys> read_server_keys(const std::filesystem::path& folder) {
  auto text = read_text(folder / "server.key");
  if (!text) return text.error().with_context("no server keys (caretaker-server --data DIR init makes them)");
  TRY(json, parse_json(*text));
  TRY(sign_seed, json.hex_array_at<32>("sign_seed"));
  TRY(box_seed, json.hex_array_at<32>("box_seed"));
  TRY(key_pem, read_text(folder / "tls.key"));
  TRY(certificate_pem, read_text(folder / "tls.crt"));
  TRY(tls, read_tls_identity(std::move(key_pem), std::move(certificate_pem)));
  return ServerKeys{make_signing_key(SecretKey(sign_seed)), make_box_key(SecretKey(box_seed)), std::move(tls)};
}

}  // namespace caretaker::server
