#include "sync/letter.h"

#include "sync/server/ingest.h"
#include "tests/unit/server/test_device.h"

using namespace caretaker;
using namespace caretaker::test;

namespace {

server::LetterRow letter(const TestSchool& school, std::optional<sync::DeviceId> device, const std::string& text, UnixSeconds until = kNow + 1000,
                         sync::PayloadType type = sync::PayloadType::kException) {
  Json::Object payload = sync::letter_head_json({school.state.id(), device, kNow, until});
  payload["text"] = text;
  const Bytes bytes = to_bytes(Json(std::move(payload)).dump());
  return {sync::letter_id(bytes), std::string(sync::payload_type_name(type)), device, until,
          TestSchool::envelope(type, bytes, {&school.people.technician.signing})};
}

struct Room {
  sync::CheckinAnswer check_in(TestDevice& device, std::uint64_t from = 1, UnixSeconds now = kNow) {
    return must(server::ingest(school.store, school.state, sync::make_checkin_request(device.request(device.batch(from))), now));
  }
  TestSchool school;
  TestDevice first{school};
  TestDevice second{school, {"uuid-2", "serial-2"}};
};

}  // namespace

TEST_CASE("a letter is given to whom it is for, until its end or the device's word", "[R6][R22]") {
  Room room;
  const auto to_all = letter(room.school, std::nullopt, "to all");
  const auto to_one = letter(room.school, room.first.id(), "to one");
  must(room.school.store.add_letter(to_all, kNow));
  must(room.school.store.add_letter(to_one, kNow));
  CHECK(room.check_in(room.first).letters == std::vector<Bytes>{to_one.envelope, to_all.envelope});
  CHECK(room.check_in(room.second).letters == std::vector<Bytes>{to_all.envelope});
  CHECK(room.check_in(room.second, 1, kNow + 1000).letters.empty());
  auto answers = must(room.school.store.letter_answers(to_one.id));
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].given == kNow);
  CHECK(answers[0].answer.empty());

  room.first.record_plain("letter.taken", sync::letter_name(to_one.id));
  CHECK(room.check_in(room.first).letters == std::vector<Bytes>{to_all.envelope});
  answers = must(room.school.store.letter_answers(to_one.id));
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].answer == "taken");
  CHECK(answers[0].answered == kNow);
}

TEST_CASE("a refusal is kept with its number, and one more signature brings the letter again", "[R22]") {
  Room room;
  auto row = letter(room.school, room.first.id(), "needs two");
  must(room.school.store.add_letter(row, kNow));
  CHECK(room.check_in(room.first).letters.size() == 1);
  room.first.record_plain("letter.refused", "B3:" + sync::letter_name(row.id));
  CHECK(room.check_in(room.first).letters.empty());
  CHECK(must(room.school.store.letter_answers(row.id))[0].answer == "B3");
  row.envelope = must(sync::add_signature(row.envelope, sync::PayloadType::kException, room.school.people.lead.signing));
  must(room.school.store.add_letter(row, kNow));
  CHECK(room.check_in(room.first, 2).letters == std::vector<Bytes>{row.envelope});
  room.first.record_plain("letter.taken", sync::letter_name(row.id));
  room.first.record_plain("letter.refused", "L6:" + sync::letter_name(row.id));  // a replay changes nothing
  CHECK(room.check_in(room.first, 2).letters.empty());
  CHECK(must(room.school.store.letter_answers(row.id))[0].answer == "taken");
}

TEST_CASE("what is for this device alone waits for nothing that is for all", "[R22]") {
  Room room;
  for (std::size_t i = 0; i < sync::kMaxLetters; ++i) must(room.school.store.add_letter(letter(room.school, std::nullopt, std::to_string(i)), kNow));
  const auto to_one = letter(room.school, room.first.id(), "locked");
  must(room.school.store.add_letter(to_one, kNow));
  const auto given = room.check_in(room.first).letters;
  REQUIRE(given.size() == sync::kMaxLetters);
  CHECK(given.front() == to_one.envelope);
}

TEST_CASE("an order waits for no lesson, whomever it is for", "[R22]") {
  Room room;
  for (std::size_t i = 0; i < sync::kMaxLetters; ++i) must(room.school.store.add_letter(letter(room.school, room.first.id(), std::to_string(i)), kNow));
  const auto order = letter(room.school, room.first.id(), "locked", kNow + 1000, sync::PayloadType::kOrder);
  must(room.school.store.add_letter(order, kNow));
  CHECK(room.check_in(room.first).letters.front() == order.envelope);
}

TEST_CASE("a device answers only for letters that it could have got", "[R22]") {
  Room room;
  const auto row = letter(room.school, room.first.id(), "to one");
  must(room.school.store.add_letter(row, kNow));
  room.second.record_plain("letter.taken", sync::letter_name(row.id));
  room.second.record_plain("letter.taken", "no id at all");
  room.second.record_plain("letter.refused", sync::letter_name(row.id));
  (void)room.check_in(room.second);
  CHECK(must(room.school.store.letter_answers(row.id)).empty());
  CHECK(room.check_in(room.first).letters.size() == 1);
}

TEST_CASE("a letter to one device is news to that device alone", "[R22]") {
  Room room;
  const std::string first = room.check_in(room.first).mark, second = room.check_in(room.second).mark;
  must(room.school.store.add_letter(letter(room.school, room.first.id(), "to one"), kNow));
  CHECK(room.check_in(room.first).mark != first);
  CHECK(room.check_in(room.second).mark == second);
  must(room.school.store.add_letter(letter(room.school, std::nullopt, "to all"), kNow));
  CHECK(room.check_in(room.second).mark != second);
  CHECK(room.check_in(room.second, 1, kNow + 5000).mark.size() <= sync::kMaxMark);
}

TEST_CASE("an answer carries sixteen letters, and the others next time") {
  Room room;
  for (int i = 0; i < 20; ++i) must(room.school.store.add_letter(letter(room.school, std::nullopt, std::to_string(i)), kNow));
  const auto given = room.check_in(room.first).letters;
  CHECK(given.size() == sync::kMaxLetters);
  for (const Bytes& each : given) room.first.record_plain("letter.taken", sync::letter_name(must(sync::read_letter_label({each})).id));
  CHECK(room.check_in(room.first).letters.size() == 4);
}
