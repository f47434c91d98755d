// The DNS service as a client sees it, over real sockets on loopback. What upstreams do to it is in dns_upstream_test.cpp.
#include "agent/net/dns_server.h"

#include "agent/net/dns_filter.h"

#include "tests/unit/agent/running_dns.h"

using namespace caretaker;
using namespace caretaker::agent;
using namespace caretaker::agent::test;

namespace {

const Bytes kAddress{192, 0, 2, 1};
const Bytes kSafeAddress{192, 0, 2, 99};

// Every name has kAddress, but a few that lead elsewhere.
std::vector<Bytes> plain_upstream(ByteView query, bool) {
  DnsQuestion question;
  (void)read_question(query, kDnsHeader, question).value();
  const auto name = text_of(question.name);
  if (name == "cloaked.example") {
    return {make_answer(query, {cname_record(name, "a.casino.example"), a_record("a.casino.example", kAddress)})};
  }
  if (name == "deep.example") {
    return {make_answer(query, {cname_record(name, "mid.example"), cname_record("mid.example", "x.banned.example")})};
  }
  if (name == "www.allowed.example") {
    return {make_answer(query, {cname_record(name, "a.casino.example"), a_record("a.casino.example", kAddress)})};
  }
  if (name == "alias.example" || name == "service.example") {
    const std::uint8_t priority = name == "alias.example" ? 0 : 1;
    Bytes rdata{0, priority};
    const auto target = wire("svc.casino.example");
    rdata.insert(rdata.end(), target.begin(), target.end());
    return {make_answer(query, {{name, dns_type::kHttps, 300, rdata}})};
  }
  if (name == "ech.example") {
    const Bytes rdata{0, 1, 0, 0, 1, 0, 3, 2, 'h', '2', 0, 5, 0, 4, 0xde, 0xad, 0xbe, 0xef};
    return {make_answer(query, {{name, dns_type::kHttps, 300, rdata}})};
  }
  if (name.find("forcesafesearch") == 0) return {make_answer(query, {a_record(name, kSafeAddress, 4000)})};
  if (name == "big.example") {
    std::vector<FakeRecord> records;
    for (std::uint8_t i = 0; i < 100; ++i) records.push_back(a_record(name, {192, 0, 2, i}));
    return {make_answer(query, records)};
  }
  if (name == "none.example") {
    Bytes soa = wire("ns.example");
    const auto rname = wire("hostmaster.example");
    soa.insert(soa.end(), rname.begin(), rname.end());
    for (const std::uint32_t value : {1u, 3600u, 600u, 86400u, 900u}) {
      for (int shift = 24; shift >= 0; shift -= 8) soa.push_back(static_cast<std::uint8_t>(value >> shift));
    }
    return {make_answer(query, {}, rcode::kNxDomain, {{"example", dns_type::kSoa, 3600, soa}})};
  }
  if (question.type != dns_type::kA) return {make_answer(query, {{name, question.type, 300, {1, 2, 3}}})};
  return {make_answer(query, {a_record(name, kAddress, 3600)})};
}

struct Scene {
  FakeUpstream upstream{plain_upstream};
  RunningDns dns{make_filter(small_policy({upstream.address()}))};
};

}  // namespace

TEST_CASE("before the first filter every question is answered SERVFAIL, not ready", "[R4]") {
  FakeUpstream upstream(plain_upstream);
  RunningDns dns;
  for (const char* name : {"www.example", "casino.example", "use-application-dns.net"}) {
    const auto answer = dns.ask(name, dns_type::kA, {.edns_size = 1232});
    CHECK(answer.code == rcode::kServFail);
    CHECK(answer.extended_error == 14);
    CHECK(answer.answers.empty());
  }
  CHECK(dns.server().statistics().not_ready == 3);
  dns.server().set_filter(make_filter(small_policy({upstream.address()})));
  CHECK(dns.ask("www.example").code == rcode::kNoError);
}

