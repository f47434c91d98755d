// What upstreams, and those who pretend to be one, can do to the DNS service.
#include "agent/net/dns_upstream.h"

#include "tests/unit/agent/running_dns.h"

using namespace caretaker;
using namespace caretaker::agent;
using namespace caretaker::agent::test;

namespace {

const Bytes kTrue{192, 0, 2, 1};
const Bytes kForged{198, 51, 100, 66};

std::string name_in(ByteView query) {
  DnsQuestion question;
  (void)read_question(query, kDnsHeader, question).value();
  return text_of(question.name);
}
Bytes good(ByteView query) { return make_answer(query, {a_record(name_in(query), kTrue)}); }
Bytes forged(ByteView query) { return make_answer(query, {a_record(name_in(query), kForged)}); }
std::vector<Bytes> honest(ByteView query, bool) { return {good(query)}; }

Bytes with_case_levelled(Bytes message) {
  for (std::size_t i = kDnsHeader; message[i] != 0; ++i) {
    if (message[i] >= 'A' && message[i] <= 'Z') message[i] = static_cast<std::uint8_t>(message[i] + 32);
  }
  return message;
}

bool has_mixed_case(ByteView query) {
  DnsQuestion question;
  (void)read_question(query, kDnsHeader, question).value();
  DnsName lower = question.name;
  make_lower_case(lower);
  return !std::equal(lower.view().begin(), lower.view().end(), question.name.view().begin());
}

bool has_edns(ByteView query) { return read_u16(query, 10) != 0; }

// A name with enough letters that all of them lower case by chance happens once in 2^40.
constexpr const char* kLongName = "abcdefghijklmnopqrst.uvwxyzabcdefghijklmn.example";

struct Scene {
  explicit Scene(std::vector<std::string> upstreams) : dns(make_filter(small_policy(std::move(upstreams)))) {}
  void check_truth(std::string_view name = kLongName) {
    const auto answer = dns.ask(name);
    CHECK(answer.code == rcode::kNoError);
    REQUIRE(answer.answers.size() == 1);
    CHECK(answer.answers[0].rdata == kTrue);
  }
  RunningDns dns;
};

}  // namespace

TEST_CASE("answers with another id, another question or of no answer's form are ignored", "[R4]") {
  FakeUpstream upstream([](ByteView query, bool) {
    auto other_id = forged(query);
    other_id[0] ^= 1;
    const auto other_name = make_answer(make_query("another.example", dns_type::kA, {.id = read_u16(query, 0)}),
                                        {a_record("another.example", kForged)});
    auto other_type = forged(query);
    other_type[kDnsHeader + name_of(name_in(query)).size + 1] ^= 1;
    auto no_answer = forged(query);
    no_answer[2] &= 0x7f;
    return std::vector<Bytes>{other_id, other_name, other_type, no_answer, Bytes(3, 0), {}, good(query)};
  });
  Scene scene({upstream.address()});
  scene.check_truth();
  CHECK(upstream.asked() == 1);
  CHECK(scene.dns.server().statistics().forged == 6);
}

TEST_CASE("an answer from another port than the one that was asked is ignored", "[R4]") {
  auto elsewhere = platform::Socket::udp_server(*platform::parse_endpoint("127.0.0.1:0", 0));
  REQUIRE(elsewhere);
  FakeUpstream* self = nullptr;
  FakeUpstream upstream([&](ByteView query, bool) {
    auto bytes = forged(query);
    const platform::Packet packet{self->last_client(), bytes};
    elsewhere->send_packets({&packet, 1});
    return std::vector<Bytes>{good(query)};
  });
  self = &upstream;
  Scene scene({upstream.address()});
  scene.check_truth();
}

TEST_CASE("letters go out in random case, and an answer in another case is not believed", "[R4]") {
  std::atomic<int> mixed{0};
  FakeUpstream upstream([&](ByteView query, bool is_tcp) {
    mixed += has_mixed_case(query) ? 1 : 0;
    if (is_tcp) return std::vector<Bytes>{good(query)};
    return std::vector<Bytes>{with_case_levelled(forged(query))};  // who forged this did not see the question
  });
  Scene scene({upstream.address()});
  scene.check_truth();
  CHECK(mixed == 2);
  CHECK(upstream.asked() == 2);
}

TEST_CASE("a server that levels case is asked without mixed case after TCP has shown that it is its own doing") {
  std::atomic<int> udp{0};
  FakeUpstream upstream([&](ByteView query, bool is_tcp) {
    udp += is_tcp ? 0 : 1;
    return std::vector<Bytes>{with_case_levelled(good(query))};
  });
  Scene scene({upstream.address()});
  scene.check_truth();
  CHECK(upstream.asked() == 3);
  scene.check_truth("another-long-name-of-letters.example");
  CHECK(upstream.asked() == 4);
}

TEST_CASE("a server that levels case and has no TCP is believed in the end") {
  FakeUpstream upstream([](ByteView query, bool) { return std::vector<Bytes>{with_case_levelled(good(query))}; }, false);
  Scene scene({upstream.address()});
  scene.check_truth();
}

TEST_CASE("under a flood of forged answers the question goes over TCP", "[R4]") {
  FakeUpstream upstream([](ByteView query, bool is_tcp) {
    if (is_tcp) return std::vector<Bytes>{good(query)};
    std::vector<Bytes> flood;
    for (int i = 1; i <= 20; ++i) {
      flood.push_back(forged(query));
      flood.back()[1] = static_cast<std::uint8_t>(flood.back()[1] + i);
    }
    flood.push_back(forged(query));  // the one that guesses right comes too late
    return flood;
  });
  Scene scene({upstream.address()});
  scene.check_truth();
}

