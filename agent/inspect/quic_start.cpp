#include "agent/inspect/quic_start.h"

#include <algorithm>

namespace caretaker::agent {
namespace {

using platform::QuicVersion;

constexpr std::size_t kMaxConnectionId = 20;
constexpr std::size_t kSample = 16;
constexpr std::size_t kMaxPieces = 256;
constexpr int kMaxDatagrams = 16;  // without a hello
constexpr int kMaxPackets = 8;     // in one datagram

// Variable-length integers and bytes (RFC 9000 section 16). A read past the end fails for good.
class Reader {
 public:
  explicit Reader(ByteView bytes) : all_(bytes) {}
  std::uint8_t byte() {
    const ByteView one = raw(1);
    return one.empty() ? std::uint8_t{0} : one[0];
  }
  std::uint64_t number() {
    const std::uint8_t first = byte();
    std::uint64_t out = first & 0x3f;
    for (const std::uint8_t next : raw((std::size_t{1} << (first >> 6)) - 1)) out = out << 8 | next;
    return ok_ ? out : 0;
  }
  ByteView raw(std::uint64_t size) {
    if (!ok_ || size > all_.size() - at_) {
      ok_ = false;
      return {};
    }
    at_ += static_cast<std::size_t>(size);
    return all_.subspan(at_ - static_cast<std::size_t>(size), static_cast<std::size_t>(size));
  }
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] std::size_t at() const { return at_; }
  [[nodiscard]] std::size_t left() const { return ok_ ? all_.size() - at_ : 0; }

 private:
  ByteView all_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

std::optional<QuicVersion> version_in(ByteView bytes) {
  const std::uint32_t number = std::uint32_t{bytes[1]} << 24 | std::uint32_t{bytes[2]} << 16 | std::uint32_t{bytes[3]} << 8 | bytes[4];
  for (const QuicVersion known : {QuicVersion::kV1, QuicVersion::kV2}) {
    if (number == static_cast<std::uint32_t>(known)) return known;
  }
  return std::nullopt;
}

// RFC 9000, appendix A.3.
std::uint64_t whole_number(std::uint64_t expected, std::uint64_t sent, int bits) {
  const std::uint64_t window = std::uint64_t{1} << bits;
  const std::uint64_t candidate = (expected & ~(window - 1)) | sent;
  if (candidate + window / 2 <= expected && candidate < (std::uint64_t{1} << 62) - window) return candidate + window;
  if (candidate > expected + window / 2 && candidate >= window) return candidate - window;
  return candidate;
}

bool skip_ack(Reader& in, bool has_counts) {
  (void)in.number();  // largest
  (void)in.number();  // delay
  const std::uint64_t ranges = in.number();
  (void)in.number();  // the first range
  for (std::uint64_t i = 0; i < ranges && in.ok(); ++i) {
    (void)in.number();
    (void)in.number();
  }
  for (int i = 0; has_counts && i < 3; ++i) (void)in.number();
  return in.ok();
}

}  // namespace

CryptoStream::Added CryptoStream::add(std::uint64_t offset, ByteView bytes) {
  if (offset > kMaxHello || bytes.size() > kMaxHello - offset || pieces_.size() >= kMaxPieces) return Added::kNoRoom;
  const Piece piece{static_cast<std::size_t>(offset), static_cast<std::size_t>(offset) + bytes.size()};
  if (bytes.empty()) return Added::kYes;
  if (bytes_.size() < piece.end) bytes_.resize(piece.end);
  for (const Piece& known : pieces_) {
    const std::size_t begin = std::max(known.begin, piece.begin);
    const std::size_t end = std::min(known.end, piece.end);
    if (begin >= end) continue;
    const auto ours = ByteView(bytes_).subspan(begin, end - begin);
    if (!std::ranges::equal(ours, bytes.subspan(begin - piece.begin, end - begin))) return Added::kContradicts;
  }
  std::ranges::copy(bytes, bytes_.begin() + static_cast<std::ptrdiff_t>(piece.begin));
  join(piece);
  return Added::kYes;
}

void CryptoStream::join(Piece piece) {
  std::vector<Piece> out;
  for (const Piece& known : pieces_) {
    if (known.end < piece.begin || known.begin > piece.end) {
      out.push_back(known);
    } else {
      piece = {std::min(known.begin, piece.begin), std::max(known.end, piece.end)};
    }
  }
  out.push_back(piece);
  std::ranges::sort(out, {}, &Piece::begin);
  pieces_ = std::move(out);
}

ByteView CryptoStream::beginning() const {
  if (pieces_.empty() || pieces_.front().begin != 0) return {};
  return ByteView(bytes_).first(pieces_.front().end);
}

std::optional<QuicStart::Packet> QuicStart::parse_packet(ByteView datagram) {
  if (datagram.size() < 7 || (datagram[0] & 0xc0) != 0xc0) return std::nullopt;  // a long header of QUIC
  const auto version = version_in(datagram);
  if (!version) return std::nullopt;
  const int type = datagram[0] >> 4 & 3;
  const int initial = *version == QuicVersion::kV2 ? 1 : 0;
  const int retry = *version == QuicVersion::kV2 ? 0 : 3;
  if (type == retry) return std::nullopt;  // no client sends it
  Reader in(datagram);
  (void)in.raw(5);
  Packet packet{type == initial, *version, in.raw(in.byte()), {}, 0};
  const ByteView source = in.raw(in.byte());
  if (!in.ok() || packet.connection.size() > kMaxConnectionId || source.size() > kMaxConnectionId) return std::nullopt;
  if (packet.is_initial) (void)in.raw(in.number());  // token
  const std::uint64_t length = in.number();
  packet.number_at = in.at();
  (void)in.raw(length);
  if (!in.ok()) return std::nullopt;
  packet.bytes = datagram.first(in.at());
  return packet;
}

std::optional<Bytes> QuicStart::open_with(const platform::QuicKeys& keys, const Packet& packet) {
  if (packet.bytes.size() < packet.number_at + 4 + kSample) return std::nullopt;
  const auto mask = platform::header_mask(keys, packet.bytes.subspan(packet.number_at + 4, kSample));
  if (!mask) return std::nullopt;
  Bytes header = to_bytes(packet.bytes.first(packet.number_at + 4));
  header[0] = static_cast<std::uint8_t>(header[0] ^ ((*mask)[0] & 0x0f));
  const std::size_t size = (header[0] & 3u) + 1;
  header.resize(packet.number_at + size);
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < size; ++i) {
    header[packet.number_at + i] = static_cast<std::uint8_t>(header[packet.number_at + i] ^ (*mask)[1 + i]);
    number = number << 8 | header[packet.number_at + i];
  }
  number = whole_number(largest_ ? *largest_ + 1 : 0, number, static_cast<int>(8 * size));
  auto frames = platform::open_packet(keys, number, header, packet.bytes.subspan(packet.number_at + size));
  if (!frames) return std::nullopt;
  largest_ = std::max(largest_.value_or(0), number);
  return std::move(*frames);
}