TEST_CASE("a blocked name does not exist, for ten seconds, and the answer says why", "[R4]") {
  Scene scene;
  for (const auto type : {dns_type::kA, dns_type::kAaaa, dns_type::kHttps, dns_type::kTxt, dns_type::kAny, std::uint16_t{65400}}) {
    const auto answer = scene.dns.ask("www.casino.example", type, {.edns_size = 1232});
    CHECK(answer.code == rcode::kNxDomain);
    CHECK(answer.answers.empty());
    CHECK(answer.extended_error == 15);
    CHECK(answer.extended_text == "category: gambling");
    REQUIRE(answer.authorities.size() == 1);
    CHECK(answer.authorities[0].type == dns_type::kSoa);
    CHECK(answer.authorities[0].ttl == 10);
    const auto& rdata = answer.authorities[0].rdata;
    CHECK(read_u32(rdata, rdata.size() - 4) == 10);
  }
  CHECK(scene.upstream.asked() == 0);
  CHECK(scene.dns.ask("casino.example").has_opt == false);
  CHECK(scene.dns.ask("banned.example", dns_type::kA, {.edns_size = 1232}).extended_error == 16);
  CHECK(scene.dns.ask("use-application-dns.net", dns_type::kA, {.edns_size = 1232}).extended_error == 17);
}

TEST_CASE("a name is blocked whatever its case, and the answer repeats the question as it was asked", "[R4]") {
  Scene scene;
  const auto query = make_query("wWw.CaSiNo.eXaMpLe", dns_type::kA);
  const auto answer = scene.dns.exchange(query);
  REQUIRE(answer);
  CHECK(read_message(*answer).code == rcode::kNxDomain);
  CHECK(std::equal(query.begin() + kDnsHeader, query.end(), answer->begin() + kDnsHeader));
  const auto allowed = make_query("wWw.ExAmPlE", dns_type::kA);
  for (int i = 0; i < 2; ++i) {  // fresh, and from the cache
    const auto reply = scene.dns.exchange(allowed);
    REQUIRE(reply);
    CHECK(std::equal(allowed.begin() + kDnsHeader, allowed.end(), reply->begin() + kDnsHeader));
    CHECK(read_message(*reply).answers.at(0).rdata == kAddress);
  }
}

TEST_CASE("where the policy wants an address, blocked names have it and canaries still do not exist", "[R4]") {
  FakeUpstream upstream(plain_upstream);
  auto policy = small_policy({upstream.address()});
  policy.block_answer = policy::BlockAnswer::kAddress;
  policy.block_address_v4 = "192.0.2.55";
  policy.block_address_v6 = "2001:db8::55";
  RunningDns dns(make_filter(policy));
  const auto v4 = dns.ask("casino.example", dns_type::kA, {.edns_size = 1232});
  CHECK(v4.code == rcode::kNoError);
  REQUIRE(v4.answers.size() == 1);
  CHECK(v4.answers[0].rdata == Bytes{192, 0, 2, 55});
  CHECK(v4.answers[0].ttl == 10);
  CHECK(v4.extended_error == 15);
  CHECK(dns.ask("casino.example", dns_type::kAaaa).answers.at(0).rdata.size() == 16);
  const auto https = dns.ask("casino.example", dns_type::kHttps);
  CHECK(https.code == rcode::kNoError);
  CHECK(https.answers.empty());
  CHECK(https.authorities.size() == 1);
  CHECK(dns.ask("use-application-dns.net").code == rcode::kNxDomain);
}

TEST_CASE("safe search: the engine's name leads to its safe twin, for addresses and for HTTPS", "[R9]") {
  Scene scene;
  const auto a = scene.dns.ask("WWW.google.com", dns_type::kA, {.edns_size = 1232});
  CHECK(a.code == rcode::kNoError);
  REQUIRE(a.answers.size() == 2);
  CHECK(a.answers[0].target == "forcesafesearch.google.com");
  CHECK(a.answers[1].name == "forcesafesearch.google.com");
  CHECK(a.answers[1].rdata == kSafeAddress);
  CHECK(a.answers[0].ttl == 60);
  CHECK(a.answers[1].ttl == 60);
  const auto https = scene.dns.ask("www.google.com", dns_type::kHttps);
  REQUIRE(https.answers.size() == 1);
  CHECK(https.answers[0].target == "forcesafesearch.google.com");
  CHECK(scene.upstream.asked() == 1);
  CHECK(scene.dns.violations().empty());
}

