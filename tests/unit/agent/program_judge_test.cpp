#include "agent/programs/program_judge.h"

#include <catch2/catch.hpp>
#include <future>

#include "tests/unit/agent/event_store_world.h"

using namespace caretaker;
using namespace caretaker::agent;
using platform::StartVerdict;

namespace {

constexpr std::uint32_t kAnna = 1001;

// A directory that answers, or fails, or lets itself be waited for.
struct Scene {
  Scene() { judge.use(policy()); }
  static policy::Policy policy(policy::Downloads of_pupils = policy::Downloads::kDeny) {
    policy::Policy out;
    out.groups.resize(2);
    out.groups[0].name = "pupils";
    out.groups[0].users = {"anna"};
    out.groups[0].downloads = of_pupils;
    out.groups[1].name = "others";
    out.groups[1].is_default = true;
    out.groups[1].downloads = policy::Downloads::kAllow;
    return out;
  }
  Result<platform::User> find(std::uint32_t uid) {
    std::unique_lock lock(mutex);
    ++asked;
    changed.notify_all();
    changed.wait(lock, [this] { return answers; });
    if (!reachable) return make_error(ErrorCode::kUnavailable, "no directory");
    return platform::User{uid, "anna", {}, true};
  }
  void set(bool answers_now, bool reachable_now) {
    const std::lock_guard lock(mutex);
    answers = answers_now;
    reachable = reachable_now;
    changed.notify_all();
  }
  void wait_for_questions(int count) {
    std::unique_lock lock(mutex);
    REQUIRE(changed.wait_for(lock, std::chrono::seconds(10), [&] { return asked >= count; }));
  }
  StartVerdict start() { return judge.decide({7, kAnna, {kAnna, false, false, false}, "game"}); }
  bool answered() {
    std::future<bool> ran = answer.get_future();
    REQUIRE(ran.wait_for(std::chrono::seconds(10)) == std::future_status::ready);
    return ran.get();
  }

  std::mutex mutex;
  std::condition_variable changed;
  bool answers = true;
  bool reachable = true;
  int asked = 0;
  std::promise<bool> answer;
  TestClock clock;
  ProgramJudge judge{{[this](std::uint64_t, bool may_run) { answer.set_value(may_run); }, [](const ProgramAttempt&) {},
                      [this](std::uint32_t uid) { return find(uid); }}, clock};
};

}  // namespace

TEST_CASE("whoever was known is judged at once while a directory does not answer", "[R12]") {
  Scene scene;
  CHECK(scene.start() == StartVerdict::kLater);
  CHECK_FALSE(scene.answered());
  CHECK(scene.start() == StartVerdict::kRefuse);
  CHECK(scene.asked == 1);

  scene.clock.time += 61;
  scene.set(false, true);
  CHECK(scene.start() == StartVerdict::kRefuse);  // asked again, and nobody waits for it
  scene.wait_for_questions(2);
  CHECK(scene.start() == StartVerdict::kRefuse);
  scene.set(true, false);
  scene.clock.time += 3600;
  CHECK(scene.start() == StartVerdict::kRefuse);
}

TEST_CASE("whoever nobody knows is judged by the strictest group, and asked about again", "[R12]") {
  Scene scene;
  scene.set(true, false);
  CHECK(scene.start() == StartVerdict::kLater);
  CHECK_FALSE(scene.answered());
  CHECK(scene.start() == StartVerdict::kRefuse);  // and not asked about each time
  CHECK(scene.asked == 1);
  scene.judge.use(Scene::policy(policy::Downloads::kAllow));  // nobody is strict any more
  CHECK(scene.start() == StartVerdict::kRun);
  scene.judge.use(Scene::policy());
  scene.clock.time += 11;
  CHECK(scene.start() == StartVerdict::kRefuse);
  scene.wait_for_questions(2);
}

TEST_CASE("a new policy holds at once for whoever is known", "[R12]") {
  Scene scene;
  CHECK(scene.start() == StartVerdict::kLater);
  CHECK_FALSE(scene.answered());
  scene.set(false, false);
  scene.judge.use(Scene::policy(policy::Downloads::kAllow));
  CHECK(scene.start() == StartVerdict::kRun);
  scene.judge.use(Scene::policy());
  CHECK(scene.start() == StartVerdict::kRefuse);
  scene.set(true, false);
}
