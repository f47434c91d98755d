#include "policy/portal.h"

#include <catch2/catch.hpp>

#include "policy/exceptions.h"
#include "tests/unit/policy/test_set.h"

using namespace caretaker;
using namespace caretaker::policy;

namespace {

constexpr std::int64_t kMinute = 60'000;
constexpr std::int64_t kNow = 10 * kPortalDayMs;

const TestSet& lists() {
  static const TestSet set({{"shopping", {"hotel.example"}}, {"adult", {"adult.example"}}, {"illegal", {"evil.example"}}});
  return set;
}

Policy school(std::int64_t minutes = 10) {
  Policy policy;
  Group pupils;
  pupils.name = "pupils";
  pupils.is_default = true;
  pupils.blocked_categories = {"adult", "shopping"};
  pupils.denied_names = {"denied.hotel.example"};
  pupils.safe_search = true;
  pupils.blocked_bypass = {Bypass::kDnsOverHttps, Bypass::kVpn, Bypass::kProxy, Bypass::kPrivateRelay};
  policy.groups = {pupils};
  policy.network.portal_minutes = minutes;
  return policy;
}

PortalDecision decide(const Policy& policy, std::string_view host, std::span<const PortalOpening> before = {},
                      std::int64_t reached = INT64_MIN / 2) {
  return decide_portal(policy, lists().view, {host, kNow, before, reached});
}

std::string_view verdict(const Policy& policy, std::string_view host) { return portal_verdict_name(decide(policy, host).verdict); }

DnsDecision with(const Policy& policy, std::string_view name, std::string_view portal) {
  return with_portal(decide_dns(policy, policy.groups[0], lists().view, name), portal, name);
}

PortalOpening opening(std::string name, std::int64_t minutes_ago, std::int64_t lasted = 10) {
  return {std::move(name), kNow - minutes_ago * kMinute, kNow - (minutes_ago - lasted) * kMinute};
}

}  // namespace

TEST_CASE("a login page whose name is blocked is opened for the policy's minutes, and without a word in the policy never", "[R10]") {
  const auto decision = decide(school(), "Login.Hotel.example");
  CHECK(decision.verdict == PortalVerdict::kOpen);
  CHECK(decision.name == "login.hotel.example");
  CHECK(decision.ms == 10 * kMinute);
  CHECK(verdict(school(0), "login.hotel.example") == "off");
  CHECK(verdict(school(0), "192.168.1.1") == "off");
}

TEST_CASE("where nothing keeps people from a login page nothing is opened or written down", "[R10]") {
  CHECK(verdict(school(), "login.cafe.example") == "no-need");
  CHECK(verdict(school(), "10.1.0.1") == "no-need");
  CHECK(verdict(school(), "192.0.2.1") == "no-need");
  CHECK(verdict(school(), "fe80::1") == "no-need");
  CHECK(verdict(school(), "fd00::1") == "no-need");
  Policy own = school();
  own.upstreams = {"192.0.2.53"};  // which are out of reach before the login
  CHECK(verdict(own, "login.cafe.example") == "open");
}

TEST_CASE("no login page opens illegal content, a way round the filter, a search engine or what the school itself has closed", "[R10][R11]") {
  CHECK(verdict(school(), "evil.example") == "closed");
  CHECK(verdict(school(), "www.evil.example") == "closed");
  CHECK(verdict(school(), "dns.google") == "closed");
  CHECK(verdict(school(), "use-application-dns.net") == "closed");
  CHECK(verdict(school(), "www.google.com") == "closed");
  CHECK(verdict(school(), "denied.hotel.example") == "closed");
}

TEST_CASE("an address far away, and what is neither name nor address, opens nothing", "[R10][R11]") {
  for (const char* far : {"203.0.113.9", "8.8.8.8", "2001:db8::1", "::1", "127.0.0.1", "172.32.0.1", "::ffff:10.0.0.1"}) {
    INFO(far);
    CHECK(verdict(school(), far) == "far-address");
  }
  for (const char* nothing : {"", "..", "a b", "1.2.3.400", "10.1", "0x7f.1", "2130706433", "a..b"}) {
    INFO(nothing);
    CHECK(verdict(school(), nothing) == "no-name");
  }
}

