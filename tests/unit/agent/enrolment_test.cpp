#include <catch2/catch.hpp>

#include "agent/cli/status_text.h"
#include "tests/unit/agent/guard_world.h"

using namespace caretaker;
using namespace caretaker::agent;

namespace {

Result<Bytes> finish(GuardWorld& world, const sync::EnrolmentAnswer& answer) {
  return world.ask(GuardWorld::kOwner, Ask::kEnrolFinish, make_enrol_finish(answer));
}

}  // namespace

TEST_CASE("a machine is enrolled by token, pinned root and certificate, and stays it") {
  GuardWorld world;
  const Bytes request = world.begin_enrolment();
  const auto enrolment = must(sync::open_enrolment({request}));
  CHECK(enrolment.school == world.room.school.root.school);
  CHECK(enrolment.label == "laptop-7");
  CHECK(enrolment.hardware.board_serial == "board-1");
  CHECK_FALSE(world.status().enrolled);
  REQUIRE(finish(world, world.room.certify(request)));
  CHECK(world.status().enrolled);
  CHECK(world.status().school == "Test School");
  CHECK(world.noted("enrolment.done certificate"));
  world.start();
  CHECK(world.status().enrolled);
  CHECK(world.ask(GuardWorld::kOwner, Ask::kEnrolBegin,
                  make_enrol_begin({world.room.token_text(), "again"})).error().code == ErrorCode::kConflict);
}

TEST_CASE("what is not a token, another school's root, and a certificate for somebody else are refused") {
  GuardWorld world;
  CHECK_FALSE(world.ask(GuardWorld::kOwner, Ask::kEnrolBegin, make_enrol_begin({"rubbish", "x"})));
  CHECK_FALSE(finish(world, {}));  // nothing has begun
  const auto good = world.room.certify(world.begin_enrolment());

  auto answer = good;
  answer.roots = {sync::test::TestSchool().root_envelope()};
  CHECK_FALSE(finish(world, answer));
  answer = good;
  answer.roots.clear();
  CHECK_FALSE(finish(world, answer));
  answer = good;
  answer.certificate = to_bytes("rubbish");
  CHECK_FALSE(finish(world, answer));

  GuardWorld other;  // another device, whose certificate is just as good
  const SigningKey* server = &world.room.school.server;
  sync::DeviceCertificate certificate{world.room.school.root.school, {}, sync::test::new_key().public_key, {"uuid-1", "board-1"},
                                      world.clock.time};
  certificate.device = hash(certificate.device_key);
  answer = good;
  answer.certificate = sync::make_envelope(sync::PayloadType::kCertificate, sync::make_certificate_payload(certificate), {&server, 1});
  CHECK(finish(world, answer).error().message.starts_with("A7"));

  CHECK_FALSE(world.status().enrolled);
  CHECK(finish(world, good));
  CHECK(world.status().enrolled);
}

TEST_CASE("a long history of roots comes in several parts, and the certificate by the newest with the last", "[R22]") {
  GuardWorld world;
  const Bytes request = world.begin_enrolment();
  auto answer = world.room.certify(request);
  std::vector<Bytes> roots = answer.roots;
  for (int i = 0; i < 70; ++i) roots.push_back(world.room.next_root());
  const SigningKey moved = sync::test::new_key();
  world.room.school.give(sync::Role::kReceipts, 1, {{"server", &moved}});
  roots.push_back(world.room.next_root());
  world.room.school.server = moved;
  answer = world.room.certify(request);  // by a key that root 1 does not know
  const std::span<const Bytes> all(roots);
  const auto part = [&](std::size_t from, std::size_t to) { return std::vector<Bytes>(all.begin() + from, all.begin() + to); };
  CHECK_FALSE(finish(world, {answer.certificate, part(0, 64), {}, {}}));
  CHECK(finish(world, {{}, part(0, 64), {}, {}}));
  CHECK_FALSE(world.status().enrolled);
  CHECK(finish(world, {answer.certificate, part(60, roots.size()), {}, {}}));  // some come twice
  CHECK(world.status().enrolled);
  CHECK(world.status().root_version == 72);
}

TEST_CASE("a clone keeps the filter and a book of its own, and sends nothing until it is enrolled anew") {
  GuardWorld world;
  world.serve();
  const std::string golden = world.status().device;
  world.settings.hardware = {"uuid-2", "board-2"};
  world.start();
  CHECK(world.status().device != golden);
  CHECK_FALSE(world.status().enrolled);
  CHECK_FALSE(world.healthy("re-enrolment-needed"));
  CHECK(world.filter().state == FilterState::kReady);
  CHECK_FALSE(world.next_request());
  must(world.ask(GuardWorld::kNet, Ask::kReportWeb, report({violation("casino.example")})));
  CHECK(world.noted("web.blocked category"));
  world.enrol();
  CHECK(world.status().enrolled);
  CHECK(world.noted("web.blocked category"));
  CHECK(world.filter().state == FilterState::kReady);
  world.check_in();
  CHECK(world.status().events_queued == 0);
}

TEST_CASE("why answers anybody about themselves, and only the administrator about others", "[R8]") {
  GuardWorld world;
  world.serve();
  const auto why = [&](std::uint32_t uid, const WhyQuestion& question) {
    return world.ask(uid, Ask::kWhy, make_why_question(question));
  };
  const auto own = must(parse_why_answer(must(why(GuardWorld::kAnna, {"www.casino.example", "", ""}))));
  CHECK(own.group == "pupils");
  CHECK(own.verdict == "block");
  CHECK(own.category == "gambling");
  CHECK(own.policy_version == 1);
  CHECK(own.lists_version == 1);
  CHECK(why(GuardWorld::kAnna, {"casino.example", "anna", ""}));
  CHECK(why(GuardWorld::kAnna, {"casino.example", "berta", ""}).error().code == ErrorCode::kPermissionDenied);
  CHECK(why(GuardWorld::kAnna, {"casino.example", "", "everybody"}).error().code == ErrorCode::kPermissionDenied);
  CHECK(why(GuardWorld::kOwner, {"casino.example", "berta", ""}));
  CHECK(why(GuardWorld::kOwner, {"casino.example", "", "everybody"}));
}

TEST_CASE("whoever asks for the status reads that the device is monitored", "[R13]") {
  GuardWorld world;
  CHECK(show_status(world.status()).find("monitored") == std::string::npos);
  world.serve();
  const std::string text = show_status(world.ask_well(4242, Ask::kStatus, {}, parse_status_answer));
  CHECK(text.find("belongs to Test School") != std::string::npos);
  CHECK(text.find("is monitored") != std::string::npos);
  CHECK(text.find("safeguarding lead can read them") != std::string::npos);
}
