#include "sync/exception.h"

#include <catch2/catch.hpp>

#include "tests/unit/sync/fixture.h"

using namespace caretaker;
using namespace caretaker::sync;
using namespace caretaker::sync::test;

namespace {

struct Room {
  Room() {
    school.give(Role::kException, 1, {{"teacher", &teacher}});
    school.root.school = hash(make_root_payload(school.root));
  }
  [[nodiscard]] Exception lesson() const { return {{school.root.school, {}, 2'000, 5'600}, "games.example", "pupils", 2'000, {}}; }
  [[nodiscard]] std::string open(const Exception& exception, const SigningKey& key) const {
    return verdict(open_exception({envelope_of(PayloadType::kException, make_exception_payload(exception), {&key})}, school.verified()));
  }
  TestSchool school;
  SigningKey teacher = new_key();
};

}  // namespace

TEST_CASE("an exception counts by a teacher's key and by no other", "[R6][R7]") {
  const Room room;
  CHECK(room.open(room.lesson(), room.teacher) == "verified");
  for (const SigningKey* key : {&room.school.technician, &room.school.lists, &room.school.head, &room.school.server, &room.school.safeguarding}) {
    CHECK(room.open(room.lesson(), *key) == "E6");
  }
  Exception elsewhere = room.lesson();
  elsewhere.head.school = {7};
  CHECK(room.open(elsewhere, room.teacher) == "L3");
}

TEST_CASE("an exception's members make sense, and it lasts a day at most", "[R6]") {
  const Room room;
  const auto changed = [&](auto change) {
    Exception exception = room.lesson();
    change(exception);
    return verdict(parse_exception(make_exception_payload(exception)));
  };
  CHECK(changed([](Exception&) {}) == "verified");
  CHECK(changed([](Exception& e) { e.name = ""; }) == "X1");
  CHECK(changed([](Exception& e) { e.name = "Games.example"; }) == "X1");
  CHECK(changed([](Exception& e) { e.name = "games.example/page"; }) == "X1");
  CHECK(changed([](Exception& e) { e.group = ""; }) == "X1");
  CHECK(changed([](Exception& e) { e.from = e.head.until; }) == "X1");
  CHECK(changed([](Exception& e) { e.from = e.head.issued - 1; }) == "X1");
  CHECK(changed([](Exception& e) { e.head.until = e.from + 86'401; }) == "X1");
  CHECK(changed([](Exception& e) { e.closes = LetterId{1}; }) == "verified");
}

TEST_CASE("the same lesson again is another letter") {
  const Room room;
  CHECK(letter_id(make_exception_payload(room.lesson())) != letter_id(make_exception_payload(room.lesson())));
}
