// Puts together what the readers of the single formats say.
#include "platform/volume_inspector.h"

#include <algorithm>

#include "platform/base/text.h"
#include "platform/bitlocker.h"
#include "platform/linux/volume_blkid.h"
#include "platform/linux/volume_luks.h"

namespace caretaker::platform {
namespace {

constexpr std::string_view kLuksSignature = "LUKS\xba\xbe";

VolumeContent unknown(std::string reason, std::string kind = {}) {
  return {Encryption::kUnknown, std::move(kind), std::move(reason), ""};
}

std::optional<BitLockerMetadata> read_copy(const DeviceRegion& region, std::uint64_t at) {
  if (at == 0 || at >= region.size) return std::nullopt;
  Bytes block(static_cast<std::size_t>(std::min<std::uint64_t>(kBitLockerBlock, region.size - at)));
  if (!read_region(region, at, block)) return std::nullopt;
  auto copy = parse_bitlocker_metadata(block);
  return copy ? std::optional(std::move(*copy)) : std::nullopt;
}

VolumeContent inspect_bitlocker(const DeviceRegion& region, const BitLockerHeader& header) {
  std::vector<BitLockerMetadata> copies;
  auto offsets = header.blocks;
  if (header.vista) {
    if (const auto first = read_copy(region, header.blocks[0])) offsets = first->blocks;
  }
  for (const std::uint64_t at : offsets) {
    if (auto copy = read_copy(region, at)) copies.push_back(std::move(*copy));
  }
  return decide_bitlocker(header, copies, region.size);
}

VolumeContent judge_signatures(const FoundSignatures& found) {
  if (found.usage == "filesystem") return {Encryption::kNotEncrypted, found.type, "plain-filesystem", lower_case(found.uuid)};
  if (!found.type.empty()) return unknown("container", found.type);  // LVM, RAID, swap, formats that we cannot judge
  return unknown("no-structure");
}

VolumeContent inspect_region(const DeviceRegion& region, bool is_partition);

// A disk with partitions: as good as the worst of them. Within a partition nothing makes a further table into volumes.
VolumeContent inspect_partitions(const std::vector<DeviceRegion>& partitions, bool is_partition) {
  if (is_partition) return unknown("ambiguous");
  if (partitions.empty()) return unknown("no-partitions", "partitions");
  VolumeContent worst = inspect_region(partitions.front(), true);
  for (const DeviceRegion& partition : partitions) worst = worse_of(worst, inspect_region(partition, true));
  return {worst.encryption, "partitions", worst.reason, ""};
}

VolumeContent inspect_region(const DeviceRegion& region, bool is_partition) {
  Bytes sector(kBitLockerSector);
  if (!read_region(region, 0, sector)) return unknown("unreadable");
  const auto found = find_signatures(region);
  if (!found) return unknown("unreadable");
  const auto bitlocker = parse_bitlocker_header(sector);
  const bool luks = as_text(sector).starts_with(kLuksSignature) || found->type == "crypto_LUKS";
  const bool divided = !found->partitions.empty();
  // What udisks mounts is what libblkid says it is, whatever else we can read in it.
  const bool is_disguised = !found->type.empty() && ((bitlocker && found->type != "BitLocker") || (luks && found->type != "crypto_LUKS"));
  if (found->ambiguous || is_disguised || (divided && (bitlocker || luks || !found->type.empty()))) return unknown("ambiguous");
  if (divided || (!found->table.empty() && !bitlocker && !luks && found->type.empty())) {
    return inspect_partitions(found->partitions, is_partition);
  }
  if (luks) return inspect_luks(region);
  if (bitlocker) return inspect_bitlocker(region, *bitlocker);
  return judge_signatures(*found);
}

}  // namespace

VolumeContent inspect_volume(const OpenFile& device) {
  const auto whole = whole_device(device.fd());
  return whole ? inspect_region(*whole, false) : unknown("unreadable");
}

}  // namespace caretaker::platform
