#include "agent/guard/exceptions.h"

#include <catch2/catch.hpp>

#include "tests/unit/agent/guard_world.h"

using namespace caretaker;
using namespace caretaker::agent;

namespace {

constexpr const char* kLessonPolicy =
    "school = \"Test School\"\n"
    "[groups.pupils]\nusers = [\"anna\"]\nblocked_categories = [\"gambling\", \"adult\"]\n"
    "[groups.everybody]\ndefault = true\nblocked_categories = [\"gambling\"]\n"
    "[exceptions]\nfor = [\"pupils\"]\ncategories = [\"gambling\"]\nhours = \"00:00-23:59\"\nmax_minutes = 60\n"
    "[recipients]\n\"*\" = [\"safeguarding\"]\n";

// A device whose school has a teacher, at ten in the morning of whatever day it is.
struct Lesson {
  Lesson() {
    sync::Root& root = world.room.school.root;
    world.room.school.give(sync::Role::kException, 1, {{"teacher", &teacher}});
    for (const SigningKey& key : others) {
      const auto id = sync::key_id(key.public_key);
      root.keys[id] = {key.public_key, "teacher " + id};
      root.roles[sync::Role::kException].keys.insert(id);
    }
    world.room.school.root.school = hash(sync::make_root_payload(world.room.school.root));
    world.clock.time += 86'400 + 10 * 3600 - local_second_of_day(world.clock.time);
    world.enrol();
    world.give(world.room.policy(1, kLessonPolicy), world.room.lists(1, world.set));
    must(world.offer(world.set));
  }
  [[nodiscard]] Bytes sign(const sync::Exception& exception, const SigningKey& key) const {
    const SigningKey* signer = &key;
    return sync::make_envelope(sync::PayloadType::kException, sync::make_exception_payload(exception), {&signer, 1});
  }
  [[nodiscard]] sync::Exception lesson(UnixSeconds seconds = 1800) const {
    const UnixSeconds now = world.clock.time;
    return {{world.room.school.root.school, {}, now, now + seconds}, "casino.example", "pupils", now, {}};
  }
  std::string give(const Bytes& letter) {
    sync::CheckinAnswer answer;
    answer.letters = {letter};
    must(world.ask(GuardWorld::kNet, Ask::kTakeAnswer, make_take_answer(answer)));
    return sync::letter_name(must(sync::read_letter_label({letter})).id);
  }
  // So many letters of this key; how many of them were refused for want of room.
  std::size_t fill(const SigningKey& key, std::size_t count) {
    std::size_t refused = 0;
    for (std::size_t i = 0; i < count; ++i) {
      sync::Exception later = lesson();
      later.from += 300 * 86'400;
      later.head.until += 300 * 86'400;
      refused += world.noted("letter.refused X6:" + give(sign(later, key))) ? 1 : 0;
    }
    return refused;
  }
  std::string open(const sync::Exception& exception) { return give(sign(exception, teacher)); }
  std::vector<OpenLesson> lessons() { return world.filter().lessons; }
  void pass(std::int64_t seconds) {
    world.clock.time += seconds;
  }
  std::string why(const std::string& name) {
    WhyQuestion question{name, "", "pupils"};
    return world.ask_well(GuardWorld::kOwner, Ask::kWhy, make_why_question(question), parse_why_answer).reason;
  }
  GuardWorld world;
  SigningKey teacher = sync::test::new_key();
  std::vector<SigningKey> others = teachers();
  static std::vector<SigningKey> teachers() {
    std::vector<SigningKey> keys;
    for (int i = 0; i < 8; ++i) keys.push_back(sync::test::new_key());
    return keys;
  }
};

}  // namespace

TEST_CASE("a teacher's exception opens one site for the class, and is gone on time without a server", "[R6]") {
  Lesson at;
  const Revision before = at.world.filter().revision;
  CHECK(at.why("casino.example") == "category");
  const std::string id = at.open(at.lesson());
  CHECK(at.world.noted("letter.taken " + id));
  CHECK(at.world.noted("exception.opened " + id));
  REQUIRE(at.lessons().size() == 1);
  CHECK(at.lessons()[0].lesson == policy::Lesson{"casino.example", "pupils"});
  CHECK(at.lessons()[0].left_ms == 1800 * 1000);
  CHECK(at.world.filter().revision != before);
  CHECK(at.why("casino.example") == "exception");
  at.pass(1799);
  CHECK(at.lessons().size() == 1);
  at.pass(1);
  CHECK(at.lessons().empty());
  CHECK(at.world.filter().revision == before);
  CHECK(at.world.noted("exception.closed " + id));
  CHECK(at.why("casino.example") == "category");
}

TEST_CASE("a clock that is put back makes a lesson no longer", "[R6]") {
  Lesson at;
  (void)at.open(at.lesson());
  at.world.clock.time -= 3600;
  at.world.clock.apart += (3600 + 1799) * 1000;
  CHECK(at.lessons().size() == 1);
  at.world.clock.apart += 1000;
  CHECK(at.lessons().empty());
}

TEST_CASE("over a restart a lesson has what was left of it; a clock put back meanwhile ends it", "[R6]") {
  Lesson at;
  const std::string id = at.open(at.lesson());
  at.pass(600);
  at.world.guard->tick();
  at.world.stop();
  SECTION("the clock goes on") {
    at.pass(300);
    at.world.start();
    REQUIRE(at.lessons().size() == 1);
    CHECK(at.lessons()[0].left_ms <= 900 * 1000);
    at.pass(900);
    CHECK(at.lessons().empty());
  }
  SECTION("it was off until after the end") {
    at.pass(3600);
    at.world.start();
    CHECK(at.lessons().empty());
    CHECK(at.world.noted("exception.closed " + id));
  }
  SECTION("the clock stands before the time that was seen") {
    at.world.clock.time -= 599;
    at.world.start();
    CHECK(at.lessons().empty());
    CHECK(at.world.noted("exception.closed " + id));
  }
}

