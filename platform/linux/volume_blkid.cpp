#include "platform/linux/volume_blkid.h"

#include <blkid/blkid.h>

#include <array>
#include <memory>

namespace caretaker::platform {
namespace {

constexpr std::uint64_t kSector = 512;  // libblkid counts partitions in these, whatever the device has
using Probe = std::unique_ptr<blkid_struct_probe, decltype(&::blkid_free_probe)>;

Result<Probe> open_probe(const DeviceRegion& region) {
  Probe probe(::blkid_new_probe(), &::blkid_free_probe);
  if (!probe) return make_error(ErrorCode::kInternal, "libblkid gives no probe");
  if (::blkid_probe_set_device(probe.get(), region.fd, static_cast<blkid_loff_t>(region.offset),
                               static_cast<blkid_loff_t>(region.size)) != 0) {
    return make_error(ErrorCode::kUnavailable, "the device cannot be probed");
  }
  ::blkid_probe_enable_superblocks(probe.get(), 1);
  ::blkid_probe_set_superblocks_flags(probe.get(), BLKID_SUBLKS_TYPE | BLKID_SUBLKS_USAGE | BLKID_SUBLKS_UUID);
  return probe;
}

std::string value_of(const Probe& probe, const char* name) {
  const char* value = nullptr;
  return ::blkid_probe_lookup_value(probe.get(), name, &value, nullptr) == 0 ? value : "";
}

std::vector<DeviceRegion> read_partitions(const Probe& probe, const DeviceRegion& disk) {
  std::vector<DeviceRegion> out;
  const blkid_partlist list = ::blkid_probe_get_partitions(probe.get());
  const int count = list == nullptr ? 0 : ::blkid_partlist_numof_partitions(list);
  for (int i = 0; i < count; ++i) {
    const blkid_partition partition = ::blkid_partlist_get_partition(list, i);
    if (::blkid_partition_is_extended(partition) != 0) continue;  // holds others, which are in the list
    const auto start = static_cast<std::uint64_t>(::blkid_partition_get_start(partition)) * kSector;
    const auto size = static_cast<std::uint64_t>(::blkid_partition_get_size(partition)) * kSector;
    const bool inside = start < disk.size && size <= disk.size - start;
    out.push_back({disk.fd, disk.offset + start, inside ? size : 0});
  }
  return out;
}

}  // namespace

Result<FoundSignatures> find_signatures(const DeviceRegion& region) {
  TRY(probe, open_probe(region));
  ::blkid_probe_enable_partitions(probe.get(), 1);
  FoundSignatures found;
  const int outcome = ::blkid_do_safeprobe(probe.get());
  if (outcome == -2) {
    found.ambiguous = true;
    return found;
  }
  if (outcome < 0) return make_error(ErrorCode::kUnavailable, "the device cannot be read");
  if (outcome == 1) return found;
  found.type = value_of(probe, "TYPE");
  found.usage = value_of(probe, "USAGE");
  found.uuid = value_of(probe, "UUID");
  found.table = value_of(probe, "PTTYPE");
  if (!found.table.empty()) found.partitions = read_partitions(probe, region);
  return found;
}

Result<bool> has_file_system(const DeviceRegion& region) {
  TRY(probe, open_probe(region));
  // Those with a signature too long to stand in noise by chance.
  std::array<char*, 10> names{};
  std::array<std::string, 9> known = {"vfat", "exfat", "ntfs", "ext2", "ext3", "ext4", "btrfs", "xfs", "hfsplus"};
  for (std::size_t i = 0; i < known.size(); ++i) names[i] = known[i].data();
  ::blkid_probe_filter_superblocks_type(probe.get(), BLKID_FLTR_ONLYIN, names.data());
  const int outcome = ::blkid_do_safeprobe(probe.get());
  if (outcome == -1) return make_error(ErrorCode::kUnavailable, "the device cannot be read");
  return outcome != 1;
}

}  // namespace caretaker::platform
