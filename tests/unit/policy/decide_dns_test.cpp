#include "policy/decide_dns.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>

#include "policy/bypass.h"
#include "policy/local_names.h"
#include "policy/safe_search.h"
#include "tests/unit/policy/test_set.h"

using namespace caretaker;
using namespace caretaker::policy;

namespace {

const TestSet& lists() {
  static const TestSet set({{"adult", {"adult.example", "google.com", "both.example"}},
                            {"gambling", {"bet.example", "both.example", "good.bad.example"}},
                            {"chat", {"bad.example", "www.youtube.com"}},
                            {"illegal", {"evil.example", "very.bad.example", "internal.evil.test"}}});
  return set;
}

Group pupils() {
  Group group;
  group.name = "pupils";
  group.blocked_categories = {"adult", "gambling", "chat"};
  group.youtube = YouTube::kStrict;
  group.blocked_bypass = {Bypass::kDnsOverHttps, Bypass::kVpn, Bypass::kProxy, Bypass::kPrivateRelay};
  return group;
}

Group open_group() {
  Group group;
  group.safe_search = false;
  group.youtube = YouTube::kOff;
  return group;
}

Policy with_zone(const std::string& zone) {
  Policy policy;
  policy.forwarded_zones = {{"test", {"192.0.2.1"}}, {zone, {"192.0.2.2"}}};
  return policy;
}

DnsDecision decide(const Group& group, std::string_view name) {
  return decide_dns(Policy{}, group, lists().view, name);
}
std::string_view why(const Group& group, std::string_view name) {
  return reason_name(decide(group, name).reason);
}

}  // namespace

TEST_CASE("a name in no list is allowed and leaves no record") {
  const DnsDecision decision = decide(pupils(), "example.com");
  CHECK(decision.verdict == Verdict::kAllow);
  CHECK(decision.reason == Reason::kNotListed);
  CHECK_FALSE(decision.is_violation);
}

TEST_CASE("a listed name blocks itself and everything under it, for the groups that may not open its category",
          "[R4][R5]") {
  for (const char* name : {"adult.example", "www.adult.example", "a.b.c.adult.example"}) {
    const DnsDecision decision = decide(pupils(), name);
    CHECK(decision.verdict == Verdict::kBlock);
    CHECK(decision.reason == Reason::kCategory);
    CHECK(decision.category == "adult");
    CHECK(decision.rule == "adult.example");
    CHECK(decision.is_violation);
  }
  CHECK(why(pupils(), "notadult.example") == "not-listed");
  CHECK(why(pupils(), "example") == "not-listed");
  CHECK(why(open_group(), "adult.example") == "not-listed");
  Group only_gambling = open_group();
  only_gambling.blocked_categories = {"gambling"};
  CHECK(decide(only_gambling, "both.example").category == "gambling");
  CHECK(decide(only_gambling, "sub.good.bad.example").rule == "good.bad.example");
}

TEST_CASE("nothing lets the locked class through", "[R7]") {
  Group group = open_group();
  group.allowed_names = {"evil.example", "www.evil.example", "example", "internal.evil.test"};
  for (const char* name : {"evil.example", "www.evil.example", "very.bad.example", "a.very.bad.example"}) {
    INFO(name);
    const DnsDecision decision = decide(group, name);
    CHECK(decision.reason == Reason::kLockedClass);
    CHECK(decision.category == "illegal");
    CHECK(decision.verdict == Verdict::kBlock);
    CHECK(decision.is_violation);
  }
  const Policy policy = with_zone("internal.evil.test");
  CHECK(decide_dns(policy, group, lists().view, "internal.evil.test").reason == Reason::kLockedClass);
  CHECK(decide(pupils(), "a.very.bad.example").reason ==
        Reason::kLockedClass);  // though a parent is in another category
}

