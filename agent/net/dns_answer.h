// Questions as they come in and answers as they go out. Nothing here allocates. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "agent/net/dns_message.h"
#include "agent/net/dns_rdata.h"

namespace caretaker::agent {

// How long answers may be kept by who asked, in seconds: so that an exception or a new policy works within that time.
inline constexpr std::uint32_t kBlockedTtl = 10;
inline constexpr std::uint32_t kAllowedTtl = 60;
// The largest answer over UDP: fits any path without fragments (DNS flag day 2020).
inline constexpr std::uint16_t kUdpPayload = 1232;
inline constexpr std::size_t kMaxMessage = 65535;

// RFC 8914.
enum class ExtendedError : std::uint16_t {
  kForged = 4,     // rewritten for safe search
  kNotReady = 14,  // no filter yet
  kBlocked = 15,   // by the school's policy
  kCensored = 16,  // by law: the locked class
  kFiltered = 17,  // a canary: the client itself asks whether names are filtered here
  kNoReachableAuthority = 22,
};
struct Explanation {
  ExtendedError code;
  std::string_view text;
};

// A question that somebody asked us.
struct DnsQuery {
  std::uint16_t id = 0;
  std::uint16_t flags = 0;
  bool has_question = true;  // false: none could be read, so none is repeated
  DnsQuestion question;      // its name in the case it was asked in
  bool has_edns = false;
  bool dnssec_ok = false;
  std::uint16_t udp_size = 512;
  [[nodiscard]] bool checking_disabled() const { return (flags & dns_flag::kCheckingDisabled) != 0; }
};

enum class Parsed {
  kQuery,    // to be answered
  kRefused,  // to be answered with `refusal` at once: not well formed, or nothing that we serve
  kIgnored,  // not to be answered: no header, or itself an answer
};
// `query` holds what could be read also when it is refused.
[[nodiscard]] Parsed parse_query(ByteView message, DnsQuery& query, std::uint16_t& refusal);

// Room for an answer to `query`: over TCP all of it, else what the asker's EDNS allows (RFC 6891 section 6.2.5).
enum class Transport { kUdp, kTcp };
[[nodiscard]] std::size_t answer_limit(const DnsQuery& query, Transport transport);

// Each writes one whole message to `writer`; AD is never set, RA always is. An answer over `limit` becomes an empty one with TC.

// No data: any code; NXDOMAIN and NOERROR carry an SOA, so that they are kept no longer than kBlockedTtl (RFC 2308).
void write_empty_answer(const DnsQuery& query, std::uint16_t code, const std::optional<Explanation>& why,
                        std::size_t limit, DnsWriter& writer);
// One address: 4 or 16 bytes.
void write_address_answer(const DnsQuery& query, ByteView address, const std::optional<Explanation>& why,
                          std::size_t limit, DnsWriter& writer);
// What an upstream said (as clean_answer() left it), `age` seconds ago.
void write_upstream_answer(const DnsQuery& query, ByteView clean, std::uint32_t age, std::size_t limit, DnsWriter& writer);
// A CNAME to `target`, then the target's own addresses as `clean` has them (empty: none asked for).
void write_rewritten_answer(const DnsQuery& query, const DnsName& target, ByteView clean, std::uint32_t age,
                            const Explanation& why, std::size_t limit, DnsWriter& writer);

// An upstream's answer laid out anew: header, the question in lower case, answers and authorities, nothing else; ech
// stripped, every name and length checked. `message` is changed: the case of its question is levelled, so that names that
// point at it come out in lower case too. nullopt when any of it is malformed or does not fit.
struct CleanAnswer {
  std::uint16_t code = 0;
  std::uint32_t ttl = 0;  // how long it may be kept: the least of its TTLs; a negative one by its SOA (RFC 2308); 0: not at all
};
[[nodiscard]] std::optional<CleanAnswer> clean_answer(std::span<std::uint8_t> message, DnsWriter& writer);

}  // namespace caretaker::agent
