#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <sstream>

#include "policy/categories.h"
#include "policy/decide_dns.h"
#include "tests/unit/policy/test_set.h"

using namespace caretaker::policy;

namespace {

const Policy& example() {
  static const Policy policy = [] {
    std::ifstream file(CARETAKER_SOURCE_DIR "/policy/examples/primary-school.toml");
    std::stringstream text;
    text << file.rdbuf();
    ParsedPolicy parsed = parse_policy(text.str(), Strictness::kTechnician);
    for (const Diagnostic& d : parsed.diagnostics) FAIL(d.line << ": " << d.field << ": " << d.message);
    return parsed.policy;
  }();
  return policy;
}

// One name for each category that Caretaker knows: "adult.example", ...
const TestSet& lists() {
  static const TestSet set([] {
    std::map<std::string, std::vector<std::string>> names;
    for (const KnownCategory& category : known_categories()) {
      names[std::string(category.id)] = {std::string(category.id) + ".example"};
    }
    return names;
  }());
  return set;
}

DnsDecision decide(const std::string& os_group, std::string_view name) {
  return decide_dns(example(), group_of(example(), "somebody", {os_group}), lists().view, name);
}

const std::string kEverybody[] = {"pupils", "staff", "guests", "none"};

}  // namespace

TEST_CASE("the primary school's groups are pupils, staff, guests and everybody else", "[R5]") {
  REQUIRE(example().groups.size() == 4);
  for (const std::string name : {"pupils", "staff", "guests"})
    CHECK(group_of(example(), "somebody", {name}).name == name);
  CHECK(group_of(example(), "", {}).name == "device");
}

TEST_CASE("the primary school's pupils and guests may open none of the categories that schools name", "[R4]") {
  for (const char* group : {"pupils", "guests"}) {
    for (const char* category : {"adult", "race_hatred", "violence", "self_harm", "extremism", "drugs", "gambling",
                                 "gaming", "chat", "social_networks", "music_film_download", "shopping"}) {
      INFO(group << " " << category);
      const DnsDecision decision = decide(group, "www." + std::string(category) + ".example");
      CHECK(decision.verdict == Verdict::kBlock);
      CHECK(decision.reason == Reason::kCategory);
      CHECK(decision.category == category);
    }
  }
}

TEST_CASE("the primary school's staff may do more than pupils", "[R5]") {
  for (const char* category : {"gaming", "chat", "social_networks", "music_film_download", "shopping"}) {
    INFO(category);
    CHECK(decide("staff", std::string(category) + ".example").verdict == Verdict::kAllow);
  }
  for (const char* category : {"adult", "race_hatred", "violence", "self_harm", "extremism", "drugs", "gambling"}) {
    INFO(category);
    CHECK(decide("staff", std::string(category) + ".example").verdict == Verdict::kBlock);
  }
}

TEST_CASE("illegal content is blocked for everybody in the primary school, though no group names it", "[R7]") {
  for (const std::string& group : kEverybody)
    CHECK(decide(group, "www.illegal.example").reason == Reason::kLockedClass);
}

TEST_CASE("the primary school searches safely, and YouTube is for staff", "[R9]") {
  for (const std::string& group : kEverybody) {
    INFO(group);
    CHECK(decide(group, "www.google.co.uk").target == "forcesafesearch.google.com");
    CHECK(decide(group, "duckduckgo.com").target == "safe.duckduckgo.com");
    CHECK(decide(group, "www.bing.com").target == "strict.bing.com");
    CHECK(decide(group, "www.qwant.com").reason == Reason::kNoSafeSearch);
  }
  CHECK(decide("pupils", "www.youtube.com").reason == Reason::kYouTubeBlocked);
  CHECK(decide("pupils", "youtu.be").reason == Reason::kYouTubeBlocked);
  CHECK(decide("staff", "www.youtube.com").target == "restrictmoderate.youtube.com");
  CHECK(decide("guests", "www.youtube.com").target == "restrict.youtube.com");
  CHECK(decide("none", "www.youtube.com").target == "restrict.youtube.com");
}

TEST_CASE("nobody in the primary school gets round the filter by name", "[R11]") {
  for (const std::string& group : kEverybody) {
    INFO(group);
    CHECK(decide(group, "use-application-dns.net").reason == Reason::kCanary);
    CHECK(decide(group, "_dns.resolver.arpa").reason == Reason::kCanary);
    CHECK(decide(group, "mask.icloud.com").reason == Reason::kBypassRelay);
    CHECK(decide(group, "dns.google").reason == Reason::kBypassDoh);
    CHECK(decide(group, "nordvpn.com").reason == Reason::kBypassVpn);
    CHECK(decide(group, "www.croxyproxy.com").reason == Reason::kBypassProxy);
  }
}

TEST_CASE("the primary school can be taught in", "[R8]") {
  for (const std::string& group : kEverybody) {
    for (const char* name :
         {"www.bbc.co.uk", "en.wikipedia.org", "classroom.google.com", "scratch.mit.edu", "deb.debian.org"}) {
      INFO(group << " " << name);
      CHECK(decide(group, name).verdict == Verdict::kAllow);
    }
  }
}

TEST_CASE("the primary school's pupils use encrypted sticks; staff may read others", "[R2]") {
  for (const Group& group : example().groups) {
    INFO(group.name);
    CHECK(group.plain_media == (group.name == "staff" ? PlainMedia::kReadOnly : PlainMedia::kKeepOut));
  }
}
