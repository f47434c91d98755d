// How the certificate of a wipe reads, at a terminal and on paper.
#include "agent/cli/wipe_record.h"

#include <catch2/catch.hpp>

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

}  // namespace

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