TEST_CASE("an allowed name behind which a blocked one hides is blocked", "[R4][R11]") {
  Scene scene;
  CHECK(scene.dns.ask("cloaked.example").code == rcode::kNxDomain);
  CHECK(scene.dns.ask("cloaked.example").code == rcode::kNxDomain);  // from the cache
  const auto deep = scene.dns.ask("deep.example", dns_type::kA, {.edns_size = 1232});
  CHECK(deep.code == rcode::kNxDomain);
  CHECK(deep.extended_error == 16);
  CHECK(scene.dns.ask("alias.example", dns_type::kHttps).code == rcode::kNxDomain);
  CHECK(scene.dns.ask("service.example", dns_type::kHttps).code == rcode::kNxDomain);
  CHECK(scene.dns.ask("www.allowed.example").answers.size() == 2);
  const auto violations = scene.dns.violations();
  REQUIRE(violations.size() == 4);
  CHECK(violations[0].name == "cloaked.example");
  CHECK(violations[0].category == "gambling");
}

TEST_CASE("allowed answers live sixty seconds at most and come from the cache the second time") {
  Scene scene;
  for (int i = 0; i < 3; ++i) {
    const auto answer = scene.dns.ask("www.example");
    REQUIRE(answer.answers.size() == 1);
    CHECK(answer.answers[0].ttl == 60);
  }
  CHECK(scene.upstream.asked() == 1);
  CHECK(scene.dns.server().statistics().from_cache == 2);
  (void)scene.dns.ask("www.example", dns_type::kA, {.edns_size = 1232, .dnssec_ok = true});
  CHECK(scene.upstream.asked() == 2);  // with DO it is another question
  for (int i = 0; i < 2; ++i) {
    const auto none = scene.dns.ask("none.example");
    CHECK(none.code == rcode::kNxDomain);
    REQUIRE(none.authorities.size() == 1);
    CHECK(none.authorities[0].ttl == 60);
  }
  CHECK(scene.upstream.asked() == 3);
}

TEST_CASE("a new policy empties the cache and holds from the next question on", "[R5]") {
  Scene scene;
  CHECK(scene.dns.ask("www.example").code == rcode::kNoError);
  auto policy = small_policy({scene.upstream.address()});
  policy.groups[0].denied_names = {"www.example"};
  scene.dns.server().set_filter(make_filter(policy));
  CHECK(scene.dns.ask("www.example").code == rcode::kNxDomain);
  CHECK(scene.dns.ask("other.example").code == rcode::kNoError);
}

TEST_CASE("where the set file cannot be read, names are not answered, and nobody is said to have broken a rule", "[R4][R18]") {
  FakeUpstream upstream(plain_upstream);
  auto filter = make_filter(small_policy({upstream.address()}), [](std::uint64_t, std::span<std::uint8_t>) -> Status {
    return make_error(ErrorCode::kUnavailable, "a bad sector");
  });
  RunningDns dns(filter);
  for (const char* name : {"www.example.org", "casino.example", "banned.example"}) {
    const auto answer = dns.ask(name, dns_type::kA, {.edns_size = 1232});
    CHECK(answer.code == rcode::kServFail);
    CHECK(answer.extended_error == 14);
    CHECK(answer.extended_text == "lists-damaged");
    CHECK(answer.answers.empty());
  }
  CHECK(filter->set.has_damage());
  CHECK(upstream.asked() == 0);
  CHECK(dns.violations().empty());
  CHECK(dns.ask("use-application-dns.net", dns_type::kA, {.edns_size = 1232}).extended_error == 17);
}

TEST_CASE("the set before is let go of when a new one is in force") {
  auto first = make_filter(small_policy({"127.0.0.1:1"}));
  const std::weak_ptr<const Filter> known = first;
  RunningDns dns(std::move(first));
  CHECK(dns.ask("casino.example").code == rcode::kNxDomain);
  CHECK_FALSE(known.expired());
  dns.server().set_filter(make_filter(small_policy({"127.0.0.1:1"})));
  CHECK(dns.ask("casino.example").code == rcode::kNxDomain);
  CHECK(known.expired());
}

TEST_CASE("ech is stripped from what an upstream says", "[R11]") {
  Scene scene;
  const auto answer = scene.dns.ask("ech.example", dns_type::kHttps);
  REQUIRE(answer.answers.size() == 1);
  CHECK(answer.answers[0].rdata == Bytes{0, 1, 0, 0, 1, 0, 3, 2, 'h', '2'});
}