TEST_CASE("own rules: the most specific wins, on a tie deny", "[R5][R8]") {
  Group group = pupils();
  group.allowed_names = {"adult.example", "deep.denied.example", "tie.example"};
  group.denied_names = {"pictures.adult.example", "denied.example", "tie.example"};
  const std::map<std::string, std::string_view> expected = {
      {"adult.example", "allowed-by-group"},
      {"www.adult.example", "allowed-by-group"},
      {"pictures.adult.example", "denied-by-group"},
      {"a.pictures.adult.example", "denied-by-group"},
      {"denied.example", "denied-by-group"},
      {"www.denied.example", "denied-by-group"},
      {"deep.denied.example", "allowed-by-group"},
      {"tie.example", "denied-by-group"},
      {"bet.example", "category"},
  };
  for (const auto& [name, reason] : expected) {
    INFO(name);
    CHECK(why(group, name) == reason);
  }
  CHECK(decide(group, "a.pictures.adult.example").rule == "pictures.adult.example");
}

TEST_CASE("each engine with a safe twin is answered with it", "[R9]") {
  const std::map<std::string, std::string> expected = {
      {"www.google.com", "forcesafesearch.google.com"},
      {"www.google.co.uk", "forcesafesearch.google.com"},
      {"www.google.de", "forcesafesearch.google.com"},
      {"www.google.com.br", "forcesafesearch.google.com"},
      {"www.google.cat", "forcesafesearch.google.com"},
      {"www.bing.com", "strict.bing.com"},
      {"edgeservices.bing.com", "strict.bing.com"},
      {"duckduckgo.com", "safe.duckduckgo.com"},
      {"www.duckduckgo.com", "safe.duckduckgo.com"},
      {"start.duckduckgo.com", "safe.duckduckgo.com"},
      {"www.ecosia.org", "strict-safe-search.ecosia.org"},
      {"pixabay.com", "safesearch.pixabay.com"},
      {"yandex.com", "familysearch.yandex.ru"},
      {"www.yandex.ru", "familysearch.yandex.ru"},
      {"search.brave.com", "forcesafe.search.brave.com"},
  };
  for (const auto& [name, target] : expected) {
    INFO(name);
    const DnsDecision decision = decide(pupils(), name);
    CHECK(decision.verdict == Verdict::kRewrite);
    CHECK(decision.reason == Reason::kSafeSearch);
    CHECK(decision.target == target);
    CHECK_FALSE(decision.is_violation);
    CHECK(decide(open_group(), name).verdict == Verdict::kAllow);
  }
}

TEST_CASE("safe search touches hosts of engines alone", "[R9][R8]") {
  Group group = pupils();
  group.blocked_categories = {};
  for (const char* name :
       {"www.google.example", "google.com.example", "docs.google.com", "www.google.co.uk.example", "xwww.google.com",
        "a.www.google.com", "wwwxgoogle.com", "news.bing.com.example", "forcesafesearch.google.com",
        "safe.duckduckgo.com", "strict.bing.com", "restrict.youtube.com", "fonts.googleapis.com"}) {
    INFO(name);
    CHECK(decide(group, name).verdict == Verdict::kAllow);
  }
}

TEST_CASE("engines without a safe mode are blocked with safe search and open without", "[R9]") {
  for (const char* name : {"qwant.com", "www.qwant.com", "startpage.com", "search.yahoo.com", "uk.search.yahoo.com",
                           "searx.be", "html.duckduckgo.com", "lite.duckduckgo.com"}) {
    INFO(name);
    CHECK(decide(pupils(), name).reason == Reason::kNoSafeSearch);
    CHECK(decide(pupils(), name).verdict == Verdict::kBlock);
    CHECK(decide(open_group(), name).verdict == Verdict::kAllow);
  }
  CHECK(why(pupils(), "mail.yahoo.com") == "not-listed");
}

TEST_CASE("an own allow opens a site and leaves its safe search in place", "[R9]") {
  Group group = pupils();
  group.allowed_names = {"google.com", "qwant.com"};
  CHECK(decide(group, "www.google.com").target == "forcesafesearch.google.com");
  CHECK(why(group, "docs.google.com") == "allowed-by-group");
  CHECK(why(group, "qwant.com") == "allowed-by-group");
  CHECK(why(pupils(), "docs.google.com") == "category");  // a dirty list
  group.denied_names = {"www.google.com"};
  CHECK(why(group, "www.google.com") == "denied-by-group");
}

