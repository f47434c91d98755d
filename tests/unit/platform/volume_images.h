// Images of volumes to judge: made by the system's tools, or byte by byte.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "platform/bitlocker.h"

namespace caretaker::tests {

// Runs a program and waits for it. kNotFound: it is not installed; kInternal: it failed.
[[nodiscard]] Status run_tool(std::vector<std::string> command, const std::string& input = "");

void make_image(const std::filesystem::path& path, std::uint64_t size);
[[nodiscard]] Bytes read_at(const std::filesystem::path& path, std::uint64_t offset, std::size_t size);
void write_at(const std::filesystem::path& path, std::uint64_t offset, ByteView bytes);

// Both headers of LUKS 2 with one text in the place of another of its length, and checksums that match.
enum class Which { kFirst, kLast };
void edit_luks2(const std::filesystem::path& path, const std::string& from, const std::string& to, Which which);

// A BitLocker volume of 64 MiB as Windows leaves it, with what the fields say changed as a test likes.
struct BitLockerImage {
  std::string signature = "-FVE-FS-";
  bool on_write = false;
  std::uint16_t state = 4;
  std::uint16_t next_state = 4;
  std::uint64_t encrypted_size = 64u << 20;
  std::uint16_t method = 0x8004;
  std::vector<std::uint16_t> protectors = {0x0800, 0x2000};
  std::uint16_t key_value = 5;  // 5: wrapped, 1: in clear
  std::array<std::uint64_t, 3> blocks = {16u << 20, 32u << 20, 48u << 20};
};
inline constexpr std::uint64_t kBitLockerImageSize = 64u << 20;
[[nodiscard]] Bytes bitlocker_sector(const BitLockerImage& image);
[[nodiscard]] Bytes bitlocker_block(const BitLockerImage& image);

}  // namespace caretaker::tests
