#include "platform/linux/endpoint_posix.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>

#include <charconv>
#include <cstring>

#include "platform/sockets.h"

namespace caretaker::platform {
namespace {

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return port;
}

bool is_link_local(const Endpoint& endpoint) {
  return endpoint.is_v6 && endpoint.address[0] == 0xfe && (endpoint.address[1] & 0xc0) == 0x80;
}

// An interface by number, as systemd-resolved writes it, or by name, as people and NetworkManager do; 0: there is no such.
std::uint32_t parse_scope(std::string_view text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return number;
  return ::if_nametoindex(std::string(text.substr(0, IF_NAMESIZE)).c_str());
}

std::optional<Endpoint> parse_address(std::string_view text, std::uint16_t port) {
  const auto percent = text.find('%');
  const std::string address(text.substr(0, percent));
  Endpoint endpoint;
  endpoint.port = port;
  if (percent != std::string_view::npos) {
    endpoint.is_v6 = true;
    endpoint.scope = parse_scope(text.substr(percent + 1));
    const bool is_address = inet_pton(AF_INET6, address.c_str(), endpoint.address.data()) == 1;
    return is_address && is_link_local(endpoint) && endpoint.scope != 0 ? std::optional(endpoint) : std::nullopt;
  }
  if (inet_pton(AF_INET, address.c_str(), endpoint.address.data()) == 1) return endpoint;
  endpoint.is_v6 = true;
  if (inet_pton(AF_INET6, address.c_str(), endpoint.address.data()) == 1) return endpoint;
  return std::nullopt;
}

std::optional<Endpoint> parse_parts(std::string_view text, std::uint16_t default_port) {
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    const auto address = text.substr(1, close - 1);
    const auto rest = text.substr(close + 1);
    if (rest.empty()) return parse_address(address, default_port);
    const auto port = rest.starts_with(':') ? parse_port(rest.substr(1)) : std::nullopt;
    return port ? parse_address(address, *port) : std::nullopt;
  }
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || colon != text.rfind(':')) return parse_address(text, default_port);
  const auto port = parse_port(text.substr(colon + 1));
  return port ? parse_address(text.substr(0, colon), *port) : std::nullopt;
}

}  // namespace

Result<Endpoint> parse_endpoint(std::string_view text, std::uint16_t default_port) {
  if (const auto endpoint = parse_parts(text, default_port)) return *endpoint;
  return make_error(ErrorCode::kInvalidInput,
                    "expected an IP address, optionally with a port, got '" + std::string(text.substr(0, 80)) + "'");
}

std::string to_text(const Endpoint& endpoint) {
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(endpoint.is_v6 ? AF_INET6 : AF_INET, endpoint.address.data(), text, sizeof text);
  const std::string scope = endpoint.scope != 0 ? "%" + std::to_string(endpoint.scope) : "";
  const std::string address = endpoint.is_v6 ? "[" + std::string(text) + scope + "]" : std::string(text);
  return address + ":" + std::to_string(endpoint.port);
}

socklen_t to_sockaddr(const Endpoint& endpoint, sockaddr_storage& out) {
  if (endpoint.is_v6) {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(out);
    v6 = {};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(endpoint.port);
    std::memcpy(&v6.sin6_addr, endpoint.address.data(), 16);
    v6.sin6_scope_id = endpoint.scope;
    return sizeof v6;
  }
  auto& v4 = reinterpret_cast<sockaddr_in&>(out);
  v4 = {};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(endpoint.port);
  std::memcpy(&v4.sin_addr, endpoint.address.data(), 4);
  return sizeof v4;
}

Endpoint from_sockaddr(const sockaddr_storage& address) {
  Endpoint endpoint;
  endpoint.is_v6 = address.ss_family == AF_INET6;
  if (endpoint.is_v6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    endpoint.port = ntohs(v6.sin6_port);
    std::memcpy(endpoint.address.data(), &v6.sin6_addr, 16);
    if (is_link_local(endpoint)) endpoint.scope = v6.sin6_scope_id;
  } else {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    endpoint.port = ntohs(v4.sin_port);
    std::memcpy(endpoint.address.data(), &v4.sin_addr, 4);
  }
  return endpoint;
}

Endpoint unmapped(const Endpoint& endpoint) {
  static constexpr std::uint8_t kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (!endpoint.is_v6 || std::memcmp(endpoint.address.data(), kMapped, 12) != 0) return endpoint;
  Endpoint v4;
  v4.port = endpoint.port;
  std::memcpy(v4.address.data(), endpoint.address.data() + 12, 4);
  return v4;
}

}  // namespace caretaker::platform
