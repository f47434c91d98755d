// A small file without which this machine is nobody's any more, kept twice, so that a disk which loses bits of the one loses
// nothing. What makes one of them good, its reader says: a signature, a hash. One thread.
#pragma once

#include <filesystem>
#include <functional>

#include "platform/base/bytes.h"
#include "platform/base/json.h"
#include "platform/base/result.h"

namespace caretaker::agent {

struct TwoFiles {
  std::filesystem::path file;
  std::filesystem::path copy;
};

// "orders.copy.json" beside "orders.json".
[[nodiscard]] TwoFiles with_copy(const std::filesystem::path& file);

// The copy first, so that an error leaves the file as it was. Mode 0600.
[[nodiscard]] Status write_twice(const TwoFiles& files, ByteView bytes);

// The first of the two that `check` finds good; the other is then made the same, as far as the disk lets us. kNotFound: neither
// is there; else what is wrong with the one that is.
[[nodiscard]] Result<Bytes> read_twice(const TwoFiles& files, std::size_t max_bytes, const std::function<Status(ByteView)>& check);

// With a hash of everything in it as "sum": a seed with other bits in it is as well-formed as the right one.
[[nodiscard]] Json with_sum(Json::Object members);
// kDamaged: the sum is another, or not there: its name may have lost a bit as well.
[[nodiscard]] Status check_sum(const Json& stored);

}  // namespace caretaker::agent
