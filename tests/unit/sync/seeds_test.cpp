// The seeds of the fuzzers were written from PROTOCOL.md by other code than ours: what is good among them must be read.
#include <catch2/catch.hpp>

#include "sync/batch.h"
#include "sync/bundle_form.h"
#include "sync/key_backup.h"
#include "sync/order.h"
#include "sync/wipe_certificate.h"
#include "sync/staff_request.h"
#include "tests/unit/shared_data.h"
#include "tests/unit/sync/fixture.h"

using namespace caretaker;
using namespace caretaker::sync;
using caretaker::sync::test::verdict;

namespace {

Bytes seed(const std::string& name) {
  const Bytes bytes = to_bytes(tests::read_text(CARETAKER_SOURCE_DIR "/tests/fuzz/corpus/" + name));
  REQUIRE_FALSE(bytes.empty());
  return bytes;
}

}  // namespace

TEST_CASE("formats written by another hand are read") {
  CHECK(verdict(parse_root(seed("root/first"))) == "verified");
  CHECK(verdict(parse_root(seed("root/second"))) == "verified");
  CHECK(verdict(parse_root(seed("root/newer"))) == "verified");
  CHECK(verdict(parse_root(seed("root/one_holder"))) == "T4");
  CHECK(verdict(parse_batch(seed("batch/whole"))) == "verified");
  CHECK(verdict(parse_batch(seed("batch/empty"))) == "verified");
  CHECK(verdict(parse_receipt(seed("batch/receipt"))) == "verified");
  CHECK(verdict(parse_checkin_request(seed("batch/request"), 1u << 20)) == "verified");
  CHECK(verdict(parse_checkin_answer(seed("answer/checkin"))) == "verified");
  CHECK(verdict(parse_enrolment_answer(seed("answer/enrolment"))) == "verified");
  CHECK(verdict(parse_certificate(seed("answer/certificate"))) == "verified");
  CHECK(verdict(parse_policy_form(seed("answer/policy"))) == "verified");
  CHECK(verdict(parse_lists_form(seed("answer/lists"))) == "verified");
  CHECK(verdict(parse_lists_draft(seed("answer/draft"))) == "verified");
  CHECK(verdict(parse_event_body(seed("event/body"))) == "verified");
  CHECK(verdict(parse_event_body(seed("event/sealed_body"))) == "verified");
  CHECK(verdict(parse_sealed_json(seed("event/sealed"))) == "verified");
  CHECK(verdict(parse_token_text(as_text(seed("token/token")))) == "verified");
  CHECK(verdict(parse_enrolment(seed("token/enrolment"))) == "verified");
  CHECK(verdict(parse_staff_request(seed("token/staff"))) == "verified");
  CHECK(verdict(parse_public_person(seed("token/person"))) == "verified");
  CHECK(verdict(open_backup(as_text(seed("token/printed-key")), "holder")) == "verified");
  CHECK(verdict(parse_order(seed("order/wipe"))) == "verified");
  CHECK(verdict(parse_order(seed("order/cancel"))) == "verified");
  CHECK(verdict(parse_order(seed("order/for_a_group"))) == "O1");
  CHECK(verdict(parse_wipe_certificate(seed("order/certificate"))) == "verified");
  CHECK(verdict(parse_wipe_certificate(seed("order/certificate_too_bold"))) == "D2");
  CHECK(verdict(parse_wipe_record(seed("order/record"))) == "verified");
}
