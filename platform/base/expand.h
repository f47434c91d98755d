// Bytes that look random and are the same whenever they are made of the same seed: ChaCha20 by libsodium's randombytes_buf_deterministic().
// Fast, also where a processor is slow. Pure; any thread.
#pragma once

#include <span>

#include "platform/base/crypto.h"

namespace caretaker {

void expand(const Hash& seed, std::span<std::uint8_t> out);

}  // namespace caretaker
