#include "agent/net/dns_answer.h"

#include <algorithm>

namespace caretaker::agent {
namespace {

constexpr std::uint16_t kExtendedErrorOption = 15;
constexpr std::uint32_t kDnssecOkBit = 0x8000;

// mname, rname, serial, refresh, retry, expire, minimum; only the last one matters to anybody.
constexpr std::uint8_t kSoaRdata[] = {9,   'c', 'a', 'r', 'e', 't', 'a', 'k', 'e', 'r', 7, 'i', 'n', 'v', 'a', 'l', 'i',
                                      'd', 0,   0,   0,   0,   0,   1,   0,   0,   14,  16, 0,  0,   2,   88,  0,   1,
                                      81,  128, 0,   0,   0,   kBlockedTtl};

struct Counts {
  std::uint16_t answers = 0;
  std::uint16_t authorities = 0;
};

void write_opt(const DnsQuery& query, std::uint16_t code, const std::optional<Explanation>& why, DnsWriter& writer) {
  writer.u8(0);
  writer.u16(dns_type::kOpt);
  writer.u16(kUdpPayload);
  writer.u32(static_cast<std::uint32_t>(code >> 4) << 24 | (query.dnssec_ok ? kDnssecOkBit : 0));
  if (!why) return writer.u16(0);
  const auto size = static_cast<std::uint16_t>(2 + why->text.size());
  writer.u16(static_cast<std::uint16_t>(4 + size));
  writer.u16(kExtendedErrorOption);
  writer.u16(size);
  writer.u16(static_cast<std::uint16_t>(why->code));
  writer.raw(as_bytes(why->text));
}

std::uint16_t answer_flags(const DnsQuery& query, std::uint16_t code) {
  constexpr auto kEchoed = dns_flag::kOpcode | dns_flag::kRecursionDesired | dns_flag::kCheckingDisabled;
  return static_cast<std::uint16_t>(dns_flag::kAnswer | (query.flags & kEchoed) | dns_flag::kRecursionAvailable |
                                    (code & dns_flag::kRcode));
}

void begin(const DnsQuery& query, DnsWriter& writer) {
  writer.header({});
  if (!query.has_question) return;
  writer.name(query.question.name);
  writer.u16(query.question.type);
  writer.u16(query.question.dns_class);
}

void finish_header(const DnsQuery& query, std::uint16_t flags, const Counts& counts, DnsWriter& writer) {
  const std::uint16_t questions = query.has_question ? 1 : 0;
  const std::uint16_t additionals = query.has_edns ? 1 : 0;
  writer.header({query.id, flags, questions, counts.answers, counts.authorities, additionals});
}

// Adds what stands behind the records, and makes a truncated answer of one that is too long (RFC 2181 section 9).
void finish(const DnsQuery& query, std::uint16_t code, const Counts& counts, const std::optional<Explanation>& why,
            std::size_t limit, DnsWriter& writer) {
  if (query.has_edns) write_opt(query, code, why, writer);
  if (!writer.overflowed() && writer.size() <= limit) {
    return finish_header(query, answer_flags(query, code), counts, writer);
  }
  writer.restart();
  begin(query, writer);
  if (query.has_edns) write_opt(query, code, std::nullopt, writer);
  const auto flags = static_cast<std::uint16_t>(answer_flags(query, code) | dns_flag::kTruncated);
  finish_header(query, flags, {}, writer);
}

void write_soa(const DnsQuery& query, DnsWriter& writer) {
  const auto rdata_at = writer.begin_record(query.question.name, dns_type::kSoa, kClassIn, kBlockedTtl);
  writer.raw(kSoaRdata);
  writer.end_rdata(rdata_at);
}

std::uint32_t capped(std::uint32_t ttl, std::uint32_t age) { return ttl > age ? std::min(ttl - age, kAllowedTtl) : 0; }

// RFC 2181 section 8: a TTL with the top bit set is 0.
std::uint32_t sane(std::uint32_t ttl) { return (ttl & 0x80000000u) != 0 ? 0 : ttl; }

// The records of the first two sections of a message; false from `visit` stops.
template <typename Visit>
bool each_record(ByteView message, const DnsHeader& header, std::size_t at, Visit visit) {
  DnsRecord record;
  for (unsigned i = 0; i < static_cast<unsigned>(header.answers) + header.authorities; ++i) {
    const auto behind = read_record(message, at, record);
    if (!behind || !visit(record, i < header.answers)) return false;
    at = *behind;
  }
  return true;
}

bool is_served(const DnsQuestion& question) {
  const bool is_transfer = question.type >= dns_type::kIxfr && question.type < dns_type::kAny;
  return question.dns_class == kClassIn && !is_transfer;
}

enum class OptFound { kNone, kYes, kMalformed, kNewer };

// The OPT record among the additional ones, which follow each other to the end of the message (RFC 6891 section 6.1.1).
OptFound find_opt(ByteView message, std::size_t at, unsigned count, DnsQuery& query) {
  auto found = OptFound::kNone;
  DnsRecord record;
  for (; count > 0; --count) {
    const auto behind = read_record(message, at, record);
    if (!behind) return OptFound::kMalformed;
    at = *behind;
    if (record.type != dns_type::kOpt) continue;
    if (found != OptFound::kNone || !record.name.is_root()) return OptFound::kMalformed;
    query.has_edns = true;
    query.udp_size = record.dns_class;
    query.dnssec_ok = (record.ttl & kDnssecOkBit) != 0;
    found = (record.ttl >> 16 & 0xff) == 0 ? OptFound::kYes : OptFound::kNewer;
  }
  return at == message.size() ? found : OptFound::kMalformed;
}

}  // namespace

Parsed parse_query(ByteView message, DnsQuery& query, std::uint16_t& refusal) {
  const auto header = read_header(message);
  if (!header || (header->flags & dns_flag::kAnswer) != 0) return Parsed::kIgnored;
  query.id = header->id;
  query.flags = header->flags;
  const auto at = header->questions == 1 ? read_question(message, kDnsHeader, query.question) : std::nullopt;
  query.has_question = at.has_value();
  refusal = rcode::kNotImp;
  if ((header->flags & dns_flag::kOpcode) != 0) return Parsed::kRefused;
  refusal = rcode::kFormErr;
  if (!at || header->answers != 0) return Parsed::kRefused;
  refusal = rcode::kRefused;
  if (!is_served(query.question)) return Parsed::kRefused;
  refusal = rcode::kFormErr;
  if (header->authorities != 0 || query.question.type == dns_type::kOpt) return Parsed::kRefused;
  const auto opt = find_opt(message, *at, header->additionals, query);
  if (opt == OptFound::kNewer) refusal = rcode::kBadVers;
  return opt == OptFound::kMalformed || opt == OptFound::kNewer ? Parsed::kRefused : Parsed::kQuery;
}

std::size_t answer_limit(const DnsQuery& query, Transport transport) {
  if (transport == Transport::kTcp) return kMaxMessage;
  return query.has_edns ? std::clamp<std::size_t>(query.udp_size, 512, kUdpPayload) : 512;
}

void write_empty_answer(const DnsQuery& query, std::uint16_t code, const std::optional<Explanation>& why,
                        std::size_t limit, DnsWriter& writer) {
  begin(query, writer);
  const bool is_negative = code == rcode::kNxDomain || code == rcode::kNoError;
  if (is_negative) write_soa(query, writer);
  finish(query, code, {0, static_cast<std::uint16_t>(is_negative ? 1 : 0)}, why, limit, writer);
}

void write_address_answer(const DnsQuery& query, ByteView address, const std::optional<Explanation>& why,
                          std::size_t limit, DnsWriter& writer) {
  begin(query, writer);
  const auto type = address.size() == 4 ? dns_type::kA : dns_type::kAaaa;
  const auto rdata_at = writer.begin_record(query.question.name, type, kClassIn, kBlockedTtl);
  writer.raw(address);
  writer.end_rdata(rdata_at);
  finish(query, rcode::kNoError, {1, 0}, why, limit, writer);
}

void write_upstream_answer(const DnsQuery& query, ByteView clean, std::uint32_t age, std::size_t limit,
                           DnsWriter& writer) {
  const auto header = read_header(clean);
  writer.raw(clean);
  writer.set_raw(kDnsHeader, query.question.name.view());
  const auto records_at = kDnsHeader + query.question.name.size + 4;
  if (header) {
    (void)each_record(clean, *header, records_at, [&](const DnsRecord& record, bool) {
      writer.set_u32(record.ttl_at, capped(record.ttl, age));
      return true;
    });
  }
  const DnsHeader counts = header.value_or(DnsHeader{});
  finish(query, counts.flags & dns_flag::kRcode, {counts.answers, counts.authorities}, std::nullopt, limit, writer);
}

void write_rewritten_answer(const DnsQuery& query, const DnsName& target, ByteView clean, std::uint32_t age,
                            const Explanation& why, std::size_t limit, DnsWriter& writer) {
  begin(query, writer);
  const auto rdata_at = writer.begin_record(query.question.name, dns_type::kCname, kClassIn, kAllowedTtl);
  writer.name(target);
  writer.end_rdata(rdata_at);
  Counts counts{1, 0};
  std::uint16_t code = rcode::kNoError;
  if (const auto header = read_header(clean)) {
    code = header->flags & dns_flag::kRcode;
    (void)each_record(clean, *header, kDnsHeader + target.size + 4, [&](const DnsRecord& record, bool is_answer) {
      if (copy_record(clean, record, capped(record.ttl, age), writer) == Copied::kMalformed) return false;
      ++(is_answer ? counts.answers : counts.authorities);
      return true;
    });
  }
  finish(query, code, counts, why, limit, writer);
}

std::optional<CleanAnswer> clean_answer(std::span<std::uint8_t> message, DnsWriter& writer) {
  const auto header = read_header(message);
  DnsQuestion question;
  if (!header || header->questions != 1) return std::nullopt;
  const auto records_at = read_question(message, kDnsHeader, question);
  if (!records_at) return std::nullopt;
  make_lower_case(question.name);
  std::copy_n(question.name.bytes.begin(), question.name.size, message.begin() + kDnsHeader);

  CleanAnswer clean{static_cast<std::uint16_t>(header->flags & dns_flag::kRcode), ~0u};
  Counts counts;
  bool has_soa = false;
  writer.header({});
  writer.name(question.name);
  writer.u16(question.type);
  writer.u16(question.dns_class);
  const bool whole = each_record(message, *header, *records_at, [&](const DnsRecord& record, bool is_answer) {
    if (record.type == dns_type::kOpt) return false;
    const auto ttl = sane(record.ttl);
    clean.ttl = std::min(clean.ttl, ttl);
    if (!is_answer && record.type == dns_type::kSoa && record.rdata_size >= 20) {
      has_soa = true;
      clean.ttl = std::min(clean.ttl, sane(read_u32(message, record.rdata_at + record.rdata_size - 4)));
    }
    ++(is_answer ? counts.answers : counts.authorities);
    return copy_record(message, record, ttl, writer) == Copied::kYes;
  });
  if (!whole || writer.overflowed()) return std::nullopt;
  const bool is_negative = clean.code == rcode::kNxDomain || counts.answers == 0;
  if (is_negative && !has_soa) clean.ttl = 0;
  writer.header({0, static_cast<std::uint16_t>(dns_flag::kAnswer | clean.code), 1, counts.answers, counts.authorities, 0});
  return clean;
}

}  // namespace caretaker::agent