TEST_CASE("while the school's server is reached there is no login page", "[R10]") {
  CHECK(decide(school(), "hotel.example", {}, kNow - 30'000).verdict == PortalVerdict::kServerReached);
  CHECK(decide(school(), "hotel.example", {}, kNow - 120'000).verdict == PortalVerdict::kOpen);
}

TEST_CASE("one name at a time, three an hour and eight a day, whatever the network says", "[R10][R11]") {
  const std::vector one{opening("hotel.example", 5)};
  CHECK(decide(school(), "hotel.example", one).verdict == PortalVerdict::kAlready);
  CHECK(decide(school(), "login.hotel.example", one).verdict == PortalVerdict::kBusy);
  std::vector<PortalOpening> many{opening("a.hotel.example", 59), opening("b.hotel.example", 40)};
  CHECK(decide(school(), "hotel.example", many).verdict == PortalVerdict::kOpen);
  many.push_back(opening("hotel.example", 20));
  CHECK(decide(school(), "hotel.example", many).verdict == PortalVerdict::kTooOften);
  std::vector<PortalOpening> day;
  for (int i = 0; i < 8; ++i) day.push_back(opening("hotel.example", 1400 - i * 100));
  CHECK(decide(school(), "hotel.example", day).verdict == PortalVerdict::kTooOften);
  day.erase(day.begin());
  CHECK(decide(school(), "hotel.example", day).verdict == PortalVerdict::kOpen);
}

TEST_CASE("exactly the login page's name is open, and only as long as it leads into this network", "[R10][R11]") {
  const Policy policy = school();
  const auto open = with(policy, "login.hotel.example", "login.hotel.example");
  CHECK(open.verdict == Verdict::kAllow);
  CHECK(reason_name(open.reason) == "portal");
  CHECK(is_near_only(open));
  CHECK_FALSE(open.is_violation);
  const auto far = without_portal(open);
  CHECK(far.verdict == Verdict::kBlock);
  CHECK(far.reason == Reason::kCategory);
  CHECK(far.category == "shopping");
  CHECK(far.is_violation);
  for (const char* other : {"hotel.example", "www.login.hotel.example", "adult.example"}) {
    CHECK(with(policy, other, "login.hotel.example").verdict == Verdict::kBlock);
  }
  CHECK(with(policy, "evil.example", "evil.example").reason == Reason::kLockedClass);
  CHECK(with(policy, "dns.google", "dns.google").reason == Reason::kBypassDoh);
  CHECK(with(policy, "denied.hotel.example", "denied.hotel.example").reason == Reason::kDeniedByGroup);
  CHECK(with(policy, "www.google.com", "www.google.com").verdict == Verdict::kRewrite);
}

TEST_CASE("a login page that nothing blocks is only asked of this network, and leads anywhere", "[R10]") {
  const auto plain = with(school(), "login.cafe.example", "login.cafe.example");
  CHECK(plain.verdict == Verdict::kAllow);
  CHECK(plain.reason == Reason::kPortal);
  CHECK_FALSE(is_near_only(plain));
  CHECK(without_portal(plain).verdict == Verdict::kAllow);
}

TEST_CASE("what a login page's name leads to is judged by itself", "[R10][R11]") {
  const Policy policy = school();
  const auto open = with(policy, "hotel.example", "hotel.example");
  const auto target = [&](std::string_view name) { return decide_cname_target(open, policy, policy.groups[0], lists().view, name); };
  CHECK(target("adult.example").verdict == Verdict::kBlock);
  CHECK(target("evil.example").reason == Reason::kLockedClass);
  CHECK(target("gateway.cafe.example").verdict == Verdict::kAllow);
}

TEST_CASE("of two people's decisions on a login page the one that keeps it in this network counts, and a word against it more", "[R10]") {
  const auto plain = with(school(), "login.cafe.example", "login.cafe.example");
  auto near = with(school(), "hotel.example", "hotel.example");
  CHECK(is_near_only(stricter(plain, near)));
  CHECK(is_near_only(stricter(near, plain)));
  CHECK(stricter(near, without_portal(near)).verdict == Verdict::kBlock);
}
