// Rules of the packet filter that hand the first packets of each connection to a PacketQueue, and carry out what is answered. Port: a
// table of nftables of its own on Linux (CAP_NET_ADMIN).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "platform/base/result.h"

namespace caretaker::platform {

struct InspectionGate {
  std::uint16_t queue = 0;
  std::vector<std::uint32_t> exempt_uids;  // beside root
  bool pass_when_down = false;             // packets pass while nobody listens to the queue; else they are dropped
  friend bool operator==(const InspectionGate&, const InspectionGate&) = default;
};
// The whole table as nft reads it, which takes the place of the one before. Pure.
[[nodiscard]] std::string make_inspection_text(const InspectionGate& gate);

class InspectionTable {
 public:
  [[nodiscard]] static Result<std::unique_ptr<InspectionTable>> open();
  virtual ~InspectionTable() = default;

  // kUnavailable: the kernel refuses it; what was there stays.
  [[nodiscard]] virtual Status apply(const InspectionGate& gate) = 0;
  // Whether what was applied is still there, whole.
  [[nodiscard]] virtual bool is_intact() = 0;
  // As if there had never been one.
  [[nodiscard]] virtual Status remove() = 0;
  // True when somebody, ourselves included, changed the packet filter; false after end_wait(). May be waited for on a thread of its own.
  [[nodiscard]] virtual bool wait_for_change() = 0;
  virtual void end_wait() = 0;
};

}  // namespace caretaker::platform