TEST_CASE("YouTube has four levels", "[R5][R9]") {
  Group group = pupils();
  const auto at = [&](YouTube level, std::string_view name) {
    group.youtube = level;
    return decide(group, name);
  };
  for (const char* host : {"m.youtube.com", "youtubei.googleapis.com", "youtube.googleapis.com",
                           "www.youtube-nocookie.com", "www.youtube.com"}) {
    INFO(host);
    CHECK(at(YouTube::kStrict, host).target == "restrict.youtube.com");
    CHECK(at(YouTube::kModerate, host).target == "restrictmoderate.youtube.com");
    CHECK(at(YouTube::kBlocked, host).reason == Reason::kYouTubeBlocked);
    CHECK(at(YouTube::kBlocked, host).verdict == Verdict::kBlock);
  }
  CHECK(at(YouTube::kOff, "m.youtube.com").verdict == Verdict::kAllow);
  for (const char* name : {"youtube.com", "youtu.be", "music.youtube.com", "www.youtubekids.com"}) {
    CHECK(at(YouTube::kBlocked, name).reason == Reason::kYouTubeBlocked);
    CHECK(at(YouTube::kStrict, name).verdict == Verdict::kAllow);
  }
  CHECK(at(YouTube::kOff, "www.youtube.com").reason == Reason::kCategory);  // a list has it, nothing else speaks for it
  group.allowed_names = {"youtube.com"};
  CHECK(at(YouTube::kBlocked, "www.youtube.com").target == "restrict.youtube.com");
  CHECK(at(YouTube::kBlocked, "youtube.com").reason == Reason::kAllowedByGroup);
}

TEST_CASE("each way round the filter has its own reason and can be opened by itself", "[R11]") {
  const std::tuple<const char*, Bypass, Reason> cases[] = {
      {"dns.google", Bypass::kDnsOverHttps, Reason::kBypassDoh},
      {"mozilla.cloudflare-dns.com", Bypass::kDnsOverHttps, Reason::kBypassDoh},
      {"doh.dns.apple.com", Bypass::kDnsOverHttps, Reason::kBypassDoh},
      {"mask.icloud.com", Bypass::kPrivateRelay, Reason::kBypassRelay},
      {"mask-h2.icloud.com", Bypass::kPrivateRelay, Reason::kBypassRelay},
      {"mask-canary.icloud.com", Bypass::kPrivateRelay, Reason::kBypassRelay},
      {"api.nordvpn.com", Bypass::kVpn, Reason::kBypassVpn},
      {"engage.cloudflareclient.com", Bypass::kVpn, Reason::kBypassVpn},
      {"www.croxyproxy.com", Bypass::kProxy, Reason::kBypassProxy},
      {"example-com.translate.goog", Bypass::kProxy, Reason::kBypassProxy},
      {"www.torproject.org", Bypass::kProxy, Reason::kBypassProxy},
  };
  for (const auto& [name, kind, reason] : cases) {
    INFO(name);
    const DnsDecision decision = decide(pupils(), name);
    CHECK(decision.verdict == Verdict::kBlock);
    CHECK(decision.reason == reason);
    CHECK(decision.is_violation);
    Group group = pupils();
    group.blocked_bypass.erase(kind);
    CHECK(decide(group, name).verdict == Verdict::kAllow);
  }
  for (const char* name :
       {"www.icloud.com", "www.cloudflare.com", "google", "translate.google.com", "quad9.net", "nextdns.io"}) {
    INFO(name);
    CHECK_FALSE(find_bypass(name));
  }
}

