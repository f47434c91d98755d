// A delta of lists as any server could send it, applied to one small set: it is refused, or what it gives is of the size that it says.
#include <cstdlib>

#include "policy/set_delta.h"

using namespace caretaker;

namespace {

const Bytes& base() {
  static const Bytes set = [] {
    policy::SetBuilder builder(policy::set_salt(0));
    const int adult = *builder.category("adult", false), gaming = *builder.category("gaming", false);
    for (int i = 0; i < 40; ++i) builder.add("name" + std::to_string(i) + ".example", i % 3 == 0 ? adult : gaming);
    for (int i = 0; i < 5; ++i) builder.add("name" + std::to_string(i) + ".example", adult);
    return *builder.build(nullptr);
  }();
  return set;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto before = policy::SetView::open(base());
  const auto delta = policy::SetDelta::parse({data, size});
  if (!delta) return 0;
  Bytes out;
  const auto done = delta->apply(*before, [&](ByteView piece) {
    out.insert(out.end(), piece.begin(), piece.end());
    return ok();
  });
  if (!done) return 0;
  // Whatever is in it, a set view opens or refuses it; what is canonical has the number of names that its header says.
  const auto after = policy::SetView::open(out);
  if (!after) return 0;
  const auto content = after->canonical_content();
  if (content && content->names != after->size()) std::abort();
  return 0;
}
