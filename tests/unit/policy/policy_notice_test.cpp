#include "policy/policy_notice.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "policy/weakening.h"

using namespace caretaker::policy;

namespace {

const std::string kHead = "school = \"S\"\n[groups.all]\ndefault = true\nblocked_categories = []\n[recipients]\n\"*\" = [\"safeguarding\", \"technician\"]\n";

ParsedPolicy parse(const std::string& more) { return parse_policy(kHead + more, Strictness::kTechnician); }

bool complains_of(const ParsedPolicy& parsed, std::string_view field, Diagnostic::Level level) {
  return std::ranges::any_of(parsed.diagnostics, [&](const Diagnostic& d) { return d.field == field && d.level == level; });
}

}  // namespace

TEST_CASE("a policy says what users are told beside what every device says", "[R13]") {
  const auto parsed = parse("[notice]\ntext = \"Our rules\\nhang in the hall.\"\ncontact = \"Ring 0800 1111.\"\nhide_page = \"https://www.bbc.co.uk/weather?a=b\"\n");
  REQUIRE(parsed.usable());
  CHECK(parsed.policy.notice == Notice{"Our rules\nhang in the hall.", "Ring 0800 1111.", "https://www.bbc.co.uk/weather?a=b"});
  CHECK(parse("").policy.notice == Notice{});
}

TEST_CASE("a notice that would steer a console or a page is refused where it stands", "[R13]") {
  for (const char* bad : {"text = \"\"", "text = \"a\\u001b[31mb\"", "text = \"\\u202eb\"", "text = 7"}) {
    CHECK(complains_of(parse(std::string("[notice]\n") + bad), "notice.text", Diagnostic::Level::kError));
  }
  CHECK(complains_of(parse("[notice]\ntext = \"" + std::string(1001, 'x') + "\""), "notice.text", Diagnostic::Level::kError));
  CHECK(complains_of(parse("[notice]\ncontact = \"a\\nb\""), "notice.contact", Diagnostic::Level::kError));
  for (const char* bad : {"javascript:alert(1)", "/times", "https://a b", "https://a\\\"b", "https://a<b", "data:text/html,x"}) {
    CHECK(complains_of(parse(std::string("[notice]\nhide_page = \"") + bad + "\""), "notice.hide_page", Diagnostic::Level::kError));
  }
  CHECK(complains_of(parse("[notice]\ntxet = \"a\""), "notice.txet", Diagnostic::Level::kError));
}

TEST_CASE("what people write themselves goes to the leads, whoever reads what is recorded of them", "[R16]") {
  const auto policy = parse("").policy;
  CHECK(recipients_for(policy, "web.blocked") == std::vector<std::string>{"safeguarding", "technician"});
  CHECK(recipients_for(policy, "help.worried") == std::vector<std::string>{"safeguarding"});
  CHECK(recipients_for(policy, "help.unblock") == std::vector<std::string>{"safeguarding", "technician"});
  const auto own = parse("\"help.unblock\" = [\"technician\"]\n");
  REQUIRE(own.usable());
  CHECK(recipients_for(own.policy, "help.unblock") == std::vector<std::string>{"technician"});
}

TEST_CASE("no policy takes a child's words away from the safeguarding lead", "[R16]") {
  CHECK(complains_of(parse("\"help.worried\" = [\"technician\"]\n"), "recipients.help.worried", Diagnostic::Level::kError));
  CHECK_FALSE(parse_policy(kHead + "\"help.worried\" = [\"escrow\"]\n", Strictness::kDevice).usable());
  const auto wider = parse("\"help.worried\" = [\"safeguarding\", \"technician\"]\n");
  CHECK(wider.usable());
  CHECK(complains_of(wider, "recipients.help.worried", Diagnostic::Level::kWarning));
  const auto change = compare_policies(parse("").policy, wider.policy);
  CHECK(std::ranges::any_of(change.opens, [](const std::string& line) { return line == "details can now be read: help.worried by technician"; }));
}

TEST_CASE("a policy says what a lost device shows, in words that steer no console", "[R22]") {
  const auto parsed = parse("[lost]\nmessage = \"Please bring it to the office.\"\ntelephone = \"01632 960001\"\n");
  REQUIRE(parsed.usable());
  CHECK(parsed.policy.lost == LostWords{"Please bring it to the office.", "01632 960001"});
  CHECK(parse("").policy.lost == LostWords{});
  CHECK(parse("[lost]\ntelephone = \"1\"").policy.lost == LostWords{"", "1"});
  for (const char* bad : {"message = \"\"", "message = \"a\\nb\"", "message = \"a\\u001b[31mb\"", "message = 7"}) {
    CHECK(complains_of(parse(std::string("[lost]\n") + bad), "lost.message", Diagnostic::Level::kError));
  }
  CHECK(complains_of(parse("[lost]\ntelephone = \"" + std::string(201, '1') + "\""), "lost.telephone", Diagnostic::Level::kError));
  CHECK(complains_of(parse("[lost]\nphone = \"1\""), "lost.phone", Diagnostic::Level::kError));
}

TEST_CASE("words on a lost device open nothing", "[R22]") {
  const auto before = parse("[lost]\nmessage = \"a\"").policy, after = parse("").policy;
  CHECK(compare_policies(before, after).opens.empty());
}