TEST_CASE("canaries have no address for anybody and are nobody's violation", "[R11]") {
  for (const char* name :
       {"use-application-dns.net", "_dns.resolver.arpa", "resolver.arpa", "x.use-application-dns.net"}) {
    Group group = open_group();
    group.allowed_names = {"use-application-dns.net", "resolver.arpa"};
    const DnsDecision decision = decide(group, name);
    CHECK(decision.verdict == Verdict::kBlock);
    CHECK(decision.reason == Reason::kCanary);
    CHECK_FALSE(decision.is_violation);
  }
  CHECK(needs_nxdomain(Reason::kCanary));
  CHECK(needs_nxdomain(Reason::kBypassRelay));
  CHECK_FALSE(needs_nxdomain(Reason::kCategory));
}

TEST_CASE("forwarded zones go to their servers past categories and own allows, not past own denies") {
  const Policy policy = with_zone("bad.example");
  Group group = pupils();
  group.allowed_names = {"bad.example"};
  group.denied_names = {"secret.bad.example"};
  const DnsDecision decision = decide_dns(policy, group, lists().view, "good.bad.example");
  CHECK(decision.verdict == Verdict::kForward);
  REQUIRE(decision.zone == &policy.forwarded_zones[1]);
  CHECK(decide_dns(policy, group, lists().view, "bad.example").verdict == Verdict::kForward);
  CHECK(decide_dns(policy, group, lists().view, "secret.bad.example").reason == Reason::kDeniedByGroup);
  CHECK(decide_dns(policy, group, lists().view, "verybad.example").verdict == Verdict::kAllow);
  CHECK(decide_dns(policy, group, lists().view, "example").verdict == Verdict::kAllow);
  const Policy nested = with_zone("inner.test");
  CHECK(decide_dns(nested, group, lists().view, "a.inner.test").zone == &nested.forwarded_zones[1]);
  CHECK(decide_dns(nested, group, lists().view, "a.test").zone == &nested.forwarded_zones[0]);
}

TEST_CASE("a group asks the forwarded zones that it was given, and no others", "[R5]") {
  const Policy policy = with_zone("bad.example");
  Group group = pupils();
  group.forwarded_zones = NameSet{};
  CHECK(decide_dns(policy, group, lists().view, "good.bad.example").reason == Reason::kCategory);
  group.forwarded_zones = NameSet{"bad.example"};
  CHECK(decide_dns(policy, group, lists().view, "good.bad.example").verdict == Verdict::kForward);
}

TEST_CASE("local names keep working") {
  for (const char* name :
       {"printer.local", "ipv4only.arpa", "localhost", "1.0.168.192.in-addr.arpa", "4.3.2.10.in-addr.arpa",
        "1.1.31.172.in-addr.arpa", "1.0.8.e.f.ip6.arpa", "b.a.d.f.ip6.arpa", "router.home.arpa"}) {
    INFO(name);
    CHECK(why(pupils(), name) == "local-name");
  }
  for (const char* name :
       {"8.8.8.8.in-addr.arpa", "1.32.172.in-addr.arpa", "notlocal", "local.example", "210.in-addr.arpa", ""}) {
    INFO(name);
    CHECK(find_local_zone(name).empty());
  }
}

TEST_CASE("what hides behind a CNAME is judged like the name itself, but never rewritten", "[R4][R11]") {
  const Group group = pupils();
  const DnsDecision plain = decide(group, "example.com");
  const auto target = [&](const DnsDecision& question, std::string_view name) {
    return decide_cname_target(question, group, lists().view, name);
  };
  CHECK(target(plain, "cdn.adult.example").reason == Reason::kCategory);
  CHECK(target(plain, "evil.example").reason == Reason::kLockedClass);
  CHECK(target(plain, "api.nordvpn.com").reason == Reason::kBypassVpn);
  CHECK(target(plain, "www.google.de").verdict == Verdict::kAllow);
  CHECK(target(plain, "cdn.example.com").reason == Reason::kNotListed);
  Group own = group;
  own.allowed_names = {"cdn.adult.example"};
  own.denied_names = {"tracker.example"};
  CHECK(decide_cname_target(plain, own, lists().view, "cdn.adult.example").verdict == Verdict::kAllow);
  CHECK(decide_cname_target(plain, own, lists().view, "a.tracker.example").reason == Reason::kDeniedByGroup);
}

