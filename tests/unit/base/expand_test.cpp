#include "platform/base/expand.h"

#include <catch2/catch.hpp>

using namespace caretaker;

TEST_CASE("the same seed gives the same bytes however many are asked for, another seed others, and none of them lie in rows") {
  Bytes first(4096), longer(8192), other(4096);
  expand(hash(as_bytes("a")), first);
  expand(hash(as_bytes("a")), longer);
  expand(hash(as_bytes("b")), other);
  CHECK(std::equal(first.begin(), first.end(), longer.begin()));
  CHECK(first != other);
  std::array<int, 256> seen{};
  for (const std::uint8_t byte : first) ++seen[byte];
  CHECK(*std::max_element(seen.begin(), seen.end()) < 64);  // 16 in the mean
}
