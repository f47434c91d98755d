#include "sync/wipe_certificate.h"

#include <catch2/catch.hpp>

#include "tests/unit/sync/fixture.h"

using namespace caretaker;
using namespace caretaker::sync;
using caretaker::sync::test::envelope_of;
using caretaker::sync::test::verdict;
using caretaker::sync::test::with;

namespace {

WipedMedium medium(bool is_flash, bool is_encrypted, bool is_verified) {
  return {"/dev/sda2", "Disk", "D-1", 1'000'000, is_flash, is_encrypted, is_encrypted ? 2 : 0, is_verified};
}

struct RecordWorld {
  test::TestSchool school;
  SigningKey device = test::new_key();
  Order order;
  WipeCertificate certificate;

  RecordWorld() {
    school.give(Role::kLock, 1, {{"technician", &school.technician}});
    school.give(Role::kWipe, 2, {{"technician", &school.technician}, {"head", &school.head}});
    school.root.school = hash(make_root_payload(school.root));
    order.school = school.root.school;
    order.device = hash(device.public_key);
    order.hardware = {"uuid-1", "board-1"};
    order.kind = OrderKind::kWipe;
    order.issued = 1'795'000'000;
    order.until = order.issued + 86'400;
    certificate.school = order.school;
    certificate.device = order.device;
    certificate.order = letter_id(make_order_payload(order));
    certificate.root = 1;
    certificate.make = "Maker";
    certificate.media = {medium(false, true, true)};
    certificate.method = Sanitization::kPurge;
    certificate.who = {"head", "technician"};
    certificate.when = 1'795'001'000;
  }
  WipeRecord record() const {
    const DeviceCertificate of_device{school.root.school, order.device, device.public_key, order.hardware, 1'790'000'000};
    return {envelope_of(PayloadType::kWipeCertificate, make_wipe_certificate_payload(certificate), {&device}),
            envelope_of(PayloadType::kCertificate, make_certificate_payload(of_device), {&school.server}),
            envelope_of(PayloadType::kOrder, make_order_payload(order), {&school.technician, &school.head}),
            {school.root_envelope()}};
  }
  std::string open(const WipeRecord& record) const { return verdict(open_wipe_record(make_wipe_record(record), school.root.school)); }
};

}  // namespace

TEST_CASE("a certificate says no more than its media allow", "[R21]") {
  CHECK(decide_sanitization({medium(false, true, true)}) == Sanitization::kPurge);
  CHECK(decide_sanitization({medium(true, true, true)}) == Sanitization::kClear);
  CHECK(decide_sanitization({medium(false, true, true), medium(true, true, true)}) == Sanitization::kClear);
  CHECK(decide_sanitization({medium(false, true, false)}) == Sanitization::kClearBestEffort);
  CHECK(decide_sanitization({medium(false, true, true), medium(false, false, false)}) == Sanitization::kClearBestEffort);
  CHECK(decide_sanitization({}) == Sanitization::kClearBestEffort);
  WipedMedium kept = medium(true, false, false);
  kept.kept_for = "/boot";
  CHECK(decide_sanitization({medium(false, true, true), kept}) == Sanitization::kPurge);
  CHECK(decide_sanitization({kept}) == Sanitization::kClearBestEffort);
}

TEST_CASE("a machine with sixty-four volumes has its certificate, and what was kept is named in it", "[R21]") {
  RecordWorld world;
  for (int i = 1; i < 64; ++i) world.certificate.media.push_back(medium(false, true, true));
  for (WipedMedium& each : world.certificate.media) each.node = "/dev/mapper/" + std::string(100, 'x');
  world.certificate.media[5].kept_for = "/boot/efi";
  CHECK(world.open(world.record()) == "verified");
  const auto opened = open_wipe_record(make_wipe_record(world.record()), world.school.root.school);
  REQUIRE(opened);
  CHECK(opened->certificate.media[5].kept_for == "/boot/efi");
  CHECK(opened->certificate.media[6].kept_for.empty());
  world.certificate.media.push_back(medium(false, true, true));
  CHECK(world.open(world.record()) == "D1");
}

TEST_CASE("D2: a plain disk sold as purged is refused, whoever signed it", "[R21]") {
  RecordWorld world;
  world.certificate.media = {medium(false, false, false)};
  CHECK(world.open(world.record()) == "D2");
  world.certificate.method = Sanitization::kClearBestEffort;
  CHECK(world.open(world.record()) == "verified");
}

TEST_CASE("a record is verified with nothing but the school's id", "[R21]") {
  RecordWorld world;
  const auto opened = open_wipe_record(make_wipe_record(world.record()), world.school.root.school);
  REQUIRE(opened);
  CHECK(opened->certificate.make == "Maker");
  CHECK(opened->hardware.dmi_uuid == "uuid-1");
  CHECK_FALSE(opened->is_countersigned);
  WipeRecord both = world.record();
  both.certificate = *add_signature(both.certificate, PayloadType::kWipeCertificate, world.school.server);
  CHECK(open_wipe_record(make_wipe_record(both), world.school.root.school)->is_countersigned);
  CHECK(verdict(open_wipe_record(make_wipe_record(both), SchoolId{1})) == "T6");
}

TEST_CASE("the record of a school with many roots verifies too", "[R21]") {
  RecordWorld world;
  WipeRecord record = world.record();
  for (int i = 0; i < 199; ++i) {
    ++world.school.root.version;
    record.roots.push_back(world.school.root_envelope());
  }
  const auto opened = open_wipe_record(make_wipe_record(record), world.school.root.school);
  REQUIRE(opened);
  CHECK(opened->certificate.root == 1);
}

TEST_CASE("D3 to D5: another device's certificate, other people's order, edited fields are refused", "[R21]") {
  RecordWorld world;
  WipeRecord record = world.record();
  record.order = envelope_of(PayloadType::kOrder, make_order_payload(world.order), {&world.school.technician});
  CHECK(world.open(record) == "O2");
  record = world.record();
  Order other = world.order;
  other.nonce = {1};
  record.order = envelope_of(PayloadType::kOrder, make_order_payload(other), {&world.school.technician, &world.school.head});
  CHECK(world.open(record) == "D5");
  record = world.record();
  const Bytes payload = *parse_json(as_text(record.certificate))->base64_at("payload");
  record.certificate = with(record.certificate, "payload", to_base64(with(payload, "serial", "S-2")));
  CHECK(world.open(record) == "E5");
  WipeCertificate for_other = world.certificate;
  for_other.device = {1};
  record = world.record();
  record.certificate = envelope_of(PayloadType::kWipeCertificate, make_wipe_certificate_payload(for_other), {&world.device});
  CHECK(world.open(record) == "D3");
  for_other = world.certificate;
  for_other.who = {"deputy", "technician"};
  record.certificate = envelope_of(PayloadType::kWipeCertificate, make_wipe_certificate_payload(for_other), {&world.device});
  CHECK(world.open(record) == "D5");
  for_other = world.certificate;
  for_other.root = 2;
  record.certificate = envelope_of(PayloadType::kWipeCertificate, make_wipe_certificate_payload(for_other), {&world.device});
  CHECK(world.open(record) == "D4");
  CHECK(verdict(parse_wipe_record(to_bytes("{\"v\":1}"))) == "D4");
  CHECK(verdict(parse_wipe_certificate(to_bytes("{\"v\":1}"))) == "D1");
}
