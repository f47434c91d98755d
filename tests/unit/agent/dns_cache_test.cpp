#include "agent/net/dns_cache.h"

#include "tests/unit/agent/dns_packets.h"

using namespace caretaker;
using namespace caretaker::agent;
using namespace caretaker::agent::test;

namespace {

DnsKey key_of(std::string_view name, std::uint16_t type = dns_type::kA, bool dnssec_ok = false,
              DnsScope scope = DnsScope::kUpstreams) {
  return {{name_of(name), type, kClassIn}, dnssec_ok, false, scope};
}

}  // namespace

TEST_CASE("the cache finds what was put, whatever the case, until its time is over") {
  DnsCache cache(1 << 20);
  cache.put(key_of("www.Example"), as_bytes("answer"), 10, 1000);
  const auto hit = cache.find(key_of("WWW.example"), 4999);
  REQUIRE(hit);
  CHECK(as_text(hit->message) == "answer");
  CHECK(hit->age == 3);
  CHECK(cache.find(key_of("www.example"), 10'999));
  CHECK_FALSE(cache.find(key_of("www.example"), 11'000));
  CHECK(cache.bytes() == 0);
}

TEST_CASE("type, DO and the servers asked make another entry") {
  DnsCache cache(1 << 20);
  cache.put(key_of("www.example"), as_bytes("answer"), 10, 0);
  CHECK_FALSE(cache.find(key_of("www.example", dns_type::kAaaa), 0));
  CHECK_FALSE(cache.find(key_of("www.example", dns_type::kA, true), 0));
  CHECK_FALSE(cache.find(key_of("www.example", dns_type::kA, false, DnsScope::kSystem), 0));
  CHECK_FALSE(cache.find(key_of("ww.example"), 0));
}

TEST_CASE("nothing is kept with a TTL of zero, and nothing for longer than an hour") {
  DnsCache cache(1 << 20);
  cache.put(key_of("zero.example"), as_bytes("answer"), 0, 0);
  cache.put(key_of("long.example"), as_bytes("answer"), 1'000'000, 0);
  CHECK_FALSE(cache.find(key_of("zero.example"), 0));
  CHECK(cache.find(key_of("long.example"), 3'599'999));
  CHECK_FALSE(cache.find(key_of("long.example"), 3'600'000));
}

TEST_CASE("the cache keeps to its size by dropping what was used longest ago") {
  constexpr std::size_t kLimit = 64 << 10;
  DnsCache cache(kLimit);
  const Bytes message(500, 'x');
  const auto name = [](int i) { return "n" + std::to_string(i) + ".example"; };
  for (int i = 0; i < 1000; ++i) {
    cache.put(key_of(name(i)), message, 100, 0);
    CHECK(cache.find(key_of(name(0)), 0));  // used all the time
    CHECK(cache.bytes() <= kLimit);
  }
  CHECK(cache.find(key_of(name(999)), 0));
  CHECK_FALSE(cache.find(key_of(name(1)), 0));
  cache.put(key_of("huge.example"), Bytes(kLimit, 'x'), 100, 0);
  CHECK_FALSE(cache.find(key_of("huge.example"), 0));
  CHECK(cache.find(key_of(name(999)), 0));
  cache.put(key_of(name(999)), as_bytes("new"), 100, 0);
  CHECK(as_text(cache.find(key_of(name(999)), 0)->message) == "new");
  cache.clear();
  CHECK(cache.bytes() == 0);
  CHECK_FALSE(cache.find(key_of(name(0)), 0));
}
