#include "platform/files.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <fstream>

#include "tests/unit/platform/temporary_folder.h"

using namespace caretaker;
using namespace caretaker::platform;

TEST_CASE("a replaced file is the new one with its mode, and leaves nothing beside it") {
  const TemporaryFolder folder;
  REQUIRE(replace_file(folder / "a", as_bytes("one"), 0644));
  REQUIRE(replace_file(folder / "a", as_bytes("two"), 0600));
  CHECK(as_text(*read_file(folder / "a", 100)) == "two");
  struct stat facts {};
  REQUIRE(stat((folder / "a").c_str(), &facts) == 0);
  CHECK((facts.st_mode & 07777) == 0600);
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
}

TEST_CASE("a replacement that does not fit leaves the old file whole") {
  const TemporaryFolder folder;
  REQUIRE(replace_file(folder / "a", as_bytes("old"), 0600));
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
  auto* handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{1000, before.rlim_max};
  REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
  const auto failed = replace_file(folder / "a", Bytes(2000), 0600);
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == ErrorCode::kFull);
  CHECK(as_text(*read_file(folder / "a", 100)) == "old");
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
}

TEST_CASE("reading says what is wrong: not there, too long, a folder, a pipe") {
  const TemporaryFolder folder;
  CHECK(read_file(folder / "a", 10).error().code == ErrorCode::kNotFound);
  std::ofstream(folder / "a") << "12345678901";
  CHECK(read_file(folder / "a", 10).error().code == ErrorCode::kTooLarge);
  CHECK(read_file(folder / "a", 11)->size() == 11);
  CHECK(read_file(folder.path(), 10).error().code == ErrorCode::kInvalidInput);
  REQUIRE(mkfifo((folder / "pipe").c_str(), 0600) == 0);
  CHECK(read_file(folder / "pipe", 10)->empty());
}

TEST_CASE("removing is done when the file is gone, also when it never was there") {
  const TemporaryFolder folder;
  std::ofstream(folder / "a") << "x";
  CHECK(remove_file(folder / "a"));
  CHECK_FALSE(std::filesystem::exists(folder / "a"));
  CHECK(remove_file(folder / "a"));
}

TEST_CASE("folders are made with all above them") {
  const TemporaryFolder folder;
  CHECK(make_folder(folder / "x/y/z", 0700));
  CHECK(make_folder(folder / "x/y/z", 0700));
  CHECK(std::filesystem::is_directory(folder / "x/y/z"));
  std::ofstream(folder / "file") << "x";
  CHECK(make_folder(folder / "file", 0700).error().code == ErrorCode::kConflict);
}

TEST_CASE("ballast takes real space and gives it back") {
  const TemporaryFolder folder;
  REQUIRE(make_ballast(folder / "ballast", 512 << 10));
  struct stat facts {};
  REQUIRE(stat((folder / "ballast").c_str(), &facts) == 0);
  CHECK(facts.st_blocks * 512 >= 512 << 10);
  const auto huge = make_ballast(folder / "ballast", 1ull << 60);
  REQUIRE_FALSE(huge);
  CHECK(huge.error().code == ErrorCode::kFull);
  CHECK_FALSE(std::filesystem::exists(folder / "ballast"));
}

TEST_CASE("a file has a size, and one that is not there has none") {
  const TemporaryFolder folder;
  std::ofstream(folder / "a") << "hello";
  CHECK(*platform::file_size(folder / "a") == 5);
  CHECK(platform::file_size(folder / "b").error().code == ErrorCode::kNotFound);
}

TEST_CASE("a lock has one holder, and ends with it") {
  const TemporaryFolder folder;
  {
    const auto first = lock_file(folder / "lock");
    REQUIRE(first);
    const auto second = lock_file(folder / "lock");
    REQUIRE_FALSE(second);
    CHECK(second.error().code == ErrorCode::kConflict);
  }
  CHECK(lock_file(folder / "lock"));
}

TEST_CASE("what a file has lost under its mapping is an error to who reads it, and no signal") {
  const TemporaryFolder folder;
  REQUIRE(replace_file(folder / "a", Bytes(20'000, 7), 0600));
  auto open = open_read_only(folder / "a");
  REQUIRE(open);
  const auto mapped = MappedFile::map(*open);
  REQUIRE(mapped);
  const auto read = make_file_reader(std::move(*open));
  Bytes into(5000);
  REQUIRE(read(15'000, into));
  CHECK(into == Bytes(5000, 7));
  CHECK(read(15'001, into).error().code == ErrorCode::kDamaged);
  std::filesystem::resize_file(folder / "a", 4096);
  CHECK(read(15'000, into).error().code == ErrorCode::kDamaged);
  CHECK(mapped->bytes()[0] == 7);
}

TEST_CASE("a mapped file shows its bytes; an empty one maps to nothing; a folder does not map") {
  const TemporaryFolder folder;
  std::ofstream(folder / "a") << "hello";
  std::ofstream(folder / "empty");
  CHECK(as_text(MappedFile::map(*open_read_only(folder / "a"))->bytes()) == "hello");
  CHECK(MappedFile::map(*open_read_only(folder / "empty"))->bytes().empty());
  CHECK_FALSE(MappedFile::map(*open_read_only(folder.path())));
}
