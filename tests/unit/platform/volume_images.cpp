#include "tests/unit/platform/volume_images.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>

#include "platform/base/crypto.h"

extern char** environ;

namespace caretaker::tests {
namespace {

std::filesystem::path find_tool(const std::string& name) {
  for (const char* folder : {"/usr/sbin", "/sbin", "/usr/bin", "/bin"}) {
    if (auto path = std::filesystem::path(folder) / name; std::filesystem::exists(path)) return path;
  }
  return {};
}

// The identifiers of BitLocker's two kinds, as they lie on the disk.
constexpr std::string_view kWhole = "3bd66749292ed84a8399f6a339e3d001";
constexpr std::string_view kOnWrite = "3b4da89280dd0e4d9e4eb1e3284eaed8";

void put(Bytes& into, std::size_t at, ByteView bytes) { std::copy(bytes.begin(), bytes.end(), into.begin() + static_cast<std::ptrdiff_t>(at)); }

void put_entry(ByteWriter& out, std::uint16_t type, std::uint16_t value, ByteView data) {
  out.u16(static_cast<std::uint16_t>(8 + data.size()));
  out.u16(type);
  out.u16(value);
  out.u16(1);
  out.raw(data);
}

std::uint32_t checksum(ByteView bytes) {
  std::uint32_t crc = ~0u;
  for (const std::uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320u : 0);
  }
  return ~crc;
}

Bytes entries_of(const BitLockerImage& image) {
  ByteWriter entries;
  for (const std::uint16_t protection : image.protectors) {
    Bytes key(28 + 40, 0xaa);
    key[26] = static_cast<std::uint8_t>(protection);
    key[27] = static_cast<std::uint8_t>(protection >> 8);
    put_entry(entries, 2, 8, key);
  }
  put_entry(entries, 3, image.key_value, Bytes(72, 0xbb));
  put_entry(entries, 15, 15, Bytes(16, 0));
  return std::move(entries).take();
}

}  // namespace

Status run_tool(std::vector<std::string> command, const std::string& input) {
  const auto tool = find_tool(command.front());
  if (tool.empty()) return make_error(ErrorCode::kNotFound, command.front() + " is not installed");
  int pipe_ends[2];
  if (::pipe2(pipe_ends, O_CLOEXEC) != 0) return make_error(ErrorCode::kInternal, "no pipe");
  std::vector<char*> arguments;
  for (std::string& argument : command) arguments.push_back(argument.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, pipe_ends[0], 0);
  ::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  pid_t child = 0;
  const int failed = ::posix_spawn(&child, tool.c_str(), &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(pipe_ends[0]);
  const bool written = ::write(pipe_ends[1], input.data(), input.size()) == static_cast<ssize_t>(input.size());
  ::close(pipe_ends[1]);
  int status = 1;
  if (failed != 0 || !written || ::waitpid(child, &status, 0) != child || status != 0) {
    return make_error(ErrorCode::kInternal, command.front() + " failed");
  }
  return ok();
}

void make_image(const std::filesystem::path& path, std::uint64_t size) {
  std::ofstream(path, std::ios::binary).flush();
  std::filesystem::resize_file(path, size);
}

Bytes read_at(const std::filesystem::path& path, std::uint64_t offset, std::size_t size) {
  std::ifstream file(path, std::ios::binary);
  Bytes bytes(size);
  file.seekg(static_cast<std::streamoff>(offset));
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size));
  return bytes;
}

void edit_luks2(const std::filesystem::path& path, const std::string& from, const std::string& to, Which which) {
  constexpr std::size_t kHeader = 16384;  // as cryptsetup makes it
  for (const std::size_t at : {std::size_t{0}, kHeader}) {
    Bytes header = read_at(path, at, kHeader);
    const std::string_view text = as_text(header);
    put(header, which == Which::kFirst ? text.find(from) : text.rfind(from), as_bytes(to));
    std::fill_n(header.begin() + 448, 64, std::uint8_t{0});
    put(header, 448, sha256(header));
    write_at(path, at, header);
  }
}

void write_at(const std::filesystem::path& path, std::uint64_t offset, ByteView bytes) {
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(static_cast<std::streamoff>(offset));
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

Bytes bitlocker_sector(const BitLockerImage& image) {
  Bytes sector(512, 0);
  put(sector, 0, Bytes{0xeb, 0x58, 0x90});
  put(sector, 3, as_bytes(image.signature));
  put(sector, 11, Bytes{0x00, 0x02, 0x08});
  ByteWriter header;
  header.raw(*parse_hex(image.on_write ? kOnWrite : kWhole));
  for (const std::uint64_t block : image.blocks) header.u64(block);
  put(sector, image.signature == "MSWIN4.1" ? 424 : 160, header.bytes());
  put(sector, 510, Bytes{0x55, 0xaa});
  return sector;
}

Bytes bitlocker_block(const BitLockerImage& image) {
  const Bytes entries = entries_of(image);
  const std::size_t units = (64 + 48 + entries.size() + 15) / 16;
  ByteWriter block;
  block.raw(as_bytes("-FVE-FS-"));
  block.u16(static_cast<std::uint16_t>(units));
  for (const std::uint16_t field : {std::uint16_t{2}, image.state, image.next_state}) block.u16(field);
  block.u64(image.encrypted_size);
  block.u64(0);
  for (const std::uint64_t at : image.blocks) block.u64(at);
  block.u64(17u << 20);
  const auto size = static_cast<std::uint32_t>(48 + entries.size());
  for (const std::uint32_t field : {size, 1u, 48u, size}) block.u32(field);
  block.raw(*parse_hex("000102030405060708090a0b0c0d0e0f"));
  block.u32(7);
  block.u16(image.method);
  block.raw(Bytes(10, 0));
  block.raw(entries);
  Bytes bytes = std::move(block).take();
  bytes.resize(units * 16);
  ByteWriter validation;
  validation.u16(8);
  validation.u16(2);
  validation.u32(checksum(bytes));
  bytes.insert(bytes.end(), validation.bytes().begin(), validation.bytes().end());
  return bytes;
}

}  // namespace caretaker::tests
