#include "sync/server/server_keys.h"

#include <algorithm>

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

Status write_tls(const std::filesystem::path& folder, const TlsIdentity& tls) {
  TRY_DONE(platform::replace_file(folder / "tls.crt", as_bytes(tls.certificate_pem), kOwnerOnly));
  return platform::replace_file(folder / "tls.key", as_bytes(tls.key_pem), kOwnerOnly);
}

Status write_keys(const std::filesystem::path& folder, const ServerKeys& keys) {
  const Json seeds = Json::Object{{"v", 1}, {"sign_seed", to_hex(keys.sign.seed.view())}, {"box_seed", to_hex(keys.box.seed.view())}};
  TRY_DONE(write_tls(folder, keys.tls));
  return platform::replace_file(folder / "server.key", as_bytes(seeds.dump(2)), kOwnerOnly);
}

// A TLS identity that is in nobody's use yet; its pin.
Result<Hash> make_spare(const std::filesystem::path& folder, const std::string& host, UnixSeconds now) {
  TRY(spare, make_tls_identity(host, now));
  TRY_DONE(platform::make_folder(folder, 0700));
  TRY_DONE(write_tls(folder, spare));
  return spare.pin;
}

Status write_public(const std::filesystem::path& folder, Json::Object open) {
  return platform::replace_file(folder / "server-public.json", as_bytes(Json(std::move(open)).dump(2) + "\n"), 0644);
}

Result<Json::Object> read_public(const std::filesystem::path& folder) {
  TRY(bytes, platform::read_file(folder / "server-public.json", kMaxKeyFile));
  TRY(json, parse_json(as_text(bytes)));
  if (json.as_object() == nullptr) return make_error(ErrorCode::kDamaged, "server-public.json is no object");
  return *json.as_object();
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
  TRY(spare_pin, make_spare(folder / "spare", host, clock.now()));
  TRY_DONE(write_public(folder, {{"v", 1},
                                 {"url", url},
                                 {"sign_public", to_hex(keys.sign.public_key)},
                                 {"box_public", to_hex(keys.box.public_key)},
                                 {"tls_pin", to_hex(keys.tls.pin)},
                                 {"tls_spare_pin", to_hex(spare_pin)}}));
  return write_keys(folder, keys);
}

Status switch_tls(const std::filesystem::path& folder, const std::filesystem::path& spare, const std::vector<Hash>& pins_of_root,
                  const Clock& clock) {
  TRY(key_pem, read_text(spare / "tls.key"));
  TRY(certificate_pem, read_text(spare / "tls.crt"));
  TRY(tls, read_tls_identity(std::move(key_pem), std::move(certificate_pem)));
  if (std::find(pins_of_root.begin(), pins_of_root.end(), tls.pin) == pins_of_root.end()) {
    return make_error(ErrorCode::kPermissionDenied, "the school's root does not name this key: no device would speak to the server any more");
  }
  TRY(open, read_public(folder));
  const std::string* url = open["url"].as_string();
  TRY(host, host_of(url == nullptr ? "" : *url));
  TRY_DONE(write_tls(folder, tls));
  TRY(next_spare, make_spare(folder / "spare", host, clock.now()));
  open["tls_pin"] = to_hex(tls.pin);
  open["tls_spare_pin"] = to_hex(next_spare);
  return write_public(folder, std::move(open));
}

Status change_url(const std::filesystem::path& folder, const std::string& url) {
  TRY_DONE(host_of(url));
  TRY(open, read_public(folder));
  open["url"] = url;
  return write_public(folder, std::move(open));
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