TEST_CASE("the role exception can do nothing more", "[R6][R7]") {
  Lesson at;
  const auto refused = [&](sync::Exception exception, const std::string& check) {
    const std::string id = at.open(exception);
    return at.world.noted("letter.refused " + check + ":" + id) && at.lessons().empty();
  };
  auto other_class = at.lesson();
  other_class.group = "everybody";
  CHECK(refused(other_class, "X3"));
  CHECK(refused(at.lesson(3601), "X4"));
  auto adult = at.lesson();
  adult.name = "adult.example";
  CHECK(refused(adult, "X5"));
  auto locked = at.lesson();
  locked.name = "illegal.example";
  CHECK(refused(locked, "X5"));
  auto suffix = at.lesson();
  suffix.name = "co.uk";
  CHECK(refused(suffix, "X5"));
  auto over = at.lesson();
  over.head.issued -= 4000;
  over.from -= 4000;
  over.head.until = at.world.clock.time;
  CHECK(refused(over, "L5"));
  auto elsewhere = at.lesson();
  elsewhere.head.device = sync::DeviceId{9};
  CHECK(refused(elsewhere, "L4"));
  const std::string by_technician = at.give(at.sign(at.lesson(), at.world.room.school.technician));
  CHECK(at.world.noted("letter.refused E6:" + by_technician));
  // A teacher's key signs no policy and no lists.
  SigningRoom::Options options;
  options.signers = {&at.teacher};
  at.world.give(at.world.room.policy(2, kPolicyText, options));
  CHECK(at.world.noted("policy.refused E6"));
  at.world.give({}, at.world.room.lists(2, at.world.set, options));
  CHECK(at.world.noted("lists.refused E6"));
}

TEST_CASE("an exception waits for its hour, and a closing letter ends it before", "[R6]") {
  Lesson at;
  auto later = at.lesson();
  later.from += 600;
  const std::string id = at.open(later);
  CHECK(at.lessons().empty());
  at.pass(600);
  CHECK(at.lessons().size() == 1);
  CHECK(at.lessons()[0].left_ms == 1200 * 1000);
  const auto bytes = must(parse_hex(id));
  const UnixSeconds now = at.world.clock.time;
  (void)at.open({{at.world.room.school.root.school, {}, now, now + 1000}, "", "", 0, must(to_array<16>(bytes))});
  CHECK(at.lessons().empty());
  CHECK(at.world.noted("exception.closed " + id));
}

TEST_CASE("a policy that allows it no more, or a root without the teacher, ends what is open", "[R6][R7]") {
  Lesson at;
  (void)at.open(at.lesson());
  REQUIRE(at.lessons().size() == 1);
  SECTION("policy") {
    at.world.give(at.world.room.policy(2, kPolicyText));
    CHECK(at.lessons().empty());
  }
  SECTION("root") {
    at.world.room.school.root.roles.erase(sync::Role::kException);
    at.world.give({}, {}, {at.world.room.next_root()});
    CHECK(at.lessons().empty());
  }
}

TEST_CASE("letters far ahead by one stolen key keep no other teacher's lesson out", "[R6]") {
  Lesson at;
  CHECK(at.fill(at.others[0], 64) == 32);
  (void)at.open(at.lesson());
  CHECK(at.lessons().size() == 1);
  at.world.stop();
  at.world.start();
  CHECK(at.fill(at.others[0], 1) == 1);  // whose they are is known after a restart too
  CHECK(at.fill(at.others[1], 1) == 0);
}

TEST_CASE("all signers together have 240 places", "[R6]") {
  Lesson at;
  for (std::size_t i = 0; i < 7; ++i) CHECK(at.fill(at.others[i], 32) == 0);
  CHECK(at.fill(at.others[7], 20) == 4);
  CHECK(at.world.noted("letter.refused X6:" + at.open(at.lesson())));
}

TEST_CASE("a letter from a folder enters at the same door as one from the server", "[R6]") {
  Lesson at;
  sync::CheckinAnswer found;
  found.roots = {at.world.room.school.root_envelope()};
  found.policy = at.world.room.policy(2, std::string(kLessonPolicy) + "# changed\n");
  const Bytes good = at.sign(at.lesson(), at.teacher), bad = at.sign(at.lesson(), sync::test::new_key());
  found.letters = {good, bad};
  const auto lines = at.world.ask_well(GuardWorld::kOwner, Ask::kImport, make_take_answer(found), parse_import_answer);
  const auto name = [](const Bytes& letter) { return sync::letter_name(must(sync::read_letter_label({letter})).id); };
  CHECK(std::ranges::find(lines, "policy.applied v2") != lines.end());
  CHECK(std::ranges::find(lines, "letter.taken " + name(good)) != lines.end());
  CHECK(std::ranges::find(lines, "letter.refused E6:" + name(bad)) != lines.end());
  CHECK(at.lessons().size() == 1);
  CHECK(at.world.ask(GuardWorld::kAnna, Ask::kImport, make_take_answer(found)).error().code == ErrorCode::kPermissionDenied);
  CHECK(at.world.ask(GuardWorld::kNet, Ask::kImport, make_take_answer(found)).error().code == ErrorCode::kPermissionDenied);
  CHECK(at.world.ask(GuardWorld::kNet, Ask::kImportSet, {}).error().code == ErrorCode::kPermissionDenied);
}
