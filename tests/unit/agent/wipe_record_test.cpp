// How the certificate of a wipe reads, at a terminal and on paper.
#include "agent/cli/wipe_record.h"

#include <catch2/catch.hpp>

#include "agent/cli/wipe_proof.h"
#include "tests/unit/sync/fixture.h"

using namespace caretaker;
using namespace caretaker::agent;

namespace {

sync::VerifiedWipe some_wipe() {
  sync::VerifiedWipe wipe;
  wipe.school_name = "School <of> \"Hill & Dale\"";
  wipe.hardware = {"uuid-1", "board-1"};
  wipe.order.reason = "stolen\x1b[2J";
  sync::WipeCertificate& certificate = wipe.certificate;
  certificate.asset = "School 117";
  certificate.media = {{.node = "/dev/sda", .model = "Disk", .serial = "S1", .size = 64'000'000, .is_flash = true, .is_encrypted = true, .key_slots = 4, .is_verified = true}};
  certificate.method = sync::Sanitization::kClear;
  certificate.who = {"technician", "head"};
  certificate.when = 1'800'000'000;
  return wipe;
}

// A school, and the record of the wipe of one of its machines.
struct Wiped {
  sync::test::TestSchool school;
  SigningKey machine = sync::test::new_key();
  sync::Order order;

  Wiped() {
    school.give(sync::Role::kWipe, 2, {{"technician", &school.technician}, {"head", &school.head}});
    school.root.school = hash(sync::make_root_payload(school.root));
    order.school = school.root.school;
    order.device = hash(machine.public_key);
    order.hardware = {"uuid-1", "board-1"};
    order.kind = sync::OrderKind::kWipe;
    order.issued = 1'795'000'000;
    order.until = order.issued + 86'400;
  }
  [[nodiscard]] std::string device() const { return to_hex(order.device); }
  [[nodiscard]] std::string order_id() const { return sync::letter_name(sync::letter_id(sync::make_order_payload(order))); }
  [[nodiscard]] Bytes record(bool is_encrypted, const SigningKey& signer) const {
    sync::WipeCertificate certificate;
    certificate.school = order.school;
    certificate.device = order.device;
    certificate.order = sync::letter_id(sync::make_order_payload(order));
    certificate.root = 1;
    certificate.media = {{.node = "/dev/sda", .model = "Disk", .serial = "S1", .size = 1, .is_flash = true, .is_encrypted = is_encrypted,
                          .key_slots = is_encrypted ? 1 : 0, .is_verified = is_encrypted}};
    certificate.method = sync::decide_sanitization(certificate.media);
    certificate.who = {"head", "technician"};
    const sync::DeviceCertificate of_device{order.school, order.device, machine.public_key, order.hardware, 1'790'000'000};
    return sync::make_wipe_record(
        {sync::test::envelope_of(sync::PayloadType::kWipeCertificate, sync::make_wipe_certificate_payload(certificate), {&signer}),
         sync::test::envelope_of(sync::PayloadType::kCertificate, sync::make_certificate_payload(of_device), {&school.server}),
         sync::test::envelope_of(sync::PayloadType::kOrder, sync::make_order_payload(order), {&school.technician, &school.head}),
         {school.root_envelope()}});
  }
};

}  // namespace

TEST_CASE("a machine was wiped where its own certificate says so, and not on a server's word", "[R21][R22]") {
  const Wiped wiped;
  const std::vector<Bytes> roots{wiped.school.root_envelope()};
  const auto proof = prove_wipe(wiped.record(true, wiped.machine), roots, wiped.school.root.school, wiped.device());
  REQUIRE(proof);
  CHECK(proof->order == wiped.order_id());
  CHECK(proof->state == "verified");
  CHECK(prove_wipe(wiped.record(false, wiped.machine), roots, wiped.school.root.school, wiped.device())->state == "best-effort");
  CHECK_FALSE(prove_wipe(wiped.record(true, wiped.school.server), roots, wiped.school.root.school, wiped.device()));  // signed by the server
  CHECK_FALSE(prove_wipe(wiped.record(true, wiped.machine), roots, wiped.school.root.school, std::string(64, 'a')));  // another machine's
  CHECK_FALSE(prove_wipe(as_bytes("{}"), roots, wiped.school.root.school, wiped.device()));
  const Wiped elsewhere;
  CHECK_FALSE(prove_wipe(elsewhere.record(true, elsewhere.machine), {}, wiped.school.root.school, elsewhere.device()));
}

TEST_CASE("a certificate shows the fields of NIST SP 800-88, at a terminal and on a page", "[R21]") {
  const std::string text = certificate_text(some_wipe()), page = certificate_page(some_wipe());
  for (const char* field : {"Make", "Model", "Serial", "Asset number", "Medium", "Method", "Technique", "Tool", "Verification", "Ordered by", "When", "Where"}) {
    CHECK(text.find(std::string("\n") + field) != std::string::npos);
    CHECK(page.find(std::string("<th>") + field + "</th>") != std::string::npos);
  }
  for (const std::string* shown : {&text, &page}) {
    for (const char* value : {"School 117", "4 key slots in use, destroyed and read back", "technician", "head", "2027-01-15T08:00:00Z", "nobody has countersigned"}) {
      CHECK(shown->find(value) != std::string::npos);
    }
    CHECK(shown->find('\x1b') == std::string::npos);
  }
}

TEST_CASE("nothing in a certificate is markup on its page", "[R21]") {
  const std::string page = certificate_page(some_wipe());
  CHECK(page.find("School &lt;of&gt; &quot;Hill &amp; Dale&quot;") != std::string::npos);
  CHECK(page.find("<of>") == std::string::npos);
}
