// set_lookups --set FILE --names FILE: look-ups in a compiled set, as net makes them, and the same without comparing what they touch, in
// turn; and look-ups that are the first to touch their part. Prints one line of JSON.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <memory>

#include "platform/base/command_line.h"
#include "platform/files.h"
#include "policy/set_layout.h"
#include "policy/set_file.h"
#include "tests/bench/must.h"

namespace {

using namespace caretaker;
using namespace caretaker::bench;
using namespace caretaker::policy;

constexpr int kRounds = 30;

struct Options {
  std::filesystem::path set, names;
};

std::vector<std::string> read_names(const std::filesystem::path& path) {
  std::ifstream in(path);
  std::vector<std::string> names;
  for (std::string line; std::getline(in, line);) names.push_back(line);
  if (names.empty()) give_up("no names in " + path.string());
  return names;
}

// What SetView does, but for the check values: the same hash, index and guessed place. 0: not listed.
class BareSet {
 public:
  explicit BareSet(ByteView file) {
    ByteReader in(file.subspan(kSetMagic.size() + sizeof(std::uint32_t)));
    const auto salt = in.raw(salt_.size());
    std::copy(salt.begin(), salt.end(), salt_.begin());
    for (auto left = in.u16(); left > 0; --left) (void)in.text(kMaxCategoryName), (void)in.u8(), (void)in.u64();
    for (auto left = in.u16(); left > 0; --left) (void)in.u64();
    index_ = in.raw(kIndexSize * sizeof(std::uint32_t)).data();
    entries_ = index_ + kIndexSize * sizeof(std::uint32_t);
  }
  [[nodiscard]] std::uint64_t set_number(std::string_view name) const {
    constexpr std::uint64_t kWindow = 8;
    const auto hash = hash60(salt_, name);
    const auto bucket = static_cast<std::size_t>(hash >> kKeyBits);
    const auto key = hash & kKeyMask;
    std::uint64_t begin = load_integer<std::uint32_t>(index_ + bucket * sizeof(std::uint32_t));
    const std::uint64_t last = load_integer<std::uint32_t>(index_ + (bucket + 1) * sizeof(std::uint32_t));
    std::uint64_t end = last;
    const auto guess = begin + ((key >> (kKeyBits - 32)) * (end - begin) >> 32);
    if (guess - begin >= kWindow && key_at(guess - kWindow) < key) begin = guess - kWindow + 1;
    if (end - guess > kWindow && key_at(guess + kWindow) >= key) end = guess + kWindow;
    while (begin < end) {
      const auto middle = begin + (end - begin) / 2;
      if (key_at(middle) < key) begin = middle + 1;
      else end = middle;
    }
    return begin < last && key_at(begin) == key ? entry_at(begin) & ((1u << kSetBits) - 1) : 0;
  }

 private:
  [[nodiscard]] std::uint64_t entry_at(std::uint64_t number) const {
    return load_integer<std::uint64_t>(entries_ + number * kEntrySize, kEntrySize);
  }
  [[nodiscard]] std::uint64_t key_at(std::uint64_t number) const { return entry_at(number) >> kSetBits; }

  SetSalt salt_{};
  const std::uint8_t* index_ = nullptr;
  const std::uint8_t* entries_ = nullptr;
};

// Nanoseconds a name, and how many are listed.
struct Round {
  double ns = 0;
  std::size_t listed = 0;
};
template <typename IsListed>
Round ask_all(const std::vector<std::string>& names, IsListed is_listed) {
  Round out;
  const auto began = now_ns();
  for (const auto& name : names) out.listed += is_listed(name) ? 1 : 0;
  out.ns = static_cast<double>(now_ns() - began) / static_cast<double>(names.size());
  return out;
}

double median(std::vector<double> values) {
  std::ranges::nth_element(values, values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2));
  return values[values.size() / 2];
}

Status measure(const Options& options) {
  const auto names = read_names(options.names);
  auto open = must(platform::open_read_only(options.set));
  const auto file = must(platform::MappedFile::map(open));
  const auto set = must(SetView::open(file.bytes(), platform::make_file_reader(std::move(open))));
  const BareSet bare(file.bytes());
  const auto in_set = [&](const std::string& name) { return set.categories_of(name).value_or(0) != 0; };
  const auto in_bare = [&](const std::string& name) { return bare.set_number(name) != 0; };
  std::vector<double> ours, bares, firsts;
  for (int i = 0; i < kRounds; ++i) {
    set.look_again();
    firsts.push_back(ask_all(names, in_set).ns);
    (void)ask_all(names, in_set);  // reading the parts has emptied the processor's caches, and whoever comes first would pay for both
    Round with, without;
    for (const bool is_bare : {i % 2 == 0, i % 2 != 0}) (is_bare ? without : with) = is_bare ? ask_all(names, in_bare) : ask_all(names, in_set);
    if (with.listed != without.listed || with.listed == 0) give_up("the two do not find the same names");
    ours.push_back(with.ns);
    bares.push_back(without.ns);
  }
  if (set.has_damage()) give_up("the set is damaged");
  std::printf("{\"ns\":%.1f,\"bare_ns\":%.1f,\"first_ns\":%.1f,\"names\":%zu,\"parts\":%zu}\n", median(ours), median(bares), median(firsts),
              names.size(), static_cast<std::size_t>(parts_of(file.bytes().size())));
  return ok();
}

void declare(Command program) {
  const auto options = std::make_shared<Options>();
  program.option("--set", options->set, "A compiled set").required();
  program.option("--names", options->names, "A name a line").required();
  program.does([options] { return measure(*options); });
}

}  // namespace

int main(int argc, char** argv) { return run_program("set_lookups", "Look-ups in a compiled set", argc, argv, declare); }
