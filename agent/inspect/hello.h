// Whom a client wants to speak to, from the first bytes that it sends: the name in a TLS ClientHello (RFC 8446 section 4.1.2, RFC 6066
// section 3) or in the Host line of plain HTTP. Every byte is foreign. Pure; any thread.
#pragma once

#include <string>

#include "platform/base/bytes.h"

namespace caretaker::agent {

enum class HelloState {
  kMore,        // right so far: the rest has to come first
  kName,        // `name` is it
  kNoName,      // whole and right, but it names nobody
  kUnreadable,  // begins as one of these and goes on as none
  kOther,       // something else: another protocol
};

struct Hello {
  HelloState state = HelloState::kMore;
  std::string name;          // as it was written; of kName
  bool has_ech = false;      // carries an encrypted hello: `name` may be only that of a front (browsers send decoys as well)
};

inline constexpr std::size_t kMaxHello = 32u << 10;  // of one connection; post-quantum keys make 2 KiB of them

// A ClientHello as a handshake message, without the record layer: what QUIC's CRYPTO frames hold.
[[nodiscard]] Hello parse_client_hello(ByteView handshake);
// What a client sent so far over TCP: TLS records (the hello may be split over several), or HTTP.
[[nodiscard]] Hello parse_tcp_start(ByteView stream);

}  // namespace caretaker::agent
