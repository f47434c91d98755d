#include "agent/net/dns_cache.h"

#include <algorithm>
#include <cstring>

namespace caretaker::agent {
namespace {

constexpr std::uint32_t kMaxTtl = 3600;
constexpr std::size_t kOverhead = 200;  // nodes, pointers and allocator of one entry, about

}  // namespace

DnsKey::DnsKey(const DnsQuestion& question, bool dnssec_ok, bool checking_disabled, DnsScope scope) {
  DnsName name = question.name;
  make_lower_case(name);
  std::memcpy(bytes_.data(), name.bytes.data(), name.size);
  size_ = name.size;
  bytes_[size_++] = static_cast<char>(question.type >> 8);
  bytes_[size_++] = static_cast<char>(question.type);
  bytes_[size_++] = static_cast<char>((dnssec_ok ? 1 : 0) | (checking_disabled ? 2 : 0));
  bytes_[size_++] = static_cast<char>(scope);
}

std::size_t DnsCache::cost(const std::string& key, const Entry& entry) {
  return entry.message.size() + 2 * key.size() + kOverhead;
}

void DnsCache::drop(Table::iterator entry) {
  bytes_ -= cost(entry->first, entry->second);
  order_.erase(entry->second.place);
  table_.erase(entry);
}

std::optional<DnsCache::Hit> DnsCache::find(const DnsKey& key, MonotonicMs now) {
  const auto found = table_.find(key.view());
  if (found == table_.end()) return std::nullopt;
  auto& entry = found->second;
  if (now >= entry.until) {
    drop(found);
    return std::nullopt;
  }
  order_.splice(order_.begin(), order_, entry.place);
  return Hit{entry.message, static_cast<std::uint32_t>((now - entry.since) / 1000)};
}

void DnsCache::put(const DnsKey& key, ByteView message, std::uint32_t ttl, MonotonicMs now) {
  if (const auto old = table_.find(key.view()); old != table_.end()) drop(old);
  if (ttl == 0) return;
  std::string name(key.view());
  Entry entry{to_bytes(message), now, now + 1000 * static_cast<MonotonicMs>(std::min(ttl, kMaxTtl)), {}};
  const auto needed = cost(name, entry);
  if (needed > max_bytes_) return;
  while (bytes_ + needed > max_bytes_) drop(table_.find(order_.back()));
  entry.place = order_.insert(order_.begin(), name);
  table_.emplace(std::move(name), std::move(entry));
  bytes_ += needed;
}

void DnsCache::clear() {
  table_.clear();
  order_.clear();
  bytes_ = 0;
}

}  // namespace caretaker::agent