TEST_CASE("an own allow, a forwarded zone and a rewrite cover where they lead, but for the locked class",
          "[R7][R8][R9]") {
  Group group = pupils();
  group.allowed_names = {"lesson.example"};
  const Policy policy = with_zone("internal.example");
  for (const char* name : {"lesson.example", "a.internal.example", "www.google.com"}) {
    INFO(name);
    const DnsDecision question = decide_dns(policy, group, lists().view, name);
    CHECK(decide_cname_target(question, group, lists().view, "forcesafesearch.google.com").verdict == Verdict::kAllow);
    CHECK(decide_cname_target(question, group, lists().view, "adult.example").verdict == Verdict::kAllow);
    CHECK(decide_cname_target(question, group, lists().view, "x.evil.example").reason == Reason::kLockedClass);
  }
  const DnsDecision blocked = decide(group, "bet.example");
  CHECK(decide_cname_target(blocked, group, lists().view, "example.com").verdict == Verdict::kBlock);
}

TEST_CASE("of two people's decisions the stricter one counts") {
  Group moderate = open_group();
  moderate.youtube = YouTube::kModerate;
  Group blocked = open_group();
  blocked.youtube = YouTube::kBlocked;
  const Group groups[] = {open_group(), moderate, pupils(), blocked};  // ever stricter about m.youtube.com
  for (std::size_t i = 0; i < std::size(groups); ++i) {
    for (std::size_t j = 0; j < std::size(groups); ++j) {
      const DnsDecision a = decide(groups[i], "m.youtube.com");
      const DnsDecision b = decide(groups[j], "m.youtube.com");
      CHECK(&stricter(a, b) == (j > i ? &b : &a));
    }
  }
  DnsDecision nothing;  // no policy at all
  const DnsDecision allowed = decide(open_group(), "example.com");
  CHECK(stricter(allowed, nothing).verdict == Verdict::kBlock);
}

TEST_CASE("every reason has a name of its own") {
  std::set<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(kLastReason); ++i) names.insert(reason_name(static_cast<Reason>(i)));
  CHECK(names.size() == static_cast<std::size_t>(kLastReason) + 1);
}

TEST_CASE("where the lists are damaged a name is blocked, by what nobody knows, and is no violation", "[R4]") {
  Policy policy = with_zone("school.example");
  Group group = pupils();
  group.allowed_names = {"allowed.example"};
  group.denied_names = {"denied.example"};
  const Bytes& file = lists().bytes;
  bool broken = false;
  const auto set = SetView::open(file, [&](std::uint64_t offset, std::span<std::uint8_t> into) -> Status {
    if (broken) return make_error(ErrorCode::kUnavailable, "a bad sector");
    std::copy_n(file.begin() + static_cast<std::ptrdiff_t>(offset), into.size(), into.begin());
    return ok();
  });
  REQUIRE(set);
  broken = true;
  set->look_again();
  // The locked class may stand there, which no rule of the school's own opens.
  for (const char* name : {"www.example.org", "bet.example", "evil.example", "a.allowed.example", "www.school.example", "www.google.com"}) {
    const auto decision = decide_dns(policy, group, *set, name);
    CHECK(decision.verdict == Verdict::kBlock);
    CHECK(decision.reason == Reason::kListsDamaged);
    CHECK_FALSE(decision.is_violation);
    CHECK(decide_cname_target(decide(pupils(), "example.com"), group, *set, name).reason == Reason::kListsDamaged);
  }
  CHECK(decide_dns(policy, group, *set, "www.denied.example").reason == Reason::kDeniedByGroup);
  CHECK(decide_dns(policy, group, *set, "use-application-dns.net").reason == Reason::kCanary);
  CHECK(decide_dns(policy, group, *set, "com").reason == Reason::kNotListed);  // no list has a public suffix
  broken = false;
  set->look_again();
  CHECK(decide_dns(policy, group, *set, "www.example.org").verdict == Verdict::kAllow);
}
