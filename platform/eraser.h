// Destroys what a machine keeps. Everything that destroys takes a WipePermit, which only a signed order gives. Port: libcryptsetup,
// the mount table and the block layer on Linux. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "platform/base/bytes.h"
#include "platform/base/permits.h"
#include "platform/base/result.h"

namespace caretaker::platform {

// A volume on a disk of this machine. Written down before anything is destroyed, since afterwards nobody could tell any more what it was.
struct EraseTarget {
  std::string node;          // "/dev/nvme0n1p3"
  std::string part_uuid;     // finds it again after a restart; empty: has none, and the node with the same size must do
  std::string luks_uuid;     // empty: not encrypted
  std::string model;         // of its disk
  std::string serial;
  bool is_rotational = false;
  std::uint64_t size = 0;         // bytes
  std::uint64_t header_size = 0;  // of LUKS headers and key slots, both copies
  int key_slots = 0;              // in use
  bool is_encrypted = false;      // as a stick is judged: not with a key in clear, no cipher, or while it is being converted
  std::string kept_for;           // "/boot": it starts the machine, and stays as it is; empty: it goes
  bool operator==(const EraseTarget&) const = default;
};
using ErasePlan = std::vector<EraseTarget>;
inline constexpr std::size_t kMaxEraseTargets = 64;

[[nodiscard]] Bytes make_erase_plan(const ErasePlan& plan);
[[nodiscard]] Result<ErasePlan> parse_erase_plan(ByteView bytes);

class Eraser {
 public:
  virtual ~Eraser() = default;
  // Every internal volume; those that start the machine are marked. kUnavailable: the mount table or the disks cannot be read, and then
  // nothing may be destroyed.
  [[nodiscard]] virtual Result<ErasePlan> plan() = 0;
  // Network file systems go first: nothing of what follows may reach through one.
  [[nodiscard]] virtual Status leave_network() = 0;
  // Where the target is now; kNotFound: gone, no longer of its size, or with the LUKS header of another volume.
  [[nodiscard]] virtual Result<std::string> find(const EraseTarget& target) = 0;
  // Key slots, then the whole header area with its second copy, written through to the disk. Also for one that was half done.
  [[nodiscard]] virtual Status destroy_keys(const WipePermit& permit, const EraseTarget& target) = 0;
  // Read back from the disk: what lies there is what was written over it, and no header opens. kDamaged: it is not.
  [[nodiscard]] virtual Status verify_keys(const EraseTarget& target) = 0;
  // Discards or overwrites everything, as far as the disk does it within `seconds`. Whatever runs from it will end.
  [[nodiscard]] virtual Status erase_data(const WipePermit& permit, const EraseTarget& target, int seconds) = 0;
  [[nodiscard]] virtual Status power_off(const WipePermit& permit) = 0;
};
[[nodiscard]] std::unique_ptr<Eraser> make_eraser();

// As it is, with what the LUKS header on its node says; without one nothing is added.
[[nodiscard]] EraseTarget with_luks_header(EraseTarget target);

// Has the service manager start the process that does all this, outside the guard's sandbox (caretaker-wipe.service).
[[nodiscard]] Status start_wipe_service(const WipePermit& permit);

}  // namespace caretaker::platform
