// LUKS key slots and header area, destroyed where they lie and read back.
#pragma once

#include <filesystem>

#include "platform/eraser.h"

namespace caretaker::platform {

struct LuksHeader {
  std::string uuid;
  std::uint64_t size = 0;  // up to the data: both headers, every key slot
  int key_slots = 0;
  bool is_encrypted = false;  // as inspect_luks() judges it
};
// kNotFound: there is no LUKS header.
[[nodiscard]] Result<LuksHeader> find_luks_header(const std::filesystem::path& node);
// `size`: of what is overwritten, from the start, also where no header can be read any more.
[[nodiscard]] Status destroy_luks(const WipePermit& permit, const std::filesystem::path& node, std::uint64_t size);
[[nodiscard]] Status verify_luks_destroyed(const std::filesystem::path& node, std::uint64_t size);

}  // namespace caretaker::platform
