#include <malloc.h>

#include "platform/memory.h"

namespace caretaker::platform {
namespace {

// To set these also ends their growth: by itself the library takes the largest piece that was ever freed for what is usual, and keeps
// twice as much.
constexpr int kLargePiece = 64 << 10;
constexpr int kSpareAtTop = 128 << 10;

}  // namespace

void hold_no_spare_memory() {
  ::mallopt(M_ARENA_MAX, 1);
  ::mallopt(M_MMAP_THRESHOLD, kLargePiece);
  ::mallopt(M_TRIM_THRESHOLD, kSpareAtTop);
}

}  // namespace caretaker::platform
