// What a parser takes goes out and in again unchanged.
#pragma once

#include <cstdlib>

#include "platform/base/bytes.h"

namespace caretaker::fuzz {

template <typename Parse, typename Make>
void round_trip(ByteView bytes, Parse parse, Make make) {
  const auto first = parse(bytes);
  if (!first) return;
  const Bytes made = make(*first);
  const auto second = parse(made);
  if (!second || make(*second) != made) std::abort();
}

}  // namespace caretaker::fuzz
