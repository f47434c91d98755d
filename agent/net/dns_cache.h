// Answers of upstreams, kept as long as they may be and as memory allows. One thread.
#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "agent/net/dns_message.h"
#include "platform/base/clock.h"

namespace caretaker::agent {

// Which servers a question goes to: answers of one kind are never given for another.
enum class DnsScope : std::uint8_t { kUpstreams, kSystem, kForwardedZone };

// What makes two questions the same: name whatever its case, type, the DO and CD bits, where they are asked.
class DnsKey {
 public:
  DnsKey(const DnsQuestion& question, bool dnssec_ok, bool checking_disabled, DnsScope scope);
  [[nodiscard]] std::string_view view() const { return {bytes_.data(), size_}; }

 private:
  std::array<char, 259> bytes_;
  std::size_t size_;
};

// Lets string-keyed tables be asked with a view.
struct ViewHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};

class DnsCache {
 public:
  explicit DnsCache(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  struct Hit {
    ByteView message;       // as clean_answer() wrote it; until the next put() or clear()
    std::uint32_t age = 0;  // seconds
  };
  [[nodiscard]] std::optional<Hit> find(const DnsKey& key, MonotonicMs now);
  // Keeps `message` for ttl seconds, an hour at most; the least recently used make room.
  void put(const DnsKey& key, ByteView message, std::uint32_t ttl, MonotonicMs now);
  void clear();
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  using Order = std::list<std::string>;  // keys, the least recently used last
  struct Entry {
    Bytes message;
    MonotonicMs since = 0;
    MonotonicMs until = 0;
    Order::iterator place;
  };
  using Table = std::unordered_map<std::string, Entry, ViewHash, std::equal_to<>>;
  [[nodiscard]] static std::size_t cost(const std::string& key, const Entry& entry);
  void drop(Table::iterator entry);

  std::size_t max_bytes_;
  std::size_t bytes_ = 0;
  Order order_;
  Table table_;
};

}  // namespace caretaker::agent
