#include "agent/net/set_download.h"

#include <catch2/catch.hpp>

#include "tests/unit/platform/temporary_folder.h"

using namespace caretaker;
using namespace caretaker::agent;

namespace {

// A server with one file, that may cut the line, forget about ranges, or refuse.
class FakeServer final : public platform::HttpTransport {
 public:
  explicit FakeServer(Bytes content) : file(std::move(content)) {}
  Result<platform::HttpResponse> send(const platform::HttpRequest& request, const platform::HttpLimits& limits,
                                      const BodySink& sink) override {
    paths.push_back(request.path);
    ranges.push_back(request.range_from);
    if (status != 0) return platform::HttpResponse{status, {}, {}};
    const std::uint64_t from = knows_ranges ? request.range_from : 0;
    const std::uint64_t end = std::min<std::uint64_t>(file.size(), from + cut_after);
    if (end - from > limits.max_body) return make_error(ErrorCode::kTooLarge, "too large");
    for (std::uint64_t at = from; at < end; at += 100) {
      TRY_DONE(sink(ByteView(file).subspan(at, std::min<std::uint64_t>(100, end - at))));
    }
    if (end < file.size()) return make_error(ErrorCode::kUnavailable, "cut off");
    return platform::HttpResponse{from > 0 ? 206 : 200, {}, {}};
  }
  Bytes file;
  std::uint64_t cut_after = UINT32_MAX;
  bool knows_ranges = true;
  int status = 0;
  std::vector<std::string> paths;
  std::vector<std::uint64_t> ranges;
};

struct Download {
  TemporaryFolder folder;
  SetDownload download{folder.path()};
  Bytes content = Bytes(1000, 7);
  WantedSet wanted{hash(content), content.size()};
  FakeServer server{content};

  Result<Bytes> fetch(const std::function<bool()>& go_on = [] { return true; }) {
    TRY(file, download.fetch(server, wanted, go_on));
    TRY(mapped, platform::MappedFile::map(file));
    return to_bytes(mapped.bytes());
  }
  [[nodiscard]] std::size_t files() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder.path()), {}));
  }
};

}  // namespace

TEST_CASE("a set file is asked for by its hash and comes whole") {
  Download world;
  CHECK(*world.fetch() == world.content);
  CHECK(world.server.paths == std::vector<std::string>{"/v1/set/" + to_hex(world.wanted.file)});
  CHECK(*world.fetch() == world.content);  // it is here already
  CHECK(world.server.paths.size() == 1);
  REQUIRE(world.download.forget(world.wanted));
  CHECK(world.files() == 0);
}

TEST_CASE("a download that was cut off goes on where it was, over restarts") {
  Download world;
  world.server.cut_after = 300;
  for (int i = 0; i < 3; ++i) {
    CHECK_FALSE(world.fetch());
    world.download = SetDownload(world.folder.path());
  }
  CHECK(*world.fetch() == world.content);
  CHECK(world.server.ranges == std::vector<std::uint64_t>{0, 300, 600, 900});
}

TEST_CASE("a server that knows no ranges does not leave a file of two beginnings") {
  Download world;
  world.server.cut_after = 300;
  CHECK_FALSE(world.fetch());
  world.server.cut_after = UINT32_MAX;
  world.server.knows_ranges = false;
  CHECK_FALSE(world.fetch());
  CHECK(*world.fetch() == world.content);
  CHECK(world.server.ranges.back() == 0);
}

TEST_CASE("a server that refuses for now costs nothing of what has come") {
  Download world;
  world.server.cut_after = 300;
  CHECK_FALSE(world.fetch());
  world.server.status = 503;
  CHECK_FALSE(world.fetch());
  world.server.status = 0;
  world.server.cut_after = UINT32_MAX;
  CHECK(*world.fetch() == world.content);
  CHECK(world.server.ranges.back() == 300);
}

TEST_CASE("more than the manifest's size is not taken, and a stop ends the transfer") {
  Download world;
  world.server.file.resize(5000);
  CHECK_FALSE(world.fetch());
  Download other;
  int pieces = 0;
  CHECK_FALSE(other.fetch([&pieces] { return ++pieces < 4; }));
  CHECK(*other.fetch() == other.content);
}

TEST_CASE("what was left of another set goes") {
  Download world;
  world.server.cut_after = 300;
  CHECK_FALSE(world.fetch());
  world.server = FakeServer(Bytes(500, 9));
  world.wanted = {hash(world.server.file), 500};
  CHECK(*world.fetch() == world.server.file);
  CHECK(world.files() == 1);
}
