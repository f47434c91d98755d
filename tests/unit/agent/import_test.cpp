// What a stick brings reaches the guard in parcels that it takes, however much there is of it.
#include "agent/cli/import.h"

#include <catch2/catch.hpp>

#include "platform/files.h"
#include "sync/limits.h"
#include "tests/unit/platform/temporary_folder.h"

using namespace caretaker;
using agent::read_parcels;

namespace {

void put(const std::filesystem::path& file, std::string_view text) {
  std::filesystem::create_directories(file.parent_path());
  REQUIRE(platform::replace_file(file, as_bytes(text), 0600));
}

}  // namespace

TEST_CASE("a folder with more roots and letters than one answer may have is taken in parcels", "[R6]") {
  const TemporaryFolder folder;
  for (int i = 1; i <= 130; ++i) put(folder / "roots" / (std::to_string(i) + ".json"), "root " + std::to_string(i));
  put(folder / "roots" / "132.json", "after a gap");
  put(folder / "policy.json", "policy");
  for (int i = 10; i < 27; ++i) put(folder / "letters" / (std::to_string(i) + ".json"), "letter " + std::to_string(i));
  const auto parcels = read_parcels(folder.path());
  REQUIRE(parcels);
  REQUIRE(parcels->size() == 5);
  CHECK((*parcels)[0].roots.size() == 64);
  CHECK(as_text((*parcels)[1].roots.at(0)) == "root 65");
  CHECK(as_text((*parcels)[2].roots.back()) == "root 130");
  CHECK((*parcels)[0].policy.empty());
  CHECK(as_text((*parcels)[2].policy) == "policy");  // not before the roots that may speak for it
  CHECK((*parcels)[3].letters.size() == 16);
  CHECK(as_text((*parcels)[4].letters.at(0)) == "letter 26");
}

TEST_CASE("a folder with nothing for a device has no parcels, and a letter that is too long is an error", "[R6]") {
  const TemporaryFolder folder;
  const auto none = read_parcels(folder.path());
  CHECK((none && none->empty()));
  put(folder / "letters" / "one.json", std::string(sync::kMaxLetterBytes + 1, 'x'));
  CHECK_FALSE(read_parcels(folder.path()));
}
