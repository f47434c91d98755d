// A set file as anybody could have made it: opened, asked, walked. An input that starts with 'r' is the file behind it; any
// other is written out, since an index of 262 kB would be most of it: u16 size of header, header, u8 number of steps (below 16), each
// step u16 bucket and u32 entry that the index holds from this bucket on, then the entries; check values that fit are put behind them.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <utility>
#include <vector>

#include "policy/set_file.h"
#include "policy/set_layout.h"

using namespace caretaker;

namespace {

constexpr std::uint8_t kMaxSteps = 16;
constexpr std::ptrdiff_t kSaltAt = 12;

// The index is most of the file and the same memory for every input: each of its entries is written once, from the last step
// down to the first.
Bytes write_out(ByteView input) {
  ByteReader in(input.subspan(1));
  const auto header = in.raw(in.u16());
  std::vector<std::pair<std::size_t, std::uint32_t>> steps;
  for (auto left = in.u8() % kMaxSteps; left > 0; --left) {
    const auto bucket = in.u16() + std::size_t{1};
    steps.emplace_back(bucket, in.u32());
  }
  static std::vector<std::uint32_t> index(policy::kIndexSize);
  std::size_t end = index.size();
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    if (step->first >= end) continue;
    std::fill(index.begin() + static_cast<std::ptrdiff_t>(step->first), index.begin() + static_cast<std::ptrdiff_t>(end), step->second);
    end = step->first;
  }
  std::fill_n(index.begin(), end, 0);
  ByteWriter out;
  out.raw(header);
  out.raw({reinterpret_cast<const std::uint8_t*>(index.data()), index.size() * sizeof(std::uint32_t)});
  out.raw(in.raw(in.left()));
  Bytes file = std::move(out).take();
  policy::SetSalt salt{};
  if (header.size() >= kSaltAt + salt.size()) std::copy_n(header.begin() + kSaltAt, salt.size(), salt.begin());
  policy::append_part_checks(file, salt);
  return file;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const Bytes file = data[0] == 'r' ? Bytes(data + 1, data + size) : write_out({data, size});
  const auto set = policy::SetView::open(file);
  if (!set) return 0;
  const auto known = set->categories().size();
  for (const auto* name : {"", "adult.example", "casino.example", "csam.test", "a", "b", "c", "d", "e"}) {
    if (known < 64 && set->categories_of(name).value_or(0) >> known != 0) std::abort();
  }
  const auto content = set->canonical_content();
  if (content && content->names != set->size()) std::abort();
  return 0;
}
