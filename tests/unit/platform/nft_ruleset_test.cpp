// A kernel's own answers about firewalls of several kinds.
#include "platform/nft_ruleset.h"

#include <catch2/catch.hpp>

#include "tests/unit/platform/nft_answers.h"

using namespace caretaker;
using namespace caretaker::platform;
using namespace caretaker::tests;

namespace {

Firewall judge(const NftAnswer& answer) {
  NftRuleset ruleset;
  for (const NftMessage& message : answer) {
    const auto bytes = parse_hex(message.hex);
    REQUIRE(bytes);
    REQUIRE((message.is_rule ? ruleset.add_rule(*bytes) : ruleset.add_chain(*bytes)));
  }
  return ruleset.judge();
}

}  // namespace

TEST_CASE("a firewall is on when what no rule expects does not come in", "[R3]") {
  CHECK(judge(kDropsByPolicy) == Firewall::kOn);
  CHECK(judge(kIptablesReject) == Firewall::kOn);
}

TEST_CASE("a firewall for one of the two internets is half a firewall", "[R3]") { CHECK(judge(kUfwIpv4Only) == Firewall::kHalf); }

TEST_CASE("chains without rules, and a port that is closed, are no firewall", "[R3]") {
  CHECK(judge({}) == Firewall::kOff);
  CHECK(judge(kDebianDefault) == Firewall::kOff);
  CHECK(judge(kAcceptsBeforeItDrops) == Firewall::kOff);
}

TEST_CASE("where a jump leads decides, as with firewalld's zones", "[R3]") {
  CHECK(judge(kFirewalld) == Firewall::kOff);  // its zone accepts
  NftAnswer shut = kFirewalld;
  // The rule of table "firewalld", chain "filter_INPUT_ZONES".
  std::erase_if(shut, [](const NftMessage& message) { return message.is_rule && message.hex.starts_with("010000020e0001006669726577616c6c6400000017000200"); });
  CHECK(shut.size() == kFirewalld.size() - 1);
  CHECK(judge(shut) == Firewall::kOn);
}

TEST_CASE("an answer that is cut short is an error, wherever it is cut") {
  const auto whole = parse_hex(kDropsByPolicy.front().hex);
  REQUIRE(whole);
  for (std::size_t length = 0; length < 8; ++length) {
    INFO(length);
    NftRuleset ruleset;
    const Status taken = ruleset.add_chain(ByteView(*whole).first(length));
    CHECK((length == 4) == taken.has_value());  // a message with no attributes at all
  }
  NftRuleset ruleset;
  CHECK_FALSE(ruleset.add_chain(ByteView(*whole).first(whole->size() - 3)));
}
