// A set file as anybody could have made it: opened, asked, walked. An input that starts with 'r' is the file behind it; any
// other is written out, since an index of 262 kB would be most of it: u16 size of header, header, u8 number of steps, each
// step u16 bucket and u32 entry that the index holds from this bucket on, then the entries.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "policy/set_file.h"
#include "policy/set_layout.h"

using namespace caretaker;

namespace {

Bytes write_out(ByteView input) {
  ByteReader in(input.subspan(1));
  const auto header = in.raw(in.u16());
  std::vector<std::uint32_t> index(policy::kIndexSize, 0);
  for (auto steps = in.u8(); steps > 0; --steps) {
    const auto bucket = in.u16() + 1u;
    std::fill(index.begin() + bucket, index.end(), in.u32());
  }
  ByteWriter out;
  out.raw(header);
  out.raw({reinterpret_cast<const std::uint8_t*>(index.data()), index.size() * sizeof(std::uint32_t)});
  out.raw(in.raw(in.left()));
  return std::move(out).take();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const Bytes file = data[0] == 'r' ? Bytes(data + 1, data + size) : write_out({data, size});
  const auto set = policy::SetView::open(file);
  if (!set) return 0;
  const auto known = set->categories().size();
  for (const auto* name : {"", "adult.example", "casino.example", "csam.test", "a", "b", "c", "d", "e"}) {
    if (known < 64 && set->categories_of(name) >> known != 0) std::abort();
  }
  const auto content = set->canonical_content();
  if (content && content->names != set->size()) std::abort();
  return 0;
}
