// Whom a QUIC client wants to speak to: its Initial packets opened (versions 1 and 2), the CRYPTO frames put together, the ClientHello
// in them read. RFC 9000 sections 12.2, 17.2.2 and 19.6, RFC 9001 section 5, RFC 9369. Every byte is foreign, and an error in one packet is
// passed over, as a server passes over it. One thread.
#pragma once

#include <optional>
#include <vector>

#include "agent/inspect/hello.h"
#include "platform/quic_protection.h"

namespace caretaker::agent {

// A handshake's bytes as they come: in any order, several times, in pieces. Two that differ about a byte are not believed.
class CryptoStream {
 public:
  enum class Added { kYes, kNoRoom, kContradicts };
  [[nodiscard]] Added add(std::uint64_t offset, ByteView bytes);
  [[nodiscard]] ByteView beginning() const;  // what is there without a gap

 private:
  struct Piece {
    std::size_t begin = 0;
    std::size_t end = 0;
  };
  void join(Piece piece);
  Bytes bytes_;
  std::vector<Piece> pieces_;  // in order, none touching another
};

class QuicStart {
 public:
  // One more datagram of this client, in its order. kOther: no beginning of QUIC that we know. After another answer than kMore it is
  // of no more use.
  [[nodiscard]] Hello add(ByteView datagram);

 private:
  struct Packet {
    bool is_initial = false;
    platform::QuicVersion version = platform::QuicVersion::kV1;
    ByteView connection;  // the destination's id
    ByteView bytes;       // the whole packet
    std::size_t number_at = 0;
  };
  [[nodiscard]] static std::optional<Packet> parse_packet(ByteView datagram);
  [[nodiscard]] std::optional<Bytes> open(const Packet& packet);
  [[nodiscard]] std::optional<Bytes> open_with(const platform::QuicKeys& keys, const Packet& packet);
  // False: what stands there is against the protocol, or makes no sense.
  [[nodiscard]] bool take_frames(ByteView frames);

  std::optional<platform::QuicKeys> keys_;  // of the first packet; they stay the same unless the server makes the client try again
  std::optional<std::uint64_t> largest_;    // number of a packet
  CryptoStream crypto_;
  int datagrams_ = 0;
};

}  // namespace caretaker::agent
