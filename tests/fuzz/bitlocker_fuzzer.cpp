// BitLocker's metadata by whoever made the stick: the first 512 bytes are its first sector, what follows three copies of one size.
#include "platform/bitlocker.h"

#include <cstdlib>

using namespace caretaker;
using namespace caretaker::platform;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  const auto header = parse_bitlocker_header(input);
  const ByteView rest = input.subspan(std::min(size, kBitLockerSector));
  std::vector<BitLockerMetadata> copies;
  for (std::size_t i = 0; i < 3; ++i) {
    if (auto copy = parse_bitlocker_metadata(rest.subspan(i * (rest.size() / 3), rest.size() / 3))) copies.push_back(std::move(*copy));
  }
  if (!header) return 0;
  const VolumeContent content = decide_bitlocker(*header, copies, 64u << 20);
  // Encrypted needs at least one copy that says so, and no conversion.
  if (content.encryption == Encryption::kEncrypted && (copies.empty() || header->converting)) std::abort();
  return 0;
}
