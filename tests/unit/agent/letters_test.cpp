#include "agent/guard/letters.h"

#include <catch2/catch.hpp>

#include "agent/guard/kept_twice.h"
#include "sync/checks.h"
#include "tests/unit/agent/guard_world.h"

using namespace caretaker;
using namespace caretaker::agent;

namespace {

Bytes letter(const SigningKey& key, UnixSeconds until, const std::string& text = "") {
  Json::Object payload = sync::letter_head_json({{}, {}, until - 100, until});
  payload["text"] = text;
  const SigningKey* signer = &key;
  return sync::make_envelope(sync::PayloadType::kException, as_bytes(Json(std::move(payload)).dump()), {&signer, 1});
}

// Trust with a root, and a part that takes what the technician has signed.
struct Desk {
  Desk() : trust(must(PolicyStore::open(world.folder / "other"))) {
    must(trust.adopt(world.room.school.root.school, {world.room.school.root_envelope()}));
    start();
  }
  void start() {
    letters.emplace(world.folder / "letters.json", trust, world.clock);
    letters->set_part(sync::PayloadType::kException, [this](const sync::RawBlob& blob, const sync::LetterId&, const Letters::Room& room) -> Result<Letters::Taken> {
      const PublicKey& key = world.room.school.technician.public_key;
      const PublicKey& second = world.room.school.second_technician.public_key;
      TRY(opened, sync::open_envelope(blob.bytes, sync::PayloadType::kException, {{sync::key_id(key), key}, {sync::key_id(second), second}}));
      TRY(json, parse_json(as_text(opened.payload)));
      TRY(head, sync::parse_letter_head(json));
      if (is_disk_full) return make_error(ErrorCode::kFull, "write letter: No space left on device");
      if (is_harmful) TRY_DONE(room(signers_name(opened.signers)));
      ++acted;
      return Letters::Taken{head.until, {{"done", "it"}}, signers_name(opened.signers)};
    });
  }
  std::vector<std::string> take(const Bytes& bytes, bool has_our_word = false) {
    std::vector<std::string> out;
    for (const Subject& finding : letters->take({bytes}, has_our_word)) out.push_back(finding.kind + " " + finding.rule);
    return out;
  }
  GuardWorld world;
  PolicyStore trust;
  std::optional<Letters> letters;
  int acted = 0;
  bool is_disk_full = false;
  bool is_harmful = true;  // a second time
};

std::string name_of(const Bytes& envelope) { return sync::letter_name(must(sync::read_letter_label({envelope})).id); }

}  // namespace

