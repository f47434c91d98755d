#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "platform/files.h"
#include "tests/unit/platform/temporary_folder.h"

using namespace caretaker;
using namespace caretaker::platform;

namespace {

OpenFile open_for(const std::filesystem::path& path, int flags) {
  OpenFile file(::open(path.c_str(), flags | O_CLOEXEC, 0600));
  REQUIRE(file.is_open());
  return file;
}

}  // namespace

TEST_CASE("a file passed along is copied as it is, whatever its offset") {
  const TemporaryFolder folder;
  Bytes content(200'000);
  random_bytes(content.data(), content.size());
  REQUIRE(replace_file(folder.path() / "from", content, 0600));
  const OpenFile from = open_for(folder.path() / "from", O_RDONLY);
  ::lseek(from.fd(), 77, SEEK_SET);
  REQUIRE(copy_file(from, folder.path() / "to", content.size(), 0640));
  CHECK(*read_file(folder.path() / "to", content.size()) == content);
  struct stat facts {};
  REQUIRE(::stat((folder.path() / "to").c_str(), &facts) == 0);
  CHECK((facts.st_mode & 0777) == 0640);
}

TEST_CASE("only a regular file of the expected size on the same file system is copied") {
  const TemporaryFolder folder;
  const auto to = folder.path() / "to";
  const auto refuses = [&](const OpenFile& from, std::uint64_t size) {
    const auto copied = copy_file(from, to, size, 0600);
    CHECK_FALSE(copied);
    CHECK_FALSE(std::filesystem::exists(to));
  };
  REQUIRE(replace_file(folder.path() / "from", Bytes(1000, 1), 0600));
  refuses(open_for(folder.path() / "from", O_RDONLY), 999);
  refuses(open_for(folder.path() / "from", O_RDONLY), 1001);
  refuses(open_for(folder.path() / "from", O_WRONLY), 1000);
  refuses(open_for(folder.path(), O_RDONLY | O_DIRECTORY), 1000);
  refuses(open_for("/dev/zero", O_RDONLY), 1000);
  refuses(open_for("/proc/self/status", O_RDONLY), 0);
  refuses(OpenFile(), 1000);

  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  const OpenFile reading(ends[0]);
  const OpenFile writing(ends[1]);
  refuses(reading, 0);

  const OpenFile memory(::memfd_create("set", MFD_CLOEXEC));
  REQUIRE(::ftruncate(memory.fd(), 1000) == 0);
  refuses(memory, 1000);
}

TEST_CASE("a huge sparse file is refused by its size, not read") {
  const TemporaryFolder folder;
  const OpenFile sparse = open_for(folder.path() / "sparse", O_RDWR | O_CREAT);
  REQUIRE(::ftruncate(sparse.fd(), off_t{1} << 40) == 0);
  CHECK(copy_file(sparse, folder.path() / "to", 1000, 0600).error().code == ErrorCode::kInvalidInput);
}
