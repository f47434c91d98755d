#include "platform/node_watch.h"

#include <catch2/catch.hpp>
#include <fstream>

#include "tests/unit/platform/temporary_folder.h"

using namespace caretaker;
using caretaker::platform::NodeWatch;

namespace {

void write_something(const std::filesystem::path& path) { std::ofstream(path) << "something"; }

}  // namespace

TEST_CASE("what was open for writing is told when it is closed, and not what was read", "[R2]") {
  const TemporaryFolder folder;
  const auto one = folder / "one", other = folder / "other";
  write_something(one);
  write_something(other);
  auto watch = NodeWatch::open();
  REQUIRE(watch.has_value());
  watch->watch(one);
  watch->watch(one);
  watch->watch(other);
  watch->watch(folder / "missing");
  CHECK(watch->take().empty());
  {
    std::ofstream open(one, std::ios::app);
    CHECK(watch->take().empty());
  }
  std::ifstream(other).get();
  CHECK(watch->take() == std::vector{one});
  CHECK(watch->take().empty());
  write_something(one);
  write_something(other);
  CHECK(watch->take() == std::vector{one, other});
  std::filesystem::remove(one);
  write_something(one);  // another one of that name
  CHECK(watch->take().empty());
}
