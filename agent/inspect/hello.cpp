#include "agent/inspect/hello.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "platform/base/text.h"

namespace caretaker::agent {
namespace {

constexpr std::uint8_t kHandshakeRecord = 22;
constexpr std::uint8_t kClientHello = 1;
constexpr std::uint16_t kServerName = 0;
constexpr std::uint16_t kEncryptedHello = 0xfe0d;
constexpr std::size_t kRecordHeader = 5;
constexpr std::size_t kMaxRecord = 16'384;
constexpr std::size_t kMaxHead = 16u << 10;  // of an HTTP request
constexpr std::array<std::string_view, 18> kMethods = {"GET ",      "POST ",      "HEAD ",  "PUT ",  "DELETE ", "OPTIONS ", "CONNECT ", "TRACE ",  "PATCH ",
                                                       "PROPFIND ", "PROPPATCH ", "MKCOL ", "COPY ", "MOVE ",   "LOCK ",    "UNLOCK ",  "REPORT ", "SEARCH "};

// Big-endian. A read past the end yields zeros and fails for good.
class Reader {
 public:
  explicit Reader(ByteView bytes) : rest_(bytes) {}
  std::uint32_t number(std::size_t size) {
    std::uint32_t out = 0;
    for (const std::uint8_t byte : raw(size)) out = out << 8 | byte;
    return out;
  }
  ByteView raw(std::size_t size) {
    if (size > rest_.size()) {
      ok_ = false;
      rest_ = {};
      return {};
    }
    const ByteView out = rest_.first(size);
    rest_ = rest_.subspan(size);
    return out;
  }
  ByteView sized(std::size_t length_bytes) { return raw(number(length_bytes)); }
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] std::size_t left() const { return rest_.size(); }

 private:
  ByteView rest_;
  bool ok_ = true;
};

Hello unreadable() { return {HelloState::kUnreadable, "", false}; }

// The list has room for several names; there is one kind, and of that only one may stand there.
bool read_server_name(ByteView extension, Hello& out) {
  Reader outer(extension);
  Reader list(outer.sized(2));
  const std::uint32_t kind = list.number(1);
  const ByteView name = list.sized(2);
  if (!outer.ok() || !list.ok() || outer.left() > 0 || list.left() > 0 || kind != 0 || name.empty() || name.size() > 255) return false;
  out.name = as_text(name);
  return true;
}

Hello read_extensions(ByteView extensions) {
  Hello out{HelloState::kNoName, "", false};
  Reader in(extensions);
  bool named = false;
  while (in.ok() && in.left() > 0) {
    const auto type = static_cast<std::uint16_t>(in.number(2));
    const ByteView body = in.sized(2);
    if (!in.ok()) break;
    if (type == kEncryptedHello) out.has_ech = true;
    if (type != kServerName) continue;
    if (std::exchange(named, true) || !read_server_name(body, out)) return unreadable();
    out.state = HelloState::kName;
  }
  return in.ok() ? out : unreadable();
}

Hello read_hello(ByteView body) {
  Reader in(body);
  (void)in.number(2);  // version
  (void)in.raw(32);    // random
  (void)in.sized(1);   // session id
  (void)in.sized(2);   // ciphers
  (void)in.sized(1);   // compression
  if (!in.ok()) return unreadable();
  if (in.left() == 0) return {HelloState::kNoName, "", false};  // of before there were extensions
  const ByteView extensions = in.sized(2);
  return in.ok() && in.left() == 0 ? read_extensions(extensions) : unreadable();
}

Hello parse_tls(ByteView stream) {
  Bytes handshake;
  while (stream.size() >= kRecordHeader) {
    const std::size_t length = static_cast<std::size_t>(stream[3]) << 8 | stream[4];
    if (stream[0] != kHandshakeRecord || stream[1] != 3 || length == 0 || length > kMaxRecord) return unreadable();
    const ByteView body = stream.subspan(kRecordHeader, std::min(length, stream.size() - kRecordHeader));
    handshake.insert(handshake.end(), body.begin(), body.end());
    const Hello hello = parse_client_hello(handshake);
    if (hello.state != HelloState::kMore || body.size() < length) return hello;
    stream = stream.subspan(kRecordHeader + length);
  }
  if (!stream.empty() && (stream[0] != kHandshakeRecord || (stream.size() > 1 && stream[1] != 3))) return unreadable();
  return {};
}

// "Host: www.example.com:80" -> "www.example.com"
std::string_view host_in(std::string_view value) {
  const auto begin = value.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  value.remove_prefix(begin);
  value = value.substr(0, value.find_first_of(" \t\r"));
  if (value.starts_with('[')) return {};  // an address
  return value.substr(0, value.find(':'));
}

Hello named(std::string_view host) {
  return host.empty() ? Hello{HelloState::kNoName, "", false} : Hello{HelloState::kName, std::string(host), false};
}

// What a proxy is asked for stands in the first line: "CONNECT host:443 HTTP/1.1", "GET http://host/page HTTP/1.1".
std::optional<Hello> read_request_line(std::string_view line) {
  const auto space = line.find(' ');
  std::string_view target = line.substr(space + 1);
  target = target.substr(0, target.find_first_of(" \r"));
  if (line.starts_with("CONNECT ")) return named(host_in(target));
  const auto scheme = target.find("://");
  if (scheme == std::string_view::npos || target.starts_with('/')) return std::nullopt;
  target.remove_prefix(scheme + 3);
  target = target.substr(0, target.find_first_of("/?#"));
  if (const auto at = target.rfind('@'); at != std::string_view::npos) target.remove_prefix(at + 1);
  return named(host_in(target));
}

Hello parse_http(std::string_view text) {
  for (bool is_first = true;; is_first = false) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) return {text.size() > kMaxHead ? HelloState::kUnreadable : HelloState::kMore, "", false};
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (is_first) {
      if (auto proxied = read_request_line(line)) return *std::move(proxied);
      continue;
    }
    if (line.empty() || line == "\r") return {HelloState::kNoName, "", false};
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || lower_case(std::string(line.substr(0, colon))) != "host") continue;
    return named(host_in(line.substr(colon + 1)));
  }
}

}  // namespace

Hello parse_client_hello(ByteView handshake) {
  if (handshake.empty()) return {};
  if (handshake[0] != kClientHello) return unreadable();
  if (handshake.size() < 4) return {};
  const std::size_t length = static_cast<std::size_t>(handshake[1]) << 16 | static_cast<std::size_t>(handshake[2]) << 8 | handshake[3];
  if (length > kMaxHello) return unreadable();
  if (handshake.size() - 4 < length) return {};
  return read_hello(handshake.subspan(4, length));
}

Hello parse_tcp_start(ByteView stream) {
  if (stream.empty()) return {};
  if (stream.size() > kMaxHello) return unreadable();
  if (stream[0] == kHandshakeRecord) return parse_tls(stream);
  std::string_view text = as_text(stream);
  text.remove_prefix(std::min(text.find_first_not_of("\r\n"), text.size()));  // servers pass over empty lines (RFC 9112 section 2.2)
  for (const std::string_view method : kMethods) {
    if (text.starts_with(method)) return parse_http(text);
    if (method.starts_with(text)) return {};  // cut within the word
  }
  return {HelloState::kOther, "", false};
}

}  // namespace caretaker::agent
