#include "agent/net/dns_message.h"

#include <algorithm>
#include <cstring>
#include <iterator>

namespace caretaker::agent {
namespace {

constexpr std::uint8_t kPointer = 0xc0;
constexpr std::size_t kMaxPointerTarget = 0x3fff;
constexpr std::size_t kMaxLabel = 63;

std::uint8_t lower(std::uint8_t byte) { return byte >= 'A' && byte <= 'Z' ? byte + 32 : byte; }

bool is_plain(std::uint8_t byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '-' || byte == '_';
}

std::optional<std::size_t> read_labels(ByteView message, std::size_t at, DnsName& name) {
  std::size_t size = 0;
  std::optional<std::size_t> behind;  // of the name where it stands, once a pointer has been followed
  std::size_t limit = at;             // a pointer must go in front of where this piece of the name began
  for (;;) {
    if (at >= message.size()) return std::nullopt;
    const std::uint8_t length = message[at];
    if ((length & kPointer) == kPointer) {
      if (at + 1 >= message.size()) return std::nullopt;
      const std::size_t target = read_u16(message, at) & kMaxPointerTarget;
      if (target >= limit || target < kDnsHeader) return std::nullopt;
      if (!behind) behind = at + 2;
      at = limit = target;
      continue;
    }
    if (length > kMaxLabel || at + 1 + length > message.size() || size + 1 + length > name.bytes.size()) return std::nullopt;
    std::memcpy(&name.bytes[size], &message[at], 1u + length);
    size += 1u + length;
    at += 1u + length;
    if (length == 0) break;
  }
  name.size = static_cast<std::uint8_t>(size);
  return behind.value_or(at);
}

}  // namespace

void make_lower_case(DnsName& name) {
  // Length bytes are at most 63 and no letters.
  std::transform(name.bytes.begin(), name.bytes.begin() + name.size, name.bytes.begin(), lower);
}

bool same_name(const DnsName& a, const DnsName& b) {
  return a.size == b.size && std::equal(a.bytes.begin(), a.bytes.begin() + a.size, b.bytes.begin(),
                                        [](std::uint8_t x, std::uint8_t y) { return lower(x) == lower(y); });
}

std::optional<DnsName> parse_dns_name(std::string_view text) {
  DnsName name;
  if (text.empty()) return name;
  if (text.size() > 253) return std::nullopt;
  std::size_t size = 0;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find('.', begin), text.size());
    const auto label = end - begin;
    if (label == 0 || label > kMaxLabel) return std::nullopt;
    name.bytes[size++] = static_cast<std::uint8_t>(label);
    std::memcpy(&name.bytes[size], text.data() + begin, label);
    size += label;
    begin = end + 1;
  }
  name.bytes[size++] = 0;
  name.size = static_cast<std::uint8_t>(size);
  return name;
}

std::string_view to_rule_text(const DnsName& name, NameText& buffer) {
  std::size_t out = 0;
  for (std::size_t at = 0; name.bytes[at] != 0;) {
    if (out != 0) buffer[out++] = '.';
    for (std::size_t left = name.bytes[at++]; left > 0; --left) {
      const auto byte = lower(name.bytes[at++]);
      if (is_plain(byte)) {
        buffer[out++] = static_cast<char>(byte);
        continue;
      }
      buffer[out++] = '\\';
      buffer[out++] = static_cast<char>('0' + byte / 100);
      buffer[out++] = static_cast<char>('0' + byte / 10 % 10);
      buffer[out++] = static_cast<char>('0' + byte % 10);
    }
  }
  return {buffer.data(), out};
}

std::optional<DnsHeader> read_header(ByteView message) {
  if (message.size() < kDnsHeader) return std::nullopt;
  return DnsHeader{read_u16(message, 0), read_u16(message, 2), read_u16(message, 4),
                   read_u16(message, 6), read_u16(message, 8), read_u16(message, 10)};
}

std::optional<std::size_t> read_name(ByteView message, std::size_t at, DnsName& name) {
  const auto behind = read_labels(message, at, name);
  if (!behind) name = DnsName();
  return behind;
}

std::optional<std::size_t> read_question(ByteView message, std::size_t at, DnsQuestion& question) {
  const auto behind = read_name(message, at, question.name);
  if (!behind || *behind + 4 > message.size()) return std::nullopt;
  question.type = read_u16(message, *behind);
  question.dns_class = read_u16(message, *behind + 2);
  return *behind + 4;
}