TEST_CASE("a letter is used once, also after a restart and when the clock is put back", "[R6][R22]") {
  Desk desk;
  const Bytes once = letter(desk.world.room.school.technician, 5'000);
  CHECK(desk.take(once) == std::vector<std::string>{"letter.taken " + name_of(once), "done it"});
  CHECK(desk.take(once).empty());  // the server does not know yet
  desk.start();
  CHECK(desk.take(once).empty());
  CHECK(desk.take(once, true) == std::vector<std::string>{"letter.refused L6:" + name_of(once)});
  CHECK(desk.acted == 1);
}

TEST_CASE("an id is forgotten when people have signed a time after its end, and not before", "[R22]") {
  Desk desk;
  const auto& school = desk.world.room.school;
  const Bytes past = letter(school.technician, school.root.issued);  // the root was signed then
  const Bytes later = letter(school.technician, school.root.issued + 50);
  (void)desk.take(past);
  (void)desk.take(later);
  (void)desk.take(letter(school.technician, 5'000));
  CHECK_FALSE(desk.take(past).empty());  // whoever opens it judges its time
  CHECK(desk.take(later).empty());
}

TEST_CASE("what is no letter, of no known kind or not signed by whom it should be is refused by number", "[R22]") {
  Desk desk;
  const auto& school = desk.world.room.school;
  const Bytes stranger = letter(sync::test::new_key(), 5'000);
  CHECK(desk.take(stranger) == std::vector<std::string>{"letter.refused E6:" + name_of(stranger)});
  const SigningKey* key = &school.technician;
  const Bytes policy = sync::make_envelope(sync::PayloadType::kPolicy, as_bytes("{}"), {&key, 1});
  CHECK(desk.take(policy) == std::vector<std::string>{"letter.refused L2:" + sync::letter_name(sync::letter_id(policy))});
  const Bytes rubbish = to_bytes("{}");
  CHECK(desk.take(rubbish) == std::vector<std::string>{"letter.refused E2:" + sync::letter_name(sync::letter_id(rubbish))});
  const Bytes large(sync::kMaxLetterBytes + 1, ' ');
  CHECK(desk.take(large)[0].starts_with("letter.refused E1:"));
  CHECK(desk.acted == 0);
}

TEST_CASE("one key fills its own places and nobody else's, and what only ends something is taken all the same", "[R22]") {
  Desk desk;
  const auto& school = desk.world.room.school;
  for (int i = 0; i < 256; ++i) REQUIRE_FALSE(desk.take(letter(school.technician, 5'000, std::to_string(i))).empty());
  const Bytes one_more = letter(school.technician, 5'000, "one more");
  CHECK(desk.take(one_more) == std::vector<std::string>{"letter.refused L7:" + name_of(one_more)});
  const Bytes other = letter(school.second_technician, 5'000);
  CHECK(desk.take(other)[0] == "letter.taken " + name_of(other));
  desk.start();
  CHECK(desk.take(one_more) == std::vector<std::string>{"letter.refused L7:" + name_of(one_more)});
  CHECK(desk.take(other).empty());  // remembered, also over a restart
  desk.is_harmful = false;
  CHECK(desk.take(one_more)[0] == "letter.taken " + name_of(one_more));
  CHECK(desk.take(one_more)[0] == "letter.taken " + name_of(one_more));  // again, and it does nothing
}

TEST_CASE("what is over by a clock that can be true gives way before anything is refused for want of room", "[R22]") {
  Desk desk;
  const auto& school = desk.world.room.school;
  desk.world.clock.time = school.root.issued + 5 * 86'400;
  for (int i = 0; i < 256; ++i) REQUIRE_FALSE(desk.take(letter(school.technician, school.root.issued + 1'000 + i, std::to_string(i))).empty());
  const Bytes running = letter(school.technician, desk.world.clock.time + 86'400);
  CHECK(desk.take(running)[0] == "letter.taken " + name_of(running));
  CHECK(desk.take(running).empty());
  CHECK(desk.take(letter(school.technician, school.root.issued + 1'001, "1")).empty());  // only the oldest went
  desk.world.clock.time += 20ll * 365 * 86'400;
  CHECK(desk.take(letter(school.technician, desk.world.clock.time, "2046"))[0].starts_with("letter.refused L7:"));
}

TEST_CASE("a letter for which the disk has no room is not refused: it is taken when it comes again", "[R22]") {
  Desk desk;
  const Bytes one = letter(desk.world.room.school.technician, 5'000);
  desk.is_disk_full = true;
  CHECK(desk.take(one).empty());
  CHECK(desk.take(one, true).empty());
  desk.is_disk_full = false;
  CHECK(desk.take(one)[0] == "letter.taken " + name_of(one));
}

TEST_CASE("what was used is known though one of the two files is damaged, and where both are that is told", "[R22]") {
  Desk desk;
  const Bytes once = letter(desk.world.room.school.technician, 5'000);
  CHECK(desk.take(once)[0] == "letter.taken " + name_of(once));
  const auto spoil = [&](const char* name) { must(platform::replace_file(desk.world.folder / name, as_bytes("{\"used\":{},\"v\":1,\"sum\":\"00\"}"), 0600)); };
  for (const char* name : {"letters.json", "letters.copy.json"}) {
    spoil(name);
    desk.start();
    CHECK(desk.take(once).empty());
    CHECK(desk.letters->health().empty());
  }
  spoil("letters.json");
  spoil("letters.copy.json");
  desk.start();
  CHECK(desk.letters->health() == std::set<std::string>{"letters-damaged"});
}

TEST_CASE("places become free when people have signed a time after the end of what fills them", "[R22]") {
  Desk desk;
  const auto& school = desk.world.room.school;
  Json::Object used;
  const std::string by = sync::key_id(school.technician.public_key);
  for (int i = 0; i < 256; ++i) used[sync::letter_name(random_array<16>())] = Json::Object{{"until", school.root.issued + i}, {"by", by}};
  must(platform::replace_file(desk.world.folder / "letters.json", as_bytes(with_sum({{"v", 1}, {"used", used}}).dump()), 0600));
  desk.start();  // the one that has ended at the root's own time goes
  CHECK(desk.take(letter(school.technician, 5'000, "a"))[0].starts_with("letter.taken"));
  CHECK(desk.take(letter(school.technician, 5'000, "b"))[0].starts_with("letter.refused L7"));
}

TEST_CASE("no more ids are remembered than fit", "[R22]") {
  Desk desk;
  const auto& school = desk.world.room.school;
  Json::Object used;
  for (int i = 0; i < 8192; ++i) used[sync::letter_name(random_array<16>())] = Json::Object{{"until", 9'000}};
  must(platform::replace_file(desk.world.folder / "letters.json", as_bytes(with_sum({{"v", 1}, {"used", used}}).dump()), 0600));
  desk.start();
  const Bytes one = letter(school.technician, 5'000);
  CHECK(desk.take(one) == std::vector<std::string>{"letter.refused L7:" + name_of(one)});
}

TEST_CASE("a letter's head: ours, for this device, in time, and not for ever", "[R22]") {
  using sync::test::verdict;
  const sync::SchoolId school{1};
  const sync::DeviceId device{2};
  CHECK(sync::check_letter_head({school, device, 100, 200}, school, device, 199));
  CHECK(sync::check_letter_head({school, std::nullopt, 100, 200}, school, device, 199));
  CHECK(verdict(sync::check_letter_head({{9}, device, 100, 200}, school, device, 199)) == "L3");
  CHECK(verdict(sync::check_letter_head({school, sync::DeviceId{3}, 100, 200}, school, device, 199)) == "L4");
  CHECK(verdict(sync::check_letter_head({school, device, 100, 200}, school, device, 200)) == "L5");
  const auto parse = [&](UnixSeconds issued, UnixSeconds until) {
    return verdict(sync::parse_letter_head(Json(sync::letter_head_json({school, device, issued, until}))));
  };
  CHECK(parse(100, 200) == "verified");
  CHECK(parse(200, 200) == "L1");
  CHECK(parse(0, 400 * 86'400 + 1) == "L1");
  Json::Object wrong = sync::letter_head_json({school, device, 1, 2});
  wrong["device"] = "all";
  CHECK(verdict(sync::parse_letter_head(Json(wrong))) == "L1");
}

TEST_CASE("refused letters in a check-in are in the book by number and id, and rubbish does not fill it", "[R22]") {
  GuardWorld world;
  world.serve();
  world.check_in();
  const Bytes stranger = letter(sync::test::new_key(), world.clock.time + 1000);
  const auto give = [&](std::vector<Bytes> letters) {
    sync::CheckinAnswer answer;
    const auto opened = world.next_request();
    REQUIRE(world.server.take(opened->batch));
    answer.receipt = world.receipt_for(*opened);
    answer.letters = std::move(letters);
    return world.ask_well(GuardWorld::kNet, Ask::kTakeAnswer, make_take_answer(answer), parse_taken_answer).more;
  };
  CHECK(give({stranger}));  // the server is to hear of it at once
  const auto before = world.book();
  CHECK(std::ranges::any_of(before, [](const std::string& row) { return row.starts_with("letter.refused "); }));
  CHECK_FALSE(give({}));
  for (int i = 0; i < 60; ++i) {
    std::vector<Bytes> letters;
    for (std::size_t j = 0; j < sync::kMaxLetters; ++j) letters.push_back(to_bytes("rubbish " + std::to_string(i) + "." + std::to_string(j)));
    give(std::move(letters));
  }
  CHECK(world.book().size() < before.size() + 530);
}
