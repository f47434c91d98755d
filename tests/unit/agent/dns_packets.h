// Packets for the tests of the DNS filter, built by hand and read back.
#pragma once

#include <catch2/catch.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "agent/net/dns_answer.h"
#include "agent/net/dns_message.h"

namespace caretaker::agent::test {

// Without Catch's assertions, which are for one thread alone: the fake upstream's uses it too.
inline DnsName name_of(std::string_view text) { return parse_dns_name(text).value(); }

inline std::string text_of(const DnsName& name) {
  NameText buffer;
  return std::string(to_rule_text(name, buffer));
}

struct QueryOptions {
  std::uint16_t id = 0x1234;
  std::uint16_t flags = dns_flag::kRecursionDesired;
  std::uint16_t dns_class = kClassIn;
  std::uint16_t edns_size = 0;  // 0: no EDNS
  bool dnssec_ok = false;
  std::uint8_t edns_version = 0;
};

inline Bytes make_query(std::string_view name, std::uint16_t type, const QueryOptions& options = {}) {
  Bytes buffer(600);
  DnsWriter writer(buffer);
  const std::uint16_t additionals = options.edns_size != 0 ? 1 : 0;
  writer.header({options.id, options.flags, 1, 0, 0, additionals});
  writer.plain_name(name_of(name));
  writer.u16(type);
  writer.u16(options.dns_class);
  if (options.edns_size != 0) {
    writer.u8(0);
    writer.u16(dns_type::kOpt);
    writer.u16(options.edns_size);
    writer.u32(static_cast<std::uint32_t>(options.edns_version) << 16 | (options.dnssec_ok ? 0x8000u : 0u));
    writer.u16(0);
  }
  return to_bytes(writer.bytes());
}

struct ReadRecord {
  std::string name;
  std::uint16_t type = 0;
  std::uint32_t ttl = 0;
  Bytes rdata;
  std::string target;  // of CNAME
};

struct ReadMessage {
  DnsHeader header;
  DnsQuestion question;
  std::vector<ReadRecord> answers, authorities;
  bool has_opt = false;
  std::uint16_t udp_size = 0;
  std::uint16_t code = 0;            // with the part that stands in OPT
  std::uint16_t extended_error = 0;  // 0: none
  std::string extended_text;
  [[nodiscard]] bool has(std::uint16_t flag) const { return (header.flags & flag) != 0; }
};

inline void read_opt(ByteView message, const DnsRecord& record, ReadMessage& out) {
  out.has_opt = true;
  out.udp_size = record.dns_class;
  out.code = static_cast<std::uint16_t>(out.code | (record.ttl >> 24) << 4);
  if (record.rdata_size < 6 || read_u16(message, record.rdata_at) != 15) return;
  out.extended_error = read_u16(message, record.rdata_at + 4);
  out.extended_text = as_text(message.subspan(record.rdata_at + 6, record.rdata_size - 6u));
}

inline ReadMessage read_message(ByteView message) {
  ReadMessage out;
  const auto header = read_header(message);
  REQUIRE(header);
  out.header = *header;
  out.code = header->flags & dns_flag::kRcode;
  REQUIRE(header->questions <= 1);
  std::size_t at = kDnsHeader;
  if (header->questions == 1) {
    const auto behind = read_question(message, at, out.question);
    REQUIRE(behind);
    at = *behind;
  }
  const int total = header->answers + header->authorities + header->additionals;
  for (int i = 0; i < total; ++i) {
    DnsRecord record;
    const auto behind = read_record(message, at, record);
    REQUIRE(behind);
    at = *behind;
    if (record.type == dns_type::kOpt) {
      read_opt(message, record, out);
      continue;
    }
    ReadRecord read{text_of(record.name), record.type, record.ttl,
                    to_bytes(message.subspan(record.rdata_at, record.rdata_size)), ""};
    if (const auto next = next_name(message, record)) read.target = text_of(*next);
    (i < header->answers ? out.answers : out.authorities).push_back(read);
  }
  REQUIRE(at == message.size());
  return out;
}

}  // namespace caretaker::agent::test
