#include "policy/local_names.h"

#include <unordered_set>

#include "policy/domain_name.h"

namespace caretaker::policy {
namespace {

constexpr std::string_view kZones[] = {
    "local",
    "localhost",
    "home.arpa",
    "ipv4only.arpa",
    // 10/8, 127/8, 169.254/16, 192.168/16, 172.16/12
    "10.in-addr.arpa",
    "127.in-addr.arpa",
    "254.169.in-addr.arpa",
    "168.192.in-addr.arpa",
    "16.172.in-addr.arpa",
    "17.172.in-addr.arpa",
    "18.172.in-addr.arpa",
    "19.172.in-addr.arpa",
    "20.172.in-addr.arpa",
    "21.172.in-addr.arpa",
    "22.172.in-addr.arpa",
    "23.172.in-addr.arpa",
    "24.172.in-addr.arpa",
    "25.172.in-addr.arpa",
    "26.172.in-addr.arpa",
    "27.172.in-addr.arpa",
    "28.172.in-addr.arpa",
    "29.172.in-addr.arpa",
    "30.172.in-addr.arpa",
    "31.172.in-addr.arpa",
    // fc00::/7, fe80::/10
    "c.f.ip6.arpa",
    "d.f.ip6.arpa",
    "8.e.f.ip6.arpa",
    "9.e.f.ip6.arpa",
    "a.e.f.ip6.arpa",
    "b.e.f.ip6.arpa",
};

}  // namespace

std::string_view find_local_zone(std::string_view name) {
  static const std::unordered_set<std::string_view> zones(std::begin(kZones), std::end(kZones));
  if (!name.ends_with("arpa") && !name.ends_with("local") && !name.ends_with("localhost")) return {};
  std::string_view match;
  for_each_suffix(name, [&](std::string_view suffix) {
    if (const auto found = zones.find(suffix); found != zones.end()) match = *found;
    return match.empty();
  });
  return match;
}

}  // namespace caretaker::policy
