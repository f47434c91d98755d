// Packets that the kernel holds until somebody says what becomes of them. Port: NFQUEUE on Linux (CAP_NET_ADMIN).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "platform/base/bytes.h"

namespace caretaker::platform {

// What is written on a packet that goes on, beside what others have written there, and by the rules behind the queue on its connection. Bits that no other part uses.
inline constexpr std::uint32_t kMarkAccepted = 0x04000000;
inline constexpr std::uint32_t kMarkRefused = 0x08000000;
inline constexpr std::uint32_t kMarkBegun = 0x02000000;
inline constexpr std::uint32_t kMarkPassed = kMarkAccepted | kMarkRefused;  // on a packet alone: it was looked at, and says nothing of its connection

struct HeldPacket {
  std::uint32_t id = 0;
  std::optional<std::uint32_t> uid;  // of the local socket that sent it
  ByteView bytes;                    // from the IP header on
  bool has_begun = false;            // an earlier packet of its connection was answered with kBegun, by this process or by one before
  std::uint32_t connection = 0;      // the kernel's number of it (conntrack): another one between the same ends has another. 0: this
                                     // kernel has none (it is without nf_conntrack_netlink)
};
enum class PacketVerdict {
  kPass,    // this packet; the connection's next ones are held as well
  kBegun,   // the same, and they are known by it
  kAccept,  // and the connection with it
  kRefuse,  // the rules behind the queue tell the sender
};

class PacketQueue {
 public:
  using Handler = std::function<PacketVerdict(const HeldPacket& packet)>;
  // Nobody listens yet: the rule that leads here decides.
  [[nodiscard]] static Result<PacketQueue> open(std::uint16_t number);
  PacketQueue(PacketQueue&&) noexcept;
  PacketQueue& operator=(PacketQueue&&) noexcept;
  ~PacketQueue();  // what is held then is dropped
  // Listens from now on. `fail_open`: what finds no room in the queue passes, else it is dropped; another call says it anew.
  // kPermissionDenied: no right, or another process listens to this number.
  [[nodiscard]] Status listen(bool fail_open);
  // Waits at most timeout_ms (-1: until something comes) and answers what has come.
  [[nodiscard]] Status serve_once(const Handler& handler, int timeout_ms);
  // Makes a serve_once() that is waiting return. Async-signal-safe; any thread.
  void wake() const;

 private:
  struct State;
  explicit PacketQueue(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace caretaker::platform
