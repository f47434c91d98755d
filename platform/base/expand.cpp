#include "platform/base/expand.h"

#include <sodium.h>

namespace caretaker {

void expand(const Hash& seed, std::span<std::uint8_t> out) {
  static_assert(sizeof(Hash) == randombytes_SEEDBYTES);
  randombytes_buf_deterministic(out.data(), out.size(), seed.data());
}

}  // namespace caretaker
