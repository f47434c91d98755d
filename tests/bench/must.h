// A value, or the end of the program: for what a benchmark prepares.
#pragma once

#include "platform/base/result.h"
#include "tests/bench/loopback.h"

namespace caretaker::bench {

template <typename T>
T must(Result<T> result) {
  if (!result) give_up(result.error().message);
  return std::move(*result);
}
inline void must(const Status& done) {
  if (!done) give_up(done.error().message);
}

}  // namespace caretaker::bench
