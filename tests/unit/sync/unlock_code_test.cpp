#include "sync/unlock_code.h"

#include <catch2/catch.hpp>

#include "tests/unit/sync/fixture.h"

using namespace caretaker;
using namespace caretaker::sync;

TEST_CASE("a code belongs to one secret, one device and one challenge", "[R22]") {
  const SecretKey secret(Hash{1}), other(Hash{2});
  const std::string code = unlock_code(secret, Hash{5}, "12345678");
  CHECK(code.size() == 8);
  CHECK(code == unlock_code(secret, Hash{5}, "12345678"));
  CHECK(code != unlock_code(other, Hash{5}, "12345678"));
  CHECK(code != unlock_code(secret, Hash{6}, "12345678"));
  CHECK(code != unlock_code(secret, Hash{5}, "12345679"));
}

TEST_CASE("digits are taken as people read them out", "[R22]") {
  CHECK(parse_digits("1234 5678").value() == "12345678");
  CHECK(parse_digits("12-34-56-78").value() == "12345678");
  for (const char* wrong : {"", "1234567", "123456789", "1234567a", "12345678\n"}) CHECK_FALSE(parse_digits(wrong));
  const std::string challenge = make_challenge();
  CHECK(parse_digits(challenge).value() == challenge);
}

TEST_CASE("technicians and the escrow key open the unlock secret, leads and the server do not", "[R22]") {
  test::TestSchool school;
  const BoxKey technician = make_box_key(random_key()), escrow = make_box_key(random_key());
  school.root.recipients[key_id(technician.public_key)] = {technician.public_key, "technician", "technician"};
  school.root.recipients[key_id(escrow.public_key)] = {escrow.public_key, "escrow", "escrow"};
  const SecretKey secret = random_key();
  const Json boxes = seal_unlock_secret(secret, school.root);
  CHECK(equal_constant_time(open_unlock_secret(boxes, technician)->view(), secret.view()));
  CHECK(open_unlock_secret(boxes, escrow));
  CHECK(open_unlock_secret(boxes, school.safeguarding_box).error().code == ErrorCode::kNotFound);
  CHECK(open_unlock_secret(boxes, school.server_box).error().code == ErrorCode::kNotFound);
}

TEST_CASE("after five wrong codes the pauses double, up to an hour", "[R22]") {
  CHECK(unlock_pause_s(4) == 0);
  CHECK(unlock_pause_s(5) == 60);
  CHECK(unlock_pause_s(6) == 120);
  CHECK(unlock_pause_s(11) == 3600);
  CHECK(unlock_pause_s(1'000'000) == 3600);
}
