#include "platform/program_kind.h"

#include <elf.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>
#include <filesystem>

#include "platform/files.h"

using namespace caretaker;
using namespace caretaker::platform;

namespace {

// A file that a linker for this class could have made: its segments, and what its dynamic section says.
template <typename Header, typename Segment, typename Entry>
Bytes elf(unsigned char elf_class, unsigned type, const std::vector<std::uint32_t>& segments, const std::vector<std::pair<std::int32_t, std::uint32_t>>& says) {
  Header header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = elf_class;
  header.e_type = static_cast<decltype(header.e_type)>(type);
  header.e_phoff = sizeof header;
  header.e_phentsize = sizeof(Segment);
  header.e_phnum = static_cast<decltype(header.e_phnum)>(segments.size());
  Bytes out(sizeof header + segments.size() * sizeof(Segment) + says.size() * sizeof(Entry));
  std::memcpy(out.data(), &header, sizeof header);
  const std::size_t dynamic = sizeof header + segments.size() * sizeof(Segment);
  for (std::size_t i = 0; i < segments.size(); ++i) {
    Segment segment{};
    segment.p_type = segments[i];
    segment.p_offset = static_cast<decltype(segment.p_offset)>(dynamic);
    segment.p_filesz = static_cast<decltype(segment.p_filesz)>(says.size() * sizeof(Entry));
    std::memcpy(out.data() + sizeof header + i * sizeof segment, &segment, sizeof segment);
  }
  for (std::size_t i = 0; i < says.size(); ++i) {
    Entry entry{};
    entry.d_tag = says[i].first;
    entry.d_un.d_val = says[i].second;
    std::memcpy(out.data() + dynamic + i * sizeof entry, &entry, sizeof entry);
  }
  return out;
}

ProgramKind kind_of(ByteView bytes) {
  return program_kind([&](std::uint64_t offset, std::span<std::uint8_t> into) {
    const ByteView rest = bytes.subspan(std::min<std::uint64_t>(offset, bytes.size()));
    const ByteView part = rest.first(std::min(rest.size(), into.size()));
    std::copy(part.begin(), part.end(), into.begin());
    return part.size();
  });
}

ProgramKind kind_of_file(const std::filesystem::path& path) {
  const auto bytes = read_file(path, 64u << 20);
  REQUIRE(bytes);
  return kind_of(*bytes);
}

template <typename Header, typename Segment, typename Entry>
void check_class(unsigned char elf_class) {
  const auto kind = [&](unsigned type, const std::vector<std::uint32_t>& segments, const std::vector<std::pair<std::int32_t, std::uint32_t>>& says) {
    return kind_of(elf<Header, Segment, Entry>(elf_class, type, segments, says));
  };
  CHECK(kind(ET_DYN, {PT_LOAD, PT_DYNAMIC}, {{DT_SONAME, 1}, {DT_NULL, 0}, {DT_DEBUG, 0}}) == ProgramKind::kLoader);
  CHECK(kind(ET_DYN, {PT_LOAD, PT_DYNAMIC}, {{DT_STRTAB, 1}}) == ProgramKind::kLoader);  // musl's has no name of its own
  CHECK(kind(ET_DYN, {PT_INTERP, PT_DYNAMIC}, {{DT_SONAME, 1}}) == ProgramKind::kNamesLoader);
  CHECK(kind(ET_EXEC, {PT_LOAD, PT_INTERP}, {}) == ProgramKind::kNamesLoader);
  CHECK(kind(ET_DYN, {PT_DYNAMIC}, {{DT_DEBUG, 0}}) == ProgramKind::kOther);  // static, wherever it is put
  CHECK(kind(ET_DYN, {PT_DYNAMIC}, {{DT_FLAGS_1, DF_1_NOW | DF_1_PIE}}) == ProgramKind::kOther);
  CHECK(kind(ET_DYN, {PT_DYNAMIC}, {{DT_FLAGS_1, DF_1_NOW}}) == ProgramKind::kLoader);
  CHECK(kind(ET_EXEC, {PT_LOAD}, {}) == ProgramKind::kOther);
}

}  // namespace

TEST_CASE("the dynamic loader is known by what it is, whatever it is called", "[R12]") {
  check_class<Elf64_Ehdr, Elf64_Phdr, Elf64_Dyn>(ELFCLASS64);
  check_class<Elf32_Ehdr, Elf32_Phdr, Elf32_Dyn>(ELFCLASS32);
  CHECK(kind_of(as_bytes("#!/bin/sh\n")) == ProgramKind::kOther);
  CHECK(kind_of(as_bytes("\x7f" "ELF")) == ProgramKind::kOther);
  CHECK(kind_of({}) == ProgramKind::kOther);
}

TEST_CASE("this system's own loaders and programs are told apart", "[R12]") {
  CHECK(kind_of_file("/proc/self/exe") == ProgramKind::kNamesLoader);
  for (const char* loader : {"/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux.so.2", "/lib/ld-linux-aarch64.so.1", "/lib/ld-musl-x86_64.so.1"}) {
    if (std::filesystem::exists(loader)) CHECK(kind_of_file(loader) == ProgramKind::kLoader);
  }
  if (std::filesystem::exists("/sbin/ldconfig")) CHECK(kind_of_file("/sbin/ldconfig") != ProgramKind::kLoader);
}
