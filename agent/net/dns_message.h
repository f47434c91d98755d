// DNS messages as bytes: a bounded reader that trusts nothing, and a writer (RFC 1035 section 4, RFC 3597, RFC 6891).
// Nothing here allocates. Any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "platform/base/bytes.h"

namespace caretaker::agent {

namespace dns_type {
inline constexpr std::uint16_t kA = 1, kNs = 2, kCname = 5, kSoa = 6, kPtr = 12, kMx = 15, kTxt = 16, kAaaa = 28, kSrv = 33,
                               kDname = 39, kOpt = 41, kRrsig = 46, kSvcb = 64, kHttps = 65, kIxfr = 251, kAny = 255;
}
namespace rcode {
inline constexpr std::uint16_t kNoError = 0, kFormErr = 1, kServFail = 2, kNxDomain = 3, kNotImp = 4, kRefused = 5,
                               kBadVers = 16;
}
inline constexpr std::uint16_t kClassIn = 1;
inline constexpr std::size_t kDnsHeader = 12;

// Bits of the second 16-bit word of a header (RFC 1035 section 4.1.1, RFC 4035 section 3).
namespace dns_flag {
inline constexpr std::uint16_t kAnswer = 0x8000, kOpcode = 0x7800, kTruncated = 0x0200, kRecursionDesired = 0x0100,
                               kRecursionAvailable = 0x0080, kAuthentic = 0x0020, kCheckingDisabled = 0x0010,
                               kRcode = 0x000f;
}

// A name in wire form without compression, its root label included, in the case it came in. Labels hold any bytes.
struct DnsName {
  std::array<std::uint8_t, 255> bytes;  // only the first `size` mean anything
  std::uint8_t size = 1;
  DnsName() { bytes[0] = 0; }
  [[nodiscard]] ByteView view() const { return {bytes.data(), size}; }
  [[nodiscard]] bool is_root() const { return size == 1; }
};
void make_lower_case(DnsName& name);  // ASCII letters only (RFC 4343)
[[nodiscard]] bool same_name(const DnsName& a, const DnsName& b);  // whatever the case

// From "www.example.com" (a normalised name); nullopt for what is no such name.
[[nodiscard]] std::optional<DnsName> parse_dns_name(std::string_view text);

// As rules see it: lower case, no final dot, "" for the root; a byte that is no letter, digit, '-' or '_' is written "\ddd",
// so that no label can pretend to be two. The view is into `buffer`.
using NameText = std::array<char, 1020>;
[[nodiscard]] std::string_view to_rule_text(const DnsName& name, NameText& buffer);

struct DnsHeader {
  std::uint16_t id = 0;
  std::uint16_t flags = 0;
  std::uint16_t questions = 0;
  std::uint16_t answers = 0;
  std::uint16_t authorities = 0;
  std::uint16_t additionals = 0;
};

struct DnsQuestion {
  DnsName name;
  std::uint16_t type = 0;
  std::uint16_t dns_class = 0;
};

struct DnsRecord {
  DnsName name;
  std::uint16_t type = 0;
  std::uint16_t dns_class = 0;
  std::uint32_t ttl = 0;
  std::size_t ttl_at = 0;  // where in the message
  std::size_t rdata_at = 0;
  std::uint16_t rdata_size = 0;
};

// Each reads one thing at offset `at` of the message and returns the offset behind it; nullopt when it is not well formed;
// a name is then the root.
// Compression pointers must point backwards (RFC 1035 section 4.1.4), which also rules out loops.
[[nodiscard]] std::optional<DnsHeader> read_header(ByteView message);
[[nodiscard]] std::optional<std::size_t> read_name(ByteView message, std::size_t at, DnsName& name);
[[nodiscard]] std::optional<std::size_t> read_question(ByteView message, std::size_t at, DnsQuestion& question);
[[nodiscard]] std::optional<std::size_t> read_record(ByteView message, std::size_t at, DnsRecord& record);

[[nodiscard]] inline std::uint16_t read_u16(ByteView bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}
[[nodiscard]] inline std::uint32_t read_u32(ByteView bytes, std::size_t at) {
  return static_cast<std::uint32_t>(read_u16(bytes, at)) << 16 | read_u16(bytes, at + 2);
}

// Writes a message into a buffer that somebody else owns. Past its end nothing is written and overflowed() stays true.
class DnsWriter {
 public:
  explicit DnsWriter(std::span<std::uint8_t> out) : out_(out) {}
  void u8(std::uint8_t value);
  void u16(std::uint16_t value);
  void u32(std::uint32_t value);
  void raw(ByteView bytes);
  void name(const DnsName& name);        // compressed against the names written so far
  void plain_name(const DnsName& name);  // where compression is not allowed
  void header(const DnsHeader& header);  // at the beginning of the message, now or again
  void set_u16(std::size_t at, std::uint16_t value);
  void set_u32(std::size_t at, std::uint32_t value);
  void set_raw(std::size_t at, ByteView bytes);
  void restart();  // an empty message again
  // Type, class, TTL and room for the length behind the owner's name; returns where the RDATA begins, for end_rdata().
  [[nodiscard]] std::size_t begin_record(const DnsName& owner, std::uint16_t type, std::uint16_t dns_class,
                                         std::uint32_t ttl);
  void end_rdata(std::size_t rdata_at);
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool overflowed() const { return overflowed_; }
  [[nodiscard]] ByteView bytes() const { return {out_.data(), size_}; }

 private:
  [[nodiscard]] std::optional<std::uint16_t> known_suffix(ByteView suffix) const;
  std::span<std::uint8_t> out_;
  std::size_t size_ = 0;
  bool overflowed_ = false;
  std::size_t known_count_ = 0;
  std::array<std::uint16_t, 32> known_;  // offsets of names, and of their ends, that may be pointed at
};

}  // namespace caretaker::agent
