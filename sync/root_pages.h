// A school's roots in several answers: whoever walks them asks on from the last one that he got.
#pragma once

#include <vector>

#include "sync/limits.h"
#include "sync/root.h"

namespace caretaker::sync {

inline constexpr std::size_t kMaxRootPageBytes = 2u << 20;  // one at least, whatever its size
inline constexpr std::size_t kMaxKeptRoots = 4096;          // in a file: the record of a wipe, an intent
inline constexpr std::size_t kMaxKeptRootsBytes = 64u << 20;
inline constexpr std::size_t kMaxKeptRootsValues = 2 * kMaxKeptRoots;

// No fewer than these fit into an answer: a page that is shorter is the last.
inline constexpr std::size_t kLeastRootPage = kMaxRootPageBytes / kMaxRootBytes;
[[nodiscard]] inline bool may_go_on(const std::vector<Bytes>& page) { return page.size() >= kLeastRootPage; }

}  // namespace caretaker::sync
