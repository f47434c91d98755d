// What stands inside DNS records, as far as it holds names: to copy records from one message into another, and to find the
// names that an answer leads to. Nothing here allocates. Any thread.
#pragma once

#include <optional>

#include "agent/net/dns_message.h"

namespace caretaker::agent {

enum class Copied { kYes, kMalformed };

// Writes `record` of `message` with this TTL. Names in the RDATA that may be compressed (RFC 3597 section 4) are spelt anew;
// `ech`, and nothing else, is taken out of SVCB and HTTPS, from `mandatory` too, or the record would contradict itself
// (RFC 9460 section 8, RFC 9848). kMalformed when the RDATA is not of its type's form: the answer is not to be used.
[[nodiscard]] Copied copy_record(ByteView message, const DnsRecord& record, std::uint32_t ttl, DnsWriter& writer);

// The SVCB parameters (RFC 9460 section 2.2) without ech.
[[nodiscard]] Copied copy_without_ech(ByteView params, DnsWriter& writer);

// The name that a record hands its owner's question on to: CNAME, DNAME and SVCB/HTTPS (AliasMode and ServiceMode; not "."),
// nullopt for any other.
[[nodiscard]] std::optional<DnsName> next_name(ByteView message, const DnsRecord& record);

}  // namespace caretaker::agent
