#include "agent/guard/kept_twice.h"

#include "platform/base/crypto.h"
#include "platform/base/log.h"
#include "platform/files.h"

namespace caretaker::agent {
namespace {

namespace fs = std::filesystem;
using Check = std::function<Status(ByteView)>;

Result<Bytes> read_good(const fs::path& path, std::size_t max_bytes, const Check& check) {
  TRY(bytes, platform::read_file(path, max_bytes));
  if (auto good = check(bytes); !good) return good.error().with_context(path.filename().string());
  return bytes;
}

// On a disk that takes nothing now, the next start tries again. A folder in its place would keep every later version out.
void put_back(const fs::path& path, ByteView bytes) {
  std::error_code failed;
  if (fs::is_directory(path, failed)) fs::remove_all(path, failed);
  auto done = platform::make_folder(path.parent_path(), 0700);
  if (done) done = platform::replace_file(path, bytes, 0600);
  if (!done) log_warning("guard", "one of the two is still missing: " + done.error().message);
}

Hash sum_of(const Json& json) { return hash(as_bytes(json.dump())); }

}  // namespace

TwoFiles with_copy(const fs::path& file) {
  return {file, file.parent_path() / (file.stem().string() + ".copy" + file.extension().string())};
}

Status write_twice(const TwoFiles& files, ByteView bytes) {
  TRY_DONE(platform::make_folder(files.copy.parent_path(), 0700));
  TRY_DONE(platform::replace_file(files.copy, bytes, 0600));
  return platform::replace_file(files.file, bytes, 0600);
}

Result<Bytes> read_twice(const TwoFiles& files, std::size_t max_bytes, const Check& check) {
  auto first = read_good(files.file, max_bytes, check);
  if (first) {
    const auto copy = platform::read_file(files.copy, max_bytes);
    if (!copy || *copy != *first) put_back(files.copy, *first);
    return first;
  }
  auto second = read_good(files.copy, max_bytes, check);
  if (!second) return first.error().code == ErrorCode::kNotFound ? second : first;
  log_error("guard", "put back from its copy: " + first.error().message);
  put_back(files.file, *second);
  return second;
}

Json with_sum(Json::Object members) {
  const Hash sum = sum_of(Json(members));
  members["sum"] = to_hex(sum);
  return Json(std::move(members));
}

Status check_sum(const Json& stored) {
  const auto sum = stored.hex_array_at<32>("sum");
  if (!sum) return make_error(ErrorCode::kDamaged, "it has no sum");
  Json::Object rest = *stored.as_object();
  rest.erase("sum");
  return sum_of(Json(std::move(rest))) == *sum ? ok() : Status(make_error(ErrorCode::kDamaged, "its sum is another"));
}

}  // namespace caretaker::agent