std::optional<Bytes> QuicStart::open(const Packet& packet) {
  if (keys_) {
    if (auto frames = open_with(*keys_, packet)) return frames;
  }
  const auto keys = platform::derive_client_keys(packet.version, packet.connection);
  if (!keys) return std::nullopt;
  auto frames = open_with(*keys, packet);
  if (frames) keys_ = *keys;
  return frames;
}

bool QuicStart::take_frames(ByteView frames) {
  Reader in(frames);
  while (in.ok() && in.left() > 0) {
    const std::uint64_t type = in.number();
    if (type <= 1) continue;  // padding, ping
    if (type == 2 || type == 3) {
      if (!skip_ack(in, type == 3)) return false;
    } else if (type == 6) {
      const std::uint64_t offset = in.number();
      const ByteView bytes = in.raw(in.number());
      if (!in.ok() || crypto_.add(offset, bytes) != CryptoStream::Added::kYes) return false;
    } else {
      return type == 0x1c;  // the client gives up; nothing else may stand in an Initial packet
    }
  }
  return in.ok();
}

Hello QuicStart::add(ByteView datagram) {
  bool is_quic = keys_.has_value();
  for (int i = 0; i < kMaxPackets && !datagram.empty(); ++i) {
    const auto packet = parse_packet(datagram);
    if (!packet) break;  // one with a short header takes the rest of the datagram
    is_quic = true;
    datagram = datagram.subspan(packet->bytes.size());
    if (!packet->is_initial) continue;
    const auto frames = open(*packet);
    if (frames && !take_frames(*frames)) return {HelloState::kUnreadable, "", false};
  }
  if (!is_quic) return {HelloState::kOther, "", false};
  Hello hello = parse_client_hello(crypto_.beginning());
  if (hello.state == HelloState::kMore && ++datagrams_ >= kMaxDatagrams) hello.state = HelloState::kUnreadable;
  return hello;
}

}  // namespace caretaker::agent
