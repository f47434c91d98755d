// What a program is to who loads it (ELF). Pure; any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

namespace caretaker::platform {

// Fills `into` from there; how much there was. 0: nothing, or it cannot be read.
using ReadAt = std::function<std::size_t(std::uint64_t offset, std::span<std::uint8_t> into)>;

enum class ProgramKind {
  kOther,        // a script, a static program, no program at all
  kNamesLoader,  // ELF with an interpreter: the kernel opens that one, its loader, next
  kLoader,       // ELF that is a library and names no interpreter: of what can be started, only loaders are. Its name says nothing: a mount gives it another
};
[[nodiscard]] ProgramKind program_kind(const ReadAt& read);

}  // namespace caretaker::platform
