// The book under kill -9 at any moment and on a full disk.
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <fstream>
#include <map>
#include <set>
#include <thread>

#include "agent/guard/event_store.h"
#include "tests/unit/agent/event_store_world.h"

using namespace caretaker;
using namespace caretaker::agent;
namespace fs = std::filesystem;

namespace {

// Appends without end, and writes each number into the pipe once its event is durable; every so often does the rest of
// what a guard does.
[[noreturn]] void append_until_killed(const EventWorld& world, int first, int pipe) {
  auto store = EventStore::open(world.settings, world.clock);
  if (!store) _exit(2);
  for (int i = first;; ++i) {
    if (!store->append(std::vector{event(std::to_string(i)), event("x" + std::to_string(i))})) _exit(3);
    if (::write(pipe, &i, sizeof i) != sizeof i) _exit(4);
    if (i % 7 == 0 && !store->sync_key()) _exit(5);
    if (i % 31 == 0 && !store->maintain()) _exit(6);
    if (i % 97 == 0 && !store->begin_epoch("damage")) _exit(7);
  }
}

// Kills it some moment after `count` numbers have come (0: perhaps while it is still opening). The last number that
// came through, or `first - 1`.
int run_and_kill(const EventWorld& world, int first, std::uint32_t count) {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::close(ends[0]);
    append_until_killed(world, first, ends[1]);
  }
  ::close(ends[1]);
  int last = first - 1;
  int number = 0;
  while (count-- > 0 && ::read(ends[0], &number, sizeof number) == sizeof number) last = number;
  std::this_thread::sleep_for(std::chrono::microseconds(random_below(20'000)));
  kill(child, SIGKILL);
  while (::read(ends[0], &number, sizeof number) == sizeof number) last = number;
  ::close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(WIFSIGNALED(status));
  return last;
}

// The server refuses what waits, and the process is killed while it is written down anew, or thereafter.
void refuse_and_kill(const EventWorld& world, const sync::Receipt& refusal) {
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    auto store = EventStore::open(world.settings, world.clock);
    if (store) (void)store->acknowledge(refusal, as_bytes("r"));
    ::pause();
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(random_below(200)));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
}

// A file system of its own with `megabytes`; gone with it. Not available without root.
class SmallDisk {
 public:
  SmallDisk(const fs::path& path, const char* options) : path_(path) {
    fs::create_directory(path_);
    mounted_ = ::mount("tmpfs", path_.c_str(), "tmpfs", 0, options) == 0;
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  ~SmallDisk() {
    if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
  }
  [[nodiscard]] bool is_there() const { return mounted_; }
  // Leaves not one byte to anybody.
  void fill() const {
    std::ofstream filler(path_ / "filler", std::ios::app);
    const std::string piece(4096, 'f');
    while (filler.write(piece.data(), static_cast<std::streamsize>(piece.size())).flush()) {
    }
  }

 private:
  fs::path path_;
  bool mounted_ = false;
};

}  // namespace

TEST_CASE("killed at any moment, nothing that was acknowledged is lost or doubled, and the chain holds") {
  EventWorld world;
  TestServer server(world.box);
  std::set<int> promised;
  int next = 1;
  for (int round = 0; round < 40; ++round) {
    const int last = run_and_kill(world, next, round % 3 == 0 ? 0 : random_below(40));
    for (int i = next; i <= last; ++i) promised.insert(i);
    next = last + 1000;  // the one that was under way may or may not be there
    if (round % 10 == 9) {
      EventStore store = world.open();
      (void)send_all(store, server);
    }
  }
  std::multiset<std::string> arrived;
  for (const std::string& rule : server.rules()) arrived.insert(rule);
  CHECK(promised.size() > 100);
  for (const int number : promised) {
    REQUIRE(arrived.count(std::to_string(number)) == 1);
    REQUIRE(arrived.count("x" + std::to_string(number)) == 1);
  }
  CHECK_FALSE(fs::exists(world.settings.folder / "set-aside"));
  CHECK(std::none_of(arrived.begin(), arrived.end(),
                     [](const std::string& rule) { return rule.starts_with("rollback"); }));
}

TEST_CASE("killed while what was refused is written down anew, nothing is lost and nothing comes twice, also to a server that goes back", "[R18]") {
  const bool is_full = GENERATE(false, true);
  constexpr int kSent = 200;
  const int all = is_full ? 5000 : 3000;
  for (int round = 0; round < 8; ++round) {
    EventWorld world;
    if (is_full) world.settings.quota = {.max_bytes = 1 << 20, .reserve_bytes = 128 << 10};
    TestServer server(world.box);
    sync::Receipt refusal;
    {
      EventStore store = world.open();
      REQUIRE(store.append(events(1, kSent - 1)));  // and the epoch's beginning
      const auto first = store.next_batch(kSent, 2 << 20);
      REQUIRE(server.take(first->batch));
      refusal = server.receipt(first->batch);
      REQUIRE(store.acknowledge(refusal, as_bytes("r")));
      for (int i = kSent; i < all; i += 100) REQUIRE(store.append(events(i, i + 99)));
      refusal.problem = "fork";
    }
    for (int times = round % 3; times >= 0; --times) refuse_and_kill(world, refusal);
    EventStore store = world.open();
    if (round % 2 == 0) REQUIRE(store.acknowledge(refusal, as_bytes("r")));  // else it has heard it before it was killed, or never does
    (void)send_all(store, server);
    const int expected = server.head(refusal.epoch).seq > kSent ? 2 : 1;  // it was killed before anything stood elsewhere: the server is sent it here, and again
    server.forget_after(refusal.epoch, 50);
    REQUIRE(store.rewind(refusal.epoch, server.head(refusal.epoch)));
    const auto rules = send_all(store, server);
    std::map<std::string, int> arrived;
    for (const std::string& rule : rules) ++arrived[rule];
    int kept = 0;
    for (int i = kSent; i < all; ++i) {
      const int times = arrived[std::to_string(i)];
      kept += times > 0 ? 1 : 0;
      REQUIRE((times == expected || (is_full && times == 0)));
    }
    CHECK(kept >= (all - kSent) / 3);  // a full book gives up no more than it must
    for (int i = 1; i < kSent; ++i) {
      const int times = arrived[std::to_string(i)];
      REQUIRE((times == (i < 50 ? 1 : 2) || (is_full && times < 2)));
    }
    CHECK(store.status().queued == 0);
    { const EventStore closed = std::move(store); }
    store = world.open();
    CHECK_FALSE(fs::exists(world.settings.folder / "set-aside"));
  }
}

TEST_CASE("on a full disk the book goes on, gives up the least, and keeps what weighs most") {
  EventWorld world;
  const SmallDisk disk(world.folder / "disk", "size=6m,mode=700");
  if (!disk.is_there()) {
    WARN("skipped: needs root to mount a small disk");
    return;
  }
  world.settings.folder = world.folder / "disk" / "state";
  TestServer server(world.box);
  EventStore store = world.open();
  CHECK(fs::exists(world.settings.folder / "events.ballast"));
  REQUIRE(store.append(std::vector{event("high", sync::Severity::kHigh)}));
  int stored = 0;
  int refused = 0;
  for (int i = 0; i < 600; ++i) {
    if (i == 100) disk.fill();
    const auto done = store.append(std::vector<NewEvent>(20, event(std::string(200, 'x'))));
    if (done)
      stored += 20;
    else
      ++refused;
    if (!done) CHECK(done.error().code == ErrorCode::kFull);
    if (i % 50 == 0) disk.fill();
    (void)store.sync_key();
  }
  CHECK(refused == 0);
  CHECK(store.status().head.seq == 2u + static_cast<unsigned>(stored));
  const auto rules = send_all(store, server, 1000);
  CHECK(std::count(rules.begin(), rules.end(), "high") == 1);
  CHECK(server.head(store.status().epoch) == store.status().head);
  fs::remove(world.folder / "disk" / "filler");
  REQUIRE(store.maintain());
  CHECK(fs::exists(world.settings.folder / "events.ballast"));
}

TEST_CASE("a book is opened again on a disk that is full to the last byte") {
  EventWorld world;
  const SmallDisk disk(world.folder / "disk", "size=4m,mode=700");
  if (!disk.is_there()) {
    WARN("skipped: needs root to mount a small disk");
    return;
  }
  world.settings.folder = world.folder / "disk" / "state";
  {
    EventStore store = world.open();
    REQUIRE(store.append(std::vector{event("before")}));
    disk.fill();
  }
  for (int i = 0; i < 5; ++i) {
    EventStore store = world.open();
    disk.fill();
    const auto done = store.append(std::vector{event("after")});
    CHECK((done ? "" : done.error().message) == "");
  }
  EventStore store = world.open();
  TestServer server(world.box);
  CHECK(send_all(store, server).size() == 7);
}

TEST_CASE("on a disk with no room for any book, opening says so") {
  EventWorld world;
  const SmallDisk disk(world.folder / "disk", "size=64k,mode=700");
  if (!disk.is_there()) {
    WARN("skipped: needs root to mount a small disk");
    return;
  }
  disk.fill();
  world.settings.folder = world.folder / "disk" / "state";
  const auto store = EventStore::open(world.settings, world.clock);
  REQUIRE_FALSE(store);
  CHECK(store.error().code == ErrorCode::kFull);
}
