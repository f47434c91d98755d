#include "tests/sim/trace.h"

#include <cstdio>

namespace caretaker::sim {

void Trace::line(std::string_view who, std::string_view what) {
  for (const std::string_view text : {who, what}) {
    for (const char c : text) sum_ = (sum_ ^ static_cast<std::uint8_t>(c)) * 0x100000001b3u;
  }
  if (!shown_) return;
  std::printf("%.*s: %.*s\n", static_cast<int>(who.size()), who.data(), static_cast<int>(what.size()), what.data());
  std::fflush(stdout);
}

}  // namespace caretaker::sim