TEST_CASE("an answer that is too long is truncated over UDP and whole over TCP") {
  Scene scene;
  for (const auto size : std::initializer_list<std::uint16_t>{0, 512, 600, 4096}) {
    const auto query = make_query("big.example", dns_type::kA, {.edns_size = size});
    const auto raw = scene.dns.exchange(query);
    REQUIRE(raw);
    const auto answer = read_message(*raw);
    CHECK(answer.has(dns_flag::kTruncated));
    CHECK(answer.answers.empty());
    CHECK(raw->size() <= 512);
    CHECK(answer.has_opt == (size != 0));
  }
  const auto whole = scene.dns.exchange_tcp({make_query("big.example", dns_type::kA)}, 1);
  REQUIRE(whole.size() == 1);
  CHECK(read_message(whole[0]).answers.size() == 100);
}

TEST_CASE("many questions over one TCP connection are all answered") {
  Scene scene;
  std::vector<Bytes> queries;
  for (std::uint16_t i = 0; i < 50; ++i) {
    const auto name = i % 2 == 0 ? "n" + std::to_string(i) + ".example" : "n" + std::to_string(i) + ".casino.example";
    queries.push_back(make_query(name, dns_type::kA, {.id = i}));
  }
  const auto answers = scene.dns.exchange_tcp(queries, queries.size());
  REQUIRE(answers.size() == queries.size());
  std::set<int> ids;
  for (const auto& answer : answers) {
    const auto read = read_message(answer);
    ids.insert(read.header.id);
    CHECK(read.code == (read.header.id % 2 == 0 ? rcode::kNoError : rcode::kNxDomain));
  }
  CHECK(ids.size() == queries.size());
}

TEST_CASE("a TCP frame that no question can fill ends the connection") {
  Scene scene;
  CHECK(scene.dns.exchange_tcp({Bytes(5000, 'x')}, 1).empty());
  CHECK(scene.dns.exchange_tcp({Bytes(5, 'x')}, 1).empty());
  CHECK(scene.dns.ask("www.example").code == rcode::kNoError);
}

TEST_CASE("what is no question is refused by its kind, or not answered at all") {
  Scene scene;
  const auto good = make_query("www.example", dns_type::kA);
  const auto code_of = [&](Bytes query) {
    const auto answer = scene.dns.exchange(query, 2000);
    REQUIRE(answer);
    return read_message(*answer).code;
  };
  CHECK(code_of(make_query("www.example", dns_type::kA, {.flags = 0x2000})) == rcode::kNotImp);
  CHECK(code_of(make_query("www.example", dns_type::kA, {.dns_class = 3})) == rcode::kRefused);
  CHECK(code_of(make_query("www.example", 252)) == rcode::kRefused);
  CHECK(code_of(make_query("www.example", dns_type::kOpt)) == rcode::kFormErr);
  CHECK(code_of(make_query("www.example", dns_type::kA, {.edns_size = 1232, .edns_version = 1})) == rcode::kBadVers);
  auto changed = good;
  changed[5] = 2;
  CHECK(code_of(changed) == rcode::kFormErr);
  changed[5] = 0;
  CHECK(code_of(changed) == rcode::kFormErr);
  changed.resize(kDnsHeader);
  const auto header_only = scene.dns.exchange(changed);
  REQUIRE(header_only);
  CHECK(header_only->size() == kDnsHeader);  // no question to repeat
  changed = good;
  changed.resize(changed.size() - 3);
  CHECK(code_of(changed) == rcode::kFormErr);
  changed = good;
  changed.push_back(0);
  CHECK(code_of(changed) == rcode::kFormErr);
  changed = good;
  changed[11] = 1;
  CHECK(code_of(changed) == rcode::kFormErr);
  changed = good;
  changed[2] |= 0x80;
  CHECK_FALSE(scene.dns.exchange(changed, 50));  // an answer
  CHECK_FALSE(scene.dns.exchange(Bytes(11, 0), 50));
  CHECK(scene.upstream.asked() == 0);
}

TEST_CASE("any type and the strangest names are passed on and come back") {
  Scene scene;
  const auto answer = scene.dns.ask("www.example", 65280);
  REQUIRE(answer.answers.size() == 1);
  CHECK(answer.answers[0].type == 65280);
  CHECK(answer.answers[0].rdata == Bytes{1, 2, 3});
  CHECK(scene.dns.ask("", dns_type::kNs).code == rcode::kServFail);  // the upstream's NS record is no NS record
  CHECK(scene.dns.ask("a b\xff.example").code == rcode::kNoError);
  CHECK(scene.dns.ask("a b\xff.casino.example").code == rcode::kNxDomain);
}

