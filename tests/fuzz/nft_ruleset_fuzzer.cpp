// Messages in a row, each a byte for its kind and its length in two: whatever they are, there is a verdict.
#include "platform/nft_ruleset.h"

#include <algorithm>

using namespace caretaker;
using namespace caretaker::platform;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteView rest(data, size);
  NftRuleset ruleset;
  while (rest.size() > 3) {
    const bool is_rule = rest[0] % 2 == 1;
    const std::size_t length = std::min<std::size_t>(rest[1] | rest[2] << 8, rest.size() - 3);
    const ByteView message = rest.subspan(3, length);
    (void)(is_rule ? ruleset.add_rule(message) : ruleset.add_chain(message));
    rest = rest.subspan(3 + length);
  }
  (void)ruleset.judge();
  return 0;
}
