#include "agent/violation_log.h"

#include <catch2/catch.hpp>

#include "agent/net/dns_message.h"
#include "policy/domain_name.h"

using namespace caretaker;
using namespace caretaker::agent;

namespace {

// The name that is noted for a question that was blocked.
std::string noted(std::string_view asked) {
  std::string out;
  ViolationLog log([&out](Violation violation) { out = std::move(violation.name); });
  policy::DnsDecision decision;
  decision.is_violation = true;
  log.note(Asker{}, decision, asked, 1'795'000'000, 1);
  return out;
}

}  // namespace

TEST_CASE("whatever bytes a label has, what is noted is a name that the guard takes", "[R18]") {
  for (const std::string& parent : {std::string("translate.goog"), std::string("casino.example"), std::string("co.uk"), std::string(63, 'a')}) {
    for (int byte = 0; byte < 256; ++byte) {
      for (const std::size_t length : {1, 63}) {
        const auto name = parse_dns_name(std::string(length, static_cast<char>(byte)) + "." + parent);
        if (!name) continue;  // a dot
        NameText buffer;
        const std::string said = noted(to_rule_text(*name, buffer));
        const auto normal = policy::normalise_name(said);
        REQUIRE(normal);
        CHECK(*normal == said);
        CHECK((said == parent || said.ends_with("." + parent)));
      }
    }
  }
  CHECK(noted("\\007") == "invalid");
}
