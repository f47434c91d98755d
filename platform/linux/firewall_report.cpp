#include "platform/linux/firewall_report.h"

#include <algorithm>
#include <array>

#include "platform/base/json.h"
#include "platform/files.h"

namespace caretaker::platform {
namespace {

constexpr std::array kFirewalls = {Firewall::kUnknown, Firewall::kOff, Firewall::kHalf, Firewall::kOn};
constexpr std::array<std::string_view, kFirewalls.size()> kWords = {"unknown", "off", "half", "on"};
constexpr MonotonicMs kMaxAge = 3'600'000;

}  // namespace

Status write_firewall_report(const std::filesystem::path& to, Firewall found, MonotonicMs now) {
  const Json report = Json::Object{{"firewall", kWords[static_cast<std::size_t>(found)]}, {"at_ms", now}};
  return replace_file(to, as_bytes(report.dump()), 0644);
}

Firewall read_firewall_report(const std::filesystem::path& from, MonotonicMs now) {
  const auto bytes = read_file(from, 256);
  const auto report = bytes ? parse_json(as_text(*bytes), {256, 1, 3}) : bytes.error();
  if (!report) return Firewall::kUnknown;
  const auto word = report->string_at("firewall");
  const auto at = report->int_at("at_ms");
  if (!word || !at || *at > now || now - *at > kMaxAge) return Firewall::kUnknown;
  const auto found = std::ranges::find(kWords, *word);
  return found == kWords.end() ? Firewall::kUnknown : kFirewalls[static_cast<std::size_t>(found - kWords.begin())];
}

}  // namespace caretaker::platform
