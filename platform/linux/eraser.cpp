// The eraser of this machine: what sysfs and the mount table say, libcryptsetup, and the block layer.
#include "platform/eraser.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "platform/base/clock.h"
#include "platform/base/log.h"
#include "platform/eraser_disks.h"
#include "platform/files.h"
#include "platform/linux/eraser_luks.h"
#include "platform/linux/posix_error.h"
#include "platform/linux/unit_bus.h"
#include "platform/mount_table.h"

namespace caretaker::platform {
namespace {

constexpr std::uint64_t kStep = 64u << 20;
constexpr std::size_t kMaxMounts = 4u << 20;

Result<std::vector<Mount>> read_mounts() {
  TRY(bytes, read_file("/proc/self/mountinfo", kMaxMounts));
  return parse_all_mounts(as_text(bytes));
}

std::uint64_t size_of(const std::string& node) {
  const OpenFile file(::open(node.c_str(), O_RDONLY | O_CLOEXEC));
  std::uint64_t size = 0;
  if (!file.is_open()) return 0;
  if (::ioctl(file.fd(), BLKGETSIZE64, &size) == 0) return size;
  struct stat status {};  // an image of a volume
  return ::fstat(file.fd(), &status) == 0 && S_ISREG(status.st_mode) ? static_cast<std::uint64_t>(status.st_size) : 0;
}

class LinuxEraser final : public Eraser {
 public:
  Result<ErasePlan> plan() override;
  Status leave_network() override;
  Result<std::string> find(const EraseTarget& target) override;
  Status destroy_keys(const WipePermit& permit, const EraseTarget& target) override;
  Status verify_keys(const EraseTarget& target) override;
  Status erase_data(const WipePermit& permit, const EraseTarget& target, int seconds) override;
  Status power_off(const WipePermit& permit) override;
};

Result<ErasePlan> LinuxEraser::plan() {
  TRY(mounts, read_mounts());
  TRY(volumes, find_volumes("/sys", "/dev"));
  ErasePlan plan;
  for (DiskVolume& volume : volumes) {
    volume.target.kept_for = starts_machine_at(mounts, volume.number);
    plan.push_back(with_luks_header(std::move(volume.target)));
  }
  if (plan.size() > kMaxEraseTargets) return make_error(ErrorCode::kUnavailable, "more volumes than a plan holds");
  return plan;
}

// Those that lie deepest first. Who still has a file open there keeps it, and loses it with the machine.
Status LinuxEraser::leave_network() {
  TRY(mounts, read_mounts());
  std::ranges::reverse(mounts);
  for (const Mount& mount : mounts) {
    if (!is_network_file_system(mount)) continue;
    if (::umount2(mount.point.c_str(), MNT_FORCE | UMOUNT_NOFOLLOW) == 0) continue;
    if (::umount2(mount.point.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) != 0) return posix_error(errno, "unmount " + mount.point);
  }
  return ok();
}

Result<std::string> LinuxEraser::find(const EraseTarget& target) {
  std::string node = target.node;
  if (!target.part_uuid.empty()) {
    TRY(volumes, find_volumes("/sys", "/dev"));
    const auto same = [&](const DiskVolume& volume) { return volume.target.part_uuid == target.part_uuid; };
    const auto found = std::ranges::find_if(volumes, same);
    if (found == volumes.end()) return make_error(ErrorCode::kNotFound, "partition " + target.part_uuid + " is gone");
    node = found->target.node;
  }
  if (size_of(node) != target.size) return make_error(ErrorCode::kNotFound, node + " is not of the size that it had");
  // In the same partitions somebody may have installed a new system since.
  const auto header = find_luks_header(node);
  if (header && header->uuid != target.luks_uuid) return make_error(ErrorCode::kNotFound, node + " holds another encrypted volume");
  return node;
}

Status LinuxEraser::destroy_keys(const WipePermit& permit, const EraseTarget& target) {
  TRY(node, find(target));
  return destroy_luks(permit, node, target.header_size);
}

Status LinuxEraser::verify_keys(const EraseTarget& target) {
  TRY(node, find(target));
  return verify_luks_destroyed(node, target.header_size);
}

// Discarded as a whole where the disk can; then zeros from the start, as far as the time goes. The header's place comes last: what
// stands there proves until then that its keys are gone.
Status LinuxEraser::erase_data(const WipePermit&, const EraseTarget& target, int seconds) {
  TRY(node, find(target));
  (void)::mlockall(MCL_CURRENT | MCL_FUTURE);  // this program may lie on what goes now
  const OpenFile file(::open(node.c_str(), O_RDWR | O_CLOEXEC));
  if (!file.is_open()) return posix_error(errno, "open " + node);
  std::uint64_t all[2] = {target.header_size, target.size - target.header_size};
  const bool discarded = ::ioctl(file.fd(), BLKDISCARD, all) == 0;
  if (discarded) log_info("wipe", node + ": discarded");
  const MonotonicMs end = system_clock().monotonic_ms() + seconds * 1000;
  for (std::uint64_t at = target.header_size; at < target.size; at += kStep) {
    if (system_clock().monotonic_ms() > end) return make_error(ErrorCode::kUnavailable, node + ": overwritten up to " + std::to_string(at));
    std::uint64_t range[2] = {at, std::min(kStep, target.size - at)};
    if (::ioctl(file.fd(), BLKZEROOUT, range) != 0) return posix_error(errno, "overwrite " + node);
  }
  return ok();
}

// What is not yet written does not matter any more.
Status LinuxEraser::power_off(const WipePermit&) {
  if (::reboot(RB_POWER_OFF) != 0) return posix_error(errno, "power off");
  return ok();
}

}  // namespace

EraseTarget with_luks_header(EraseTarget target) {
  const auto header = find_luks_header(target.node);
  if (!header) return target;
  target.luks_uuid = header->uuid;
  target.header_size = header->size;
  target.key_slots = header->key_slots;
  target.is_encrypted = header->is_encrypted;
  return target;
}

std::unique_ptr<Eraser> make_eraser() { return std::make_unique<LinuxEraser>(); }

Status start_wipe_service(const WipePermit&) {
  SystemBus bus;
  return UnitBus(bus).start("caretaker-wipe.service");
}

}  // namespace caretaker::platform
