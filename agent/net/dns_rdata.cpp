#include "agent/net/dns_rdata.h"

#include <algorithm>

namespace caretaker::agent {
namespace {

constexpr std::uint16_t kMandatory = 0;
constexpr std::uint16_t kEch = 5;

// Where names stand in the RDATA of a type: `prefix` bytes, `strings` character-strings, `names` names, then whatever
// `may_continue` allows. Only for types whose names a sender may compress.
struct Shape {
  std::uint16_t type;
  std::uint8_t prefix;
  std::uint8_t strings;
  std::uint8_t names;
  bool may_continue;
  bool may_compress;  // by us (RFC 3597 section 4: the types of RFC 1035 alone)
};
constexpr Shape kShapes[] = {
    {dns_type::kNs, 0, 0, 1, false, true},
    {3, 0, 0, 1, false, true},  // MD, MF
    {4, 0, 0, 1, false, true},
    {dns_type::kCname, 0, 0, 1, false, true},
    {dns_type::kSoa, 0, 0, 2, true, true},
    {7, 0, 0, 1, false, true},  // MB, MG, MR
    {8, 0, 0, 1, false, true},
    {9, 0, 0, 1, false, true},
    {dns_type::kPtr, 0, 0, 1, false, true},
    {14, 0, 0, 2, false, true},  // MINFO
    {dns_type::kMx, 2, 0, 1, false, true},
    {17, 0, 0, 2, false, false},  // RP
    {18, 2, 0, 1, false, false},  // AFSDB
    {21, 2, 0, 1, false, false},  // RT
    {24, 18, 0, 1, true, false},  // SIG
    {26, 2, 0, 2, false, false},  // PX
    {30, 0, 0, 1, true, false},   // NXT
    {dns_type::kSrv, 6, 0, 1, false, false},
    {35, 4, 3, 1, false, false},  // NAPTR
    {36, 2, 0, 1, false, false},  // KX
    {dns_type::kDname, 0, 0, 1, false, false},
};

const Shape* shape_of(std::uint16_t type) {
  const auto* found = std::find_if(std::begin(kShapes), std::end(kShapes), [&](const Shape& s) { return s.type == type; });
  return found == std::end(kShapes) ? nullptr : found;
}

bool is_service(std::uint16_t type) { return type == dns_type::kSvcb || type == dns_type::kHttps; }

Copied copy_shaped(ByteView message, const DnsRecord& record, const Shape& shape, DnsWriter& writer) {
  const std::size_t end = record.rdata_at + record.rdata_size;
  std::size_t at = record.rdata_at + shape.prefix;
  for (int i = 0; i < shape.strings && at < end; ++i) at += 1u + message[at];
  if (at > end) return Copied::kMalformed;
  writer.raw(message.subspan(record.rdata_at, at - record.rdata_at));
  for (int i = 0; i < shape.names; ++i) {
    DnsName name;
    const auto behind = read_name(message, at, name);
    if (!behind || *behind > end) return Copied::kMalformed;
    at = *behind;
    if (shape.may_compress) writer.name(name);
    else writer.plain_name(name);
  }
  const bool whole = record.type == dns_type::kSoa ? end - at == 20 : shape.may_continue || at == end;
  if (!whole) return Copied::kMalformed;
  writer.raw(message.subspan(at, end - at));
  return Copied::kYes;
}

Copied copy_service(ByteView message, const DnsRecord& record, DnsWriter& writer) {
  const std::size_t end = record.rdata_at + record.rdata_size;
  DnsName target;
  if (record.rdata_size < 3) return Copied::kMalformed;
  const auto behind = read_name(message, record.rdata_at + 2, target);
  if (!behind || *behind > end) return Copied::kMalformed;
  writer.raw(message.subspan(record.rdata_at, 2));
  writer.plain_name(target);
  return copy_without_ech(message.subspan(*behind, end - *behind), writer);
}

// The value of `mandatory`: keys in ascending order, without ech. Nothing at all when ech was its only one.
Copied copy_mandatory(ByteView value, DnsWriter& writer) {
  if (value.empty() || value.size() % 2 != 0) return Copied::kMalformed;
  std::size_t others = 0;
  for (std::size_t i = 0; i < value.size(); i += 2) others += read_u16(value, i) != kEch ? 1 : 0;
  if (others == 0) return Copied::kYes;
  writer.u16(kMandatory);
  writer.u16(static_cast<std::uint16_t>(2 * others));
  for (std::size_t i = 0; i < value.size(); i += 2) {
    if (read_u16(value, i) != kEch) writer.raw(value.subspan(i, 2));
  }
  return Copied::kYes;
}

Copied copy_rdata(ByteView message, const DnsRecord& record, DnsWriter& writer) {
  if (is_service(record.type)) return copy_service(message, record, writer);
  if (const auto* shape = shape_of(record.type)) return copy_shaped(message, record, *shape, writer);
  if (record.type == dns_type::kA && record.rdata_size != 4) return Copied::kMalformed;
  if (record.type == dns_type::kAaaa && record.rdata_size != 16) return Copied::kMalformed;
  writer.raw(message.subspan(record.rdata_at, record.rdata_size));
  return Copied::kYes;
}

}  // namespace

Copied copy_without_ech(ByteView params, DnsWriter& writer) {
  int last_key = -1;
  while (!params.empty()) {
    if (params.size() < 4) return Copied::kMalformed;
    const auto key = read_u16(params, 0);
    const std::size_t size = 4u + read_u16(params, 2);
    if (key <= last_key || size > params.size()) return Copied::kMalformed;
    last_key = key;
    if (key == kMandatory) {
      if (copy_mandatory(params.subspan(4, size - 4), writer) == Copied::kMalformed) return Copied::kMalformed;
    } else if (key != kEch) {
      writer.raw(params.subspan(0, size));
    }
    params = params.subspan(size);
  }
  return Copied::kYes;
}

Copied copy_record(ByteView message, const DnsRecord& record, std::uint32_t ttl, DnsWriter& writer) {
  const auto rdata_at = writer.begin_record(record.name, record.type, record.dns_class, ttl);
  const auto copied = record.dns_class == kClassIn ? copy_rdata(message, record, writer) : Copied::kMalformed;
  writer.end_rdata(rdata_at);
  return copied;
}

std::optional<DnsName> next_name(ByteView message, const DnsRecord& record) {
  std::size_t at = record.rdata_at;
  if (is_service(record.type)) at += 2;
  else if (record.type != dns_type::kCname && record.type != dns_type::kDname) return std::nullopt;
  DnsName name;
  if (!read_name(message, at, name) || name.is_root()) return std::nullopt;
  return name;
}

}  // namespace caretaker::agent
