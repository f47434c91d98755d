// Any bytes as a question (answered in every way that needs no network) and as an upstream's answer (cleaned, then given to
// that question). What we write must be readable, within its limit, and clean a second time without a change; what is noted of a question that was
// blocked must be a name.
#include <cstdlib>
#include <vector>

#include "agent/net/dns_answer.h"
#include "agent/violation_log.h"
#include "policy/domain_name.h"

using namespace caretaker;
using namespace caretaker::agent;

namespace {

std::uint8_t output[kMaxMessage];
std::uint8_t again[kMaxMessage];

void require(bool holds) {
  if (!holds) std::abort();
}

void check_readable(ByteView message, std::size_t limit) {
  require(message.size() <= limit);
  const auto header = read_header(message);
  DnsQuestion question;
  require(header.has_value());
  auto at = header->questions == 0 ? std::optional(kDnsHeader) : read_question(message, kDnsHeader, question);
  DnsRecord record;
  for (int left = at ? header->answers + header->authorities + header->additionals : 0; at && left > 0; --left) {
    at = read_record(message, *at, record);
    if (at) (void)next_name(message, record);
  }
  require(at == message.size());
  require((header->flags & dns_flag::kAuthentic) == 0);
}

void answer_query(const DnsQuery& query, std::size_t limit) {
  const Explanation why{ExtendedError::kBlocked, "category: gambling"};
  for (const std::uint16_t code : {rcode::kNxDomain, rcode::kNoError, rcode::kServFail, rcode::kBadVers}) {
    DnsWriter writer(output);
    write_empty_answer(query, code, why, limit, writer);
    check_readable(writer.bytes(), limit);
  }
  DnsWriter writer(output);
  write_address_answer(query, std::vector<std::uint8_t>(16, 1), why, limit, writer);
  check_readable(writer.bytes(), limit);
}

void answer_with(ByteView clean, const CleanAnswer&) {
  DnsQuery query;
  query.has_edns = true;
  if (!read_question(clean, kDnsHeader, query.question)) std::abort();
  for (const std::size_t limit : {std::size_t{512}, kMaxMessage}) {
    DnsWriter writer(again);
    write_upstream_answer(query, clean, 7, limit, writer);
    check_readable(writer.bytes(), limit);
    DnsName target = query.question.name;
    query.question.name = *parse_dns_name("www.search.example");
    DnsWriter rewritten(again);
    write_rewritten_answer(query, target, clean, 7, {ExtendedError::kForged, "safe-search"}, limit, rewritten);
    check_readable(rewritten.bytes(), limit);
    query.question.name = target;
  }
}

void note(std::string_view name) {
  ViolationLog log([](const Violation& violation) { require(policy::normalise_name(violation.name).value_or("") == violation.name); });
  policy::DnsDecision decision;
  decision.is_violation = true;
  log.note(Asker{}, decision, name, 1, 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  DnsQuery query;
  std::uint16_t refusal = 0;
  if (parse_query(input, query, refusal) != Parsed::kIgnored) {
    NameText text;
    const auto name = to_rule_text(query.question.name, text);
    require(name.size() <= text.size());
    note(name);
    for (const auto transport : {Transport::kUdp, Transport::kTcp}) answer_query(query, answer_limit(query, transport));
  }
  std::vector<std::uint8_t> message(input.begin(), input.end());
  DnsWriter writer(output);
  const auto facts = clean_answer(message, writer);
  if (!facts) return 0;
  check_readable(writer.bytes(), kMaxMessage);
  answer_with(writer.bytes(), *facts);
  std::vector<std::uint8_t> first(writer.bytes().begin(), writer.bytes().end());
  auto copy = first;
  DnsWriter second(output);
  const auto same = clean_answer(copy, second);
  require(same && same->ttl == facts->ttl && same->code == facts->code);
  require(std::vector<std::uint8_t>(second.bytes().begin(), second.bytes().end()) == first);
  return 0;
}
