#include "agent/net/set_download.h"

#include <catch2/catch.hpp>

#include "policy/set_delta.h"
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
    if (!delta.empty() && request.path.starts_with("/v1/delta/")) {
      const std::uint64_t begin = std::min<std::uint64_t>(request.range_from, delta.size());
      const std::uint64_t stop = std::min<std::uint64_t>(delta.size(), begin + delta_cut);
      if (begin == delta.size() && begin > 0) return platform::HttpResponse{416, {}, {}};
      TRY_DONE(sink(ByteView(delta).subspan(begin, stop - begin)));
      if (stop < delta.size()) return make_error(ErrorCode::kUnavailable, "cut off");
      return platform::HttpResponse{begin > 0 ? 206 : 200, {}, {}};
    }
    if (request.path.starts_with("/v1/delta/")) return platform::HttpResponse{404, {}, {}};
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
  Bytes delta;
  std::uint64_t delta_cut = UINT32_MAX;
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

namespace {

Bytes set_of(int first, int last) {
  policy::SetBuilder builder({1, 2, 3});
  const int gambling = *builder.category("gambling", false);
  for (int i = first; i < last; ++i) builder.add("bet" + std::to_string(i) + ".example", gambling);
  return *builder.build(nullptr);
}

// A device with one set, and a server with the next.
struct DeltaDownload {
  DeltaDownload() {
    REQUIRE(platform::replace_file(folder.path() / "base.set", before, 0600));
    server.delta = *policy::make_set_delta(*policy::SetView::open(before), *policy::SetView::open(after));
    wanted.base = hash(before);
  }
  Result<Bytes> fetch_delta() {
    TRY(base, platform::open_read_only(folder.path() / "base.set"));
    TRY(file, download.fetch_delta(server, wanted, std::move(base), [] { return true; }));
    TRY(mapped, platform::MappedFile::map(file));
    return to_bytes(mapped.bytes());
  }
  TemporaryFolder folder;
  SetDownload download{folder.path()};
  Bytes before = set_of(0, 900), after = set_of(5, 912);
  WantedSet wanted{hash(after), after.size(), {}};
  FakeServer server{after};
};

}  // namespace

TEST_CASE("a delta to the set in force gives the file that the manifest names, also over a line that is cut") {
  DeltaDownload world;
  CHECK(*world.fetch_delta() == world.after);
  CHECK(world.server.paths == std::vector<std::string>{"/v1/delta/" + to_hex(*world.wanted.base) + "-" + to_hex(world.wanted.file)});
  REQUIRE(world.download.forget(world.wanted));
  world.server.delta_cut = 40;
  auto fetched = world.fetch_delta();
  int rounds = 1;
  for (; !fetched && rounds < 50; ++rounds) fetched = world.fetch_delta();
  CHECK(rounds > 2);
  REQUIRE(fetched);
  CHECK(*fetched == world.after);
}

TEST_CASE("without a delta, or with one that is spoilt, the whole is fetched, and the delta is not asked for again") {
  DeltaDownload world;
  SECTION("none") { world.server.delta.clear(); }
  SECTION("spoilt") { world.server.delta[world.server.delta.size() / 2] ^= 4; }
  SECTION("of another set") { world.server.delta = *policy::make_set_delta(*policy::SetView::open(world.after), *policy::SetView::open(world.before)); }
  SECTION("the set in force is damaged") {
    world.before[world.before.size() / 2] ^= 1;
    REQUIRE(platform::replace_file(world.folder.path() / "base.set", world.before, 0600));
  }
  SECTION("rubbish") { world.server.delta = to_bytes("no delta at all"); }
  CHECK(world.fetch_delta().error().code == ErrorCode::kNotFound);
  const std::size_t asked = world.server.paths.size();
  CHECK(world.fetch_delta().error().code == ErrorCode::kNotFound);
  CHECK(world.server.paths.size() == asked);
  const auto whole = world.download.fetch(world.server, world.wanted, [] { return true; });
  REQUIRE(whole);
}

TEST_CASE("what has come of the whole is not given up for a delta") {
  DeltaDownload world;
  world.server.cut_after = 1000;
  CHECK_FALSE(world.download.fetch(world.server, world.wanted, [] { return true; }));
  CHECK(world.fetch_delta().error().code == ErrorCode::kNotFound);
}