TEST_CASE("when one server does not answer, the next is asked, and soon it is asked first") {
  FakeUpstream silent([](ByteView, bool) { return std::vector<Bytes>{}; });
  FakeUpstream upstream(honest);
  Scene scene({silent.address(), upstream.address()});
  for (const char* name : {"one.example", "two.example", "three.example", "four.example"}) scene.check_truth(name);
  CHECK(silent.asked() == 2);
  CHECK(upstream.asked() == 4);
}

TEST_CASE("a port that nobody listens on costs no waiting") {
  std::string closed;
  {
    FakeUpstream gone(honest);
    closed = gone.address();
  }
  FakeUpstream upstream(honest);
  Scene scene({closed, upstream.address()});
  const auto began = system_clock().monotonic_ms();
  scene.check_truth();
  CHECK(system_clock().monotonic_ms() - began < 400);
}

TEST_CASE("SERVFAIL, REFUSED and nonsense from one server make the next one asked") {
  for (const int kind : {0, 1, 2, 3}) {
    INFO(kind);
    FakeUpstream bad([kind](ByteView query, bool) -> std::vector<Bytes> {
      if (kind == 0) return {make_answer(query, {}, rcode::kServFail)};
      if (kind == 1) return {make_answer(query, {}, rcode::kRefused)};
      auto answer = good(query);
      if (kind == 2) answer.resize(answer.size() - 2);           // RDATA past the end
      else answer[answer.size() - 5] = 3;                        // an address of three bytes
      return {answer};
    });
    FakeUpstream upstream(honest);
    Scene scene({bad.address(), upstream.address()});
    scene.check_truth();
    CHECK(bad.asked() == 1);
  }
}

TEST_CASE("when nobody answers well it is SERVFAIL, never something unfiltered", "[R4]") {
  FakeUpstream failing([](ByteView query, bool) { return std::vector<Bytes>{make_answer(query, {}, rcode::kServFail)}; });
  Scene scene({failing.address()});
  CHECK(scene.dns.ask("www.example").code == rcode::kServFail);
  Scene nowhere({"not an address"});
  const auto answer = nowhere.dns.ask("www.example", dns_type::kA, {.edns_size = 1232});
  CHECK(answer.code == rcode::kServFail);
  CHECK(answer.extended_error == 22);
  CHECK(nowhere.dns.ask("casino.example").code == rcode::kNxDomain);
}

TEST_CASE("a truncated answer is asked for again over TCP") {
  FakeUpstream upstream([](ByteView query, bool is_tcp) {
    auto answer = is_tcp ? good(query) : make_answer(query, {});
    if (!is_tcp) answer[2] |= 0x02;
    return std::vector<Bytes>{answer};
  });
  Scene scene({upstream.address()});
  scene.check_truth();
  CHECK(upstream.asked() == 2);
}

TEST_CASE("a server that does not know EDNS is asked without it from then on") {
  for (const bool repeats_question : {true, false}) {
    FakeUpstream upstream([repeats_question](ByteView query, bool) {
      if (!has_edns(query)) return std::vector<Bytes>{good(query)};
      auto refusal = make_answer(query, {}, rcode::kFormErr);
      if (!repeats_question) {
        refusal.resize(kDnsHeader);
        refusal[5] = 0;
      }
      return std::vector<Bytes>{refusal};
    });
    Scene scene({upstream.address()});
    scene.check_truth();
    CHECK(upstream.asked() == 2);
    scene.check_truth("two.example");
    CHECK(upstream.asked() == 3);
  }
}

TEST_CASE("who asks the same at the same time shares one question to the upstream") {
  FakeUpstream upstream([](ByteView query, bool) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    return std::vector<Bytes>{good(query)};
  });
  Scene scene({upstream.address()});
  std::vector<Bytes> queries;
  for (std::uint16_t i = 0; i < 20; ++i) {
    queries.push_back(make_query(i % 2 == 0 ? "www.example" : "WWW.Example", dns_type::kA, {.id = i}));
  }
  const auto answers = scene.dns.exchange_tcp(queries, queries.size());
  REQUIRE(answers.size() == queries.size());
  for (const auto& answer : answers) CHECK(read_message(answer).answers.size() == 1);
  CHECK(upstream.asked() == 1);
}

TEST_CASE("the school's own zones are asked of their own servers, and never of others", "[R8]") {
  FakeUpstream outside([](ByteView query, bool) { return std::vector<Bytes>{forged(query)}; });
  FakeUpstream inside(honest);
  auto policy = small_policy({outside.address()});
  policy.forwarded_zones = {{"internal.school.example", {inside.address()}}};
  RunningDns dns(make_filter(policy));
  CHECK(dns.ask("files.internal.school.example").answers.at(0).rdata == kTrue);
  CHECK(dns.ask("internal.school.example").answers.at(0).rdata == kTrue);
  CHECK(dns.ask("xinternal.school.example").answers.at(0).rdata == kForged);
  CHECK(inside.asked() == 2);
  CHECK(outside.asked() == 1);
}

TEST_CASE("id and port of every question to an upstream are new") {
  std::mutex mutex;
  std::set<std::pair<int, int>> seen;
  FakeUpstream* self = nullptr;
  FakeUpstream upstream([&](ByteView query, bool) {
    const std::lock_guard lock(mutex);
    seen.insert({read_u16(query, 0), self->last_client().port});
    return std::vector<Bytes>{good(query)};
  });
  self = &upstream;
  Scene scene({upstream.address()});
  for (int i = 0; i < 50; ++i) scene.check_truth("n" + std::to_string(i) + ".example");
  std::set<int> ids, ports;
  for (const auto& [id, port] : seen) {
    ids.insert(id);
    ports.insert(port);
  }
  CHECK(ids.size() >= 45);
  CHECK(ports.size() >= 40);
}
