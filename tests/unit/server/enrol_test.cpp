#include "sync/server/enrol.h"

#include "tests/unit/server/test_device.h"

using namespace caretaker;
using namespace caretaker::test;
using server::enrol;

TEST_CASE("a token enrols one machine and gives it all it needs to begin") {
  TestSchool school;
  must(school.store.add_policy(1, school.policy(1), kNow));
  TestDevice device(school);
  const auto answer = must(enrol(school.store, school.state, device.enrolment(school.new_token()), kNow));
  const auto certificate = must(sync::open_certificate({answer.certificate}, school.state.root()));
  CHECK(certificate.device == device.id());
  CHECK(certificate.hardware.dmi_uuid == "uuid-1");
  CHECK(answer.roots == school.state.envelopes());
  CHECK(answer.policy == school.policy(1));
}

TEST_CASE("a token is good once, but a lost answer may be asked for again") {
  TestSchool school;
  TestDevice first(school), second(school, {"uuid-2", "serial-2"});
  const auto token = school.new_token();
  CHECK(enrol(school.store, school.state, first.enrolment(token), kNow));
  CHECK(enrol(school.store, school.state, first.enrolment(token), kNow + 60));
  CHECK(enrol(school.store, school.state, second.enrolment(token), kNow + 61).error().code == ErrorCode::kPermissionDenied);
}

TEST_CASE("a token ends after a day, and a guessed one never began") {
  TestSchool school;
  TestDevice device(school);
  const auto token = school.new_token();
  CHECK(enrol(school.store, school.state, device.enrolment(token), kNow + 24 * 3600).error().code == ErrorCode::kPermissionDenied);
  CHECK(enrol(school.store, school.state, device.enrolment(token), kNow + 24 * 3600 - 1));
  CHECK(enrol(school.store, school.state, device.enrolment(random_array<16>()), kNow).error().code == ErrorCode::kPermissionDenied);
}

TEST_CASE("an enrolment for another school, or not signed by its own key, uses up no token") {
  TestSchool school, other;
  TestDevice device(school), stranger(other);
  const auto token = school.new_token();
  CHECK_FALSE(enrol(school.store, school.state, stranger.enrolment(token), kNow));
  const sync::EnrolmentRequest request{school.state.id(), device.key.public_key, token, {}, "x"};
  const auto forged = TestSchool::envelope(sync::PayloadType::kEnrolment, sync::make_enrolment_payload(request), {&stranger.key});
  CHECK(enrol(school.store, school.state, forged, kNow).error().code == ErrorCode::kUnauthentic);
  CHECK(enrol(school.store, school.state, as_bytes("{}"), kNow).error().code == ErrorCode::kInvalidInput);
  CHECK(enrol(school.store, school.state, device.enrolment(token), kNow));
}

TEST_CASE("a machine that enrols again replaces itself; machines without serials replace nobody") {
  TestSchool school;
  TestDevice before(school), after(school), nameless(school, {"", ""}), nameless_too(school, {"", ""});
  CHECK(must(school.store.device(before.id())).value().replaced_by == after.id());
  CHECK_FALSE(must(school.store.device(after.id())).value().replaced_by);
  CHECK_FALSE(must(school.store.device(nameless.id())).value().replaced_by);
}
