#include "agent/guard_link.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <mutex>
#include <thread>

#include "tests/unit/agent/guard_world.h"

using namespace caretaker;
using namespace caretaker::agent;

namespace {

// A real guard behind a real socket, on a thread of its own; the test may take it away and bring it back.
class ServedGuard {
 public:
  explicit ServedGuard(GuardWorld& world) : world_(world) { start(); }
  ~ServedGuard() { stop(); }
  void start() {
    stopping_ = false;
    thread_ = std::thread([this] {
      auto socket = must(platform::ControlServer::listen(path(), 0600));
      while (!stopping_) {
        const auto handler = [this](const platform::Peer&, platform::ControlFrame request) {
          const std::lock_guard lock(mutex_);
          return world_.monitor->answer({GuardWorld::kNet, 1}, std::move(request));
        };
        must(socket.serve_once(handler, 20));
      }
    });
  }
  void stop() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
  }
  [[nodiscard]] std::filesystem::path path() const { return world_.folder / "guard.sock"; }
  template <typename Work>
  auto with_guard(Work work) {
    const std::lock_guard lock(mutex_);
    return work();
  }

 private:
  GuardWorld& world_;
  std::mutex mutex_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

template <typename Condition>
bool soon(Condition condition) {  // with the next look at the guard, at the latest
  for (MonotonicMs waited = 0; waited < kGuardLookMs + 5000; waited += 10) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

struct LinkWorld {
  LinkWorld() : served(world) {
    thread = std::thread([this] { link.run(); });
  }
  ~LinkWorld() {
    link.stop();
    thread.join();
  }
  void on_filter(FilterPtr filter) {
    const std::lock_guard lock(mutex);
    last = std::move(filter);
    ++filters;
  }
  std::size_t stored() {
    return served.with_guard([this] { return static_cast<std::size_t>(std::ranges::count(world.book(), "web.blocked category")); });
  }
  GuardWorld world;
  ServedGuard served;
  ViolationQueue queue{100};
  std::mutex mutex;
  FilterPtr last;
  std::atomic<int> filters = 0;
  std::atomic<int> urgent = 0;
  GuardLink link{served.path(), queue, {[this](FilterPtr filter) { on_filter(std::move(filter)); }, [this] { ++urgent; }}};
  std::thread thread;
};

}  // namespace

TEST_CASE("the filter comes as soon as there is one, and again when it changes") {
  LinkWorld world;
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  CHECK(world.filters == 0);
  world.served.with_guard([&] { world.world.serve(); });
  CHECK(soon([&] { return world.filters == 1; }));
  world.served.with_guard([&] { world.world.give(world.world.room.policy(2, kPolicyText)); });
  CHECK(soon([&] { return world.filters == 2; }));
}

TEST_CASE("a set file that is damaged under net is told of, gone over, and hurries the check-in that brings another", "[R4]") {
  LinkWorld world;
  world.served.with_guard([&] { world.world.serve(); });
  CHECK(soon([&] { return world.filters == 1; }));
  const auto trust = world.world.settings.state / "trust";
  for (const auto& entry : std::filesystem::directory_iterator(trust)) {
    if (entry.path().filename().string().starts_with("set.")) std::filesystem::resize_file(entry.path(), 8192);
  }
  {
    const std::lock_guard lock(world.mutex);
    world.last->set.look_again();
    CHECK_FALSE(world.last->set.categories_of("casino.example"));  // and nobody ends by a signal
  }
  world.queue.wake();
  CHECK(soon([&] { return world.served.with_guard([&] { return world.world.guard->is_checking_set(); }); }));
  world.served.with_guard([&] {
    while (world.world.guard->is_checking_set()) world.world.guard->check_set_part();
  });
  world.queue.wake();
  CHECK(soon([&] { return world.urgent == 1; }));
  CHECK(world.filters == 1);  // what was good before stays
  world.served.with_guard([&] { must(world.world.offer(world.world.set)); });
  CHECK(soon([&] { return world.filters == 2; }));
}

TEST_CASE("violations wait while the guard is away, and are stored once each when it is back", "[R18]") {
  LinkWorld world;
  world.served.with_guard([&] { world.world.serve(); });
  world.queue.push(violation("a.example"));
  CHECK(soon([&] { return world.stored() == 1 && world.filters == 1; }));
  world.served.stop();
  for (const char* name : {"b.example", "c.example", "d.example"}) world.queue.push(violation(name));
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  CHECK(world.stored() == 1);
  world.served.start();
  CHECK(soon([&] { return world.stored() == 4; }));
  CHECK(world.filters == 1);  // the same one is not loaded again
}

TEST_CASE("a grave violation hurries the check-in", "[R14]") {
  LinkWorld world;
  world.served.with_guard([&] { world.world.serve(); });
  world.queue.push(violation("casino.example"));
  CHECK(soon([&] { return world.stored() == 1; }));
  CHECK(world.urgent == 0);
  world.queue.push(violation("grave.example", GuardWorld::kAnna, "self_harm"));
  CHECK(soon([&] { return world.urgent == 1; }));
}

TEST_CASE("a report that the guard refuses for good does not hold up the others, and is said to be lost", "[R18]") {
  LinkWorld world;
  world.served.with_guard([&] { world.world.serve(); });
  world.queue.push(violation(std::string(300, 'x')));  // no frame holds such a name
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  world.queue.push(violation("good.example"));
  CHECK(soon([&] { return world.stored() == 1; }));
  CHECK(world.served.with_guard([&] { return world.world.noted("events.dropped net-queue"); }));
}

TEST_CASE("what is queued goes up before net ends") {
  auto world = std::make_unique<LinkWorld>();
  world->served.with_guard([&] { world->world.serve(); });
  CHECK(soon([&] { return world->filters == 1; }));
  for (int i = 0; i < 70; ++i) world->queue.push(violation("n" + std::to_string(i) + ".example"));
  world->link.stop();
  CHECK(soon([&] { return world->stored() == 70; }));
}