std::optional<std::size_t> read_record(ByteView message, std::size_t at, DnsRecord& record) {
  const auto behind = read_name(message, at, record.name);
  if (!behind || *behind + 10 > message.size()) return std::nullopt;
  record.type = read_u16(message, *behind);
  record.dns_class = read_u16(message, *behind + 2);
  record.ttl_at = *behind + 4;
  record.ttl = read_u32(message, record.ttl_at);
  record.rdata_size = read_u16(message, *behind + 8);
  record.rdata_at = *behind + 10;
  if (record.rdata_at + record.rdata_size > message.size()) return std::nullopt;
  return record.rdata_at + record.rdata_size;
}

void DnsWriter::raw(ByteView bytes) {
  if (overflowed_ || bytes.size() > out_.size() - size_) {
    overflowed_ = true;
    return;
  }
  if (!bytes.empty()) std::memcpy(&out_[size_], bytes.data(), bytes.size());
  size_ += bytes.size();
}

void DnsWriter::u8(std::uint8_t value) { raw({&value, 1}); }

void DnsWriter::u16(std::uint16_t value) {
  const std::uint8_t bytes[] = {static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)};
  raw(bytes);
}

void DnsWriter::u32(std::uint32_t value) {
  u16(static_cast<std::uint16_t>(value >> 16));
  u16(static_cast<std::uint16_t>(value));
}

void DnsWriter::set_u16(std::size_t at, std::uint16_t value) {
  if (at + 2 > size_) return;
  out_[at] = static_cast<std::uint8_t>(value >> 8);
  out_[at + 1] = static_cast<std::uint8_t>(value);
}

void DnsWriter::set_u32(std::size_t at, std::uint32_t value) {
  set_u16(at, static_cast<std::uint16_t>(value >> 16));
  set_u16(at + 2, static_cast<std::uint16_t>(value));
}

void DnsWriter::set_raw(std::size_t at, ByteView bytes) {
  if (at + bytes.size() <= size_) std::memcpy(&out_[at], bytes.data(), bytes.size());
}

void DnsWriter::restart() {
  size_ = 0;
  known_count_ = 0;
  overflowed_ = false;
}

// Is what stands at `offset` spelt, byte for byte, like `suffix`? Only ever asked about names that we wrote.
std::optional<std::uint16_t> DnsWriter::known_suffix(ByteView suffix) const {
  for (std::size_t i = 0; i < known_count_; ++i) {
    DnsName known;
    if (!read_name(bytes(), known_[i], known) || known.size != suffix.size()) continue;
    if (std::equal(suffix.begin(), suffix.end(), known.bytes.begin())) return known_[i];
  }
  return std::nullopt;
}

void DnsWriter::name(const DnsName& name) {
  std::size_t at = 0;
  for (; name.bytes[at] != 0; at += 1u + name.bytes[at]) {
    if (const auto known = known_suffix({&name.bytes[at], name.size - at})) {
      return u16(static_cast<std::uint16_t>(kPointer << 8 | *known));
    }
    if (known_count_ < known_.size() && size_ <= kMaxPointerTarget) {
      known_[known_count_++] = static_cast<std::uint16_t>(size_);
    }
    raw({&name.bytes[at], 1u + name.bytes[at]});
  }
  u8(0);
}

void DnsWriter::plain_name(const DnsName& name) { raw(name.view()); }

void DnsWriter::header(const DnsHeader& header) {
  if (size_ == 0) raw(std::array<std::uint8_t, kDnsHeader>{});
  const std::uint16_t words[] = {header.id,      header.flags,       header.questions,
                                 header.answers, header.authorities, header.additionals};
  for (std::size_t i = 0; i < std::size(words); ++i) set_u16(2 * i, words[i]);
}

std::size_t DnsWriter::begin_record(const DnsName& owner, std::uint16_t type, std::uint16_t dns_class,
                                    std::uint32_t ttl) {
  name(owner);
  u16(type);
  u16(dns_class);
  u32(ttl);
  u16(0);
  return size_;
}

void DnsWriter::end_rdata(std::size_t rdata_at) {
  if (!overflowed_) set_u16(rdata_at - 2, static_cast<std::uint16_t>(size_ - rdata_at));
}

}  // namespace caretaker::agent
