#include "tests/sim/random.h"

#include <sodium.h>

namespace caretaker::sim {
namespace {

Random& library_random() {
  static Random random(0);
  return random;
}

const char* name() {
  return "seeded";
}

std::uint32_t number() {
  return static_cast<std::uint32_t>(library_random().next() >> 16);
}

void bytes(void* out, std::size_t size) {
  library_random().fill({static_cast<std::uint8_t*>(out), size});
}

}  // namespace

void seed_library(std::uint64_t seed) {
  static randombytes_implementation seeded{name, number, nullptr, nullptr, bytes, nullptr};
  randombytes_set_implementation(&seeded);
  library_random() = Random(seed);
}

}  // namespace caretaker::sim