TEST_CASE("a burst of questions for one blocked site is one violation", "[R18]") {
  Scene scene;
  for (const char* name : {"www.casino.example", "WWW.casino.example", "img.casino.example", "casino.example"}) {
    for (const auto type : {dns_type::kA, dns_type::kAaaa, dns_type::kHttps}) (void)scene.dns.ask(name, type);
  }
  (void)scene.dns.ask("banned.example");
  (void)scene.dns.ask("use-application-dns.net");
  const auto violations = scene.dns.violations();
  REQUIRE(violations.size() == 2);
  CHECK(violations[0].name == "casino.example");
  CHECK(violations[0].category == "gambling");
  CHECK(violations[0].reason == policy::Reason::kCategory);
  CHECK(violations[0].count == 1);
  CHECK(violations[1].reason == policy::Reason::kLockedClass);
  if (::getuid() == 0) CHECK_FALSE(violations[0].uid);  // root is the device, not a person
}

TEST_CASE("nobody known: of all groups the strictest decides", "[R5]") {
  FakeUpstream upstream(plain_upstream);
  auto policy = small_policy({upstream.address()});
  policy::Group staff;
  staff.name = "staff";
  staff.users = {"nobody-of-this-name"};
  staff.denied_names = {"www.example"};
  policy.groups.push_back(staff);
  RunningDns dns(make_filter(policy));
  if (::getuid() != 0) {
    WARN("skipped: only root's questions are the device's own");
    return;
  }
  CHECK(dns.ask("www.example").code == rcode::kNxDomain);
  CHECK(dns.ask("casino.example").code == rcode::kNxDomain);
  CHECK(dns.ask("other.example").code == rcode::kNoError);
}

TEST_CASE("an address that would hide who asked, or none at all, is refused at start") {
  for (const char* wrong : {"0.0.0.0:0", "[::]:0", "example.com", "127.0.0.1:x"}) {
    INFO(wrong);
    CHECK_FALSE(DnsServer::listen({wrong}, [](Violation) {}));
  }
  CHECK_FALSE(DnsServer::listen({}, [](Violation) {}));
}

TEST_CASE("a login page that is open has the addresses of this network alone, and nothing that is blocked behind it", "[R10][R11]") {
  const auto filter = make_filter(small_policy({}));
  Asker asker{filter, std::nullopt, {&filter->policy.groups[0]}, {}, "casino.example"};
  const auto open = decide(asker, "casino.example");
  REQUIRE(open.reason == policy::Reason::kPortal);
  CHECK(decide(asker, "www.casino.example").verdict == policy::Verdict::kBlock);
  CHECK(decide(asker, "banned.example").reason == policy::Reason::kLockedClass);
  const auto verdict = [&](const std::vector<FakeRecord>& records) {
    const auto answer = make_answer(make_query("casino.example", dns_type::kA), records);
    const auto forbidden = blocked_on_the_way(asker, open, name_of("casino.example"), answer);
    return forbidden ? std::string(policy::reason_name(forbidden->reason)) : "fine";
  };
  CHECK(verdict({a_record("casino.example", {10, 1, 0, 1})}) == "fine");
  CHECK(verdict({a_record("casino.example", {203, 0, 113, 1})}) == "category");
  CHECK(verdict({a_record("casino.example", {10, 1, 0, 1}), a_record("casino.example", {203, 0, 113, 1})}) == "category");
  CHECK(verdict({cname_record("casino.example", "gateway.example"), a_record("gateway.example", {192, 168, 0, 1})}) == "fine");
  CHECK(verdict({cname_record("casino.example", "banned.example"), a_record("banned.example", {192, 168, 0, 1})}) == "locked-class");
  CHECK(verdict({cname_record("casino.example", "www.casino.example")}) == "category");
  CHECK(verdict({a_record("casino.example", {0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1})}) == "fine");
  CHECK(verdict({a_record("casino.example", {0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1})}) == "category");
}

TEST_CASE("a login page ends on time, whoever was looked up before", "[R10]") {
  const auto with = make_filter(small_policy({}), nullptr, {"casino.example", 5'000});
  Askers askers;
  CHECK(decide(*askers.find(with, std::nullopt, 4'999), "casino.example").reason == policy::Reason::kPortal);
  CHECK(decide(*askers.find(with, std::nullopt, 5'000), "casino.example").verdict == policy::Verdict::kBlock);
}
