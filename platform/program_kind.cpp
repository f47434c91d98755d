#include "platform/program_kind.h"

#include <elf.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

namespace caretaker::platform {
namespace {

constexpr std::size_t kHead = 4096;
constexpr std::size_t kMaxEntries = 256;  // of a dynamic section

// ELF of one class.
struct Elf32 {
  using Header = Elf32_Ehdr;
  using Segment = Elf32_Phdr;
  using Entry = Elf32_Dyn;
};
struct Elf64 {
  using Header = Elf64_Ehdr;
  using Segment = Elf64_Phdr;
  using Entry = Elf64_Dyn;
};

// Linkers leave one of these in every program, and in no library.
template <typename Elf>
bool says_it_is_a_program(const ReadAt& read, const typename Elf::Segment& dynamic) {
  std::array<std::uint8_t, kMaxEntries * sizeof(typename Elf::Entry)> bytes;
  const std::size_t wanted = std::min<std::size_t>(dynamic.p_filesz, bytes.size());
  const std::size_t got = read(dynamic.p_offset, std::span(bytes).first(wanted));
  typename Elf::Entry entry;
  for (std::size_t at = 0; got - at >= sizeof entry; at += sizeof entry) {
    std::memcpy(&entry, bytes.data() + at, sizeof entry);
    if (entry.d_tag == DT_NULL) break;
    if (entry.d_tag == DT_DEBUG || (entry.d_tag == DT_FLAGS_1 && (entry.d_un.d_val & DF_1_PIE) != 0)) return true;
  }
  return false;
}

template <typename Elf>
ProgramKind kind_of(const ReadAt& read, const std::array<std::uint8_t, kHead>& head, std::size_t size) {
  typename Elf::Header header;
  if (size < sizeof header) return ProgramKind::kOther;
  std::memcpy(&header, head.data(), sizeof header);
  std::optional<typename Elf::Segment> dynamic;
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    typename Elf::Segment segment;
    const std::size_t at = header.e_phoff + std::size_t{i} * sizeof segment;
    if (header.e_phentsize != sizeof segment || at > size || size - at < sizeof segment) return ProgramKind::kOther;
    std::memcpy(&segment, head.data() + at, sizeof segment);
    if (segment.p_type == PT_INTERP) return ProgramKind::kNamesLoader;
    if (segment.p_type == PT_DYNAMIC) dynamic = segment;
  }
  const bool is_library = header.e_type == ET_DYN && dynamic && !says_it_is_a_program<Elf>(read, *dynamic);
  return is_library ? ProgramKind::kLoader : ProgramKind::kOther;
}

}  // namespace

ProgramKind program_kind(const ReadAt& read) {
  std::array<std::uint8_t, kHead> head;
  const std::size_t size = read(0, head);
  if (size < EI_NIDENT || std::memcmp(head.data(), ELFMAG, SELFMAG) != 0) return ProgramKind::kOther;
  return head[EI_CLASS] == ELFCLASS64 ? kind_of<Elf64>(read, head, size) : kind_of<Elf32>(read, head, size);
}

}  // namespace caretaker::platform
