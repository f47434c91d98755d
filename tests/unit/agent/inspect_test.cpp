// Seeds of the fuzzers are read here as well: the packets of RFC 9001 and RFC 9369, appendix A.2 of each, among them.
#include <algorithm>
#include <catch2/catch.hpp>

#include "agent/guard_link.h"
#include "agent/inspect/inspector.h"
#include "platform/sockets.h"
#include "tests/unit/agent/guard_world.h"

using namespace caretaker;
using namespace caretaker::agent;
using platform::PacketVerdict;

namespace {

Bytes seed(const std::string& name) { return must(platform::read_file(std::string(CARETAKER_SOURCE_DIR "/tests/fuzz/corpus/") + name, 1u << 20)); }

Hello from_datagrams(const std::string& name) {
  const Bytes all = seed("quic_start/" + name);
  QuicStart start;
  Hello hello;
  for (std::size_t at = 0; at + 2 <= all.size();) {
    const std::size_t length = static_cast<std::size_t>(all[at] | all[at + 1] << 8);
    CHECK(hello.state == HelloState::kMore);
    hello = start.add(ByteView(all).subspan(at + 2, length));
    at += 2 + length;
  }
  return hello;
}

Hello from_stream(const std::string& name) { return parse_tcp_start(seed("hello/" + name)); }

std::string name_of(const Hello& hello) { return hello.state == HelloState::kName ? hello.name : "state " + std::to_string(static_cast<int>(hello.state)); }

// A ClientHello for this name in one record.
Bytes client_hello(const std::string& name) {
  const auto put = [](Bytes& out, std::size_t value, int size) {
    for (int i = size - 1; i >= 0; --i) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  };
  const auto sized = [&put](const Bytes& body, int size) {
    Bytes out;
    put(out, body.size(), size);
    out.insert(out.end(), body.begin(), body.end());
    return out;
  };
  Bytes entry{0};
  const Bytes text = sized(to_bytes(name), 2);
  entry.insert(entry.end(), text.begin(), text.end());
  Bytes extensions{0, 0};
  const Bytes list = sized(sized(entry, 2), 2);
  extensions.insert(extensions.end(), list.begin(), list.end());
  Bytes body{3, 3};
  body.insert(body.end(), 32, 7);
  for (const int byte : {0, 0, 2, 0x13, 1, 1, 0}) body.push_back(static_cast<std::uint8_t>(byte));
  const Bytes tail = sized(extensions, 2);
  body.insert(body.end(), tail.begin(), tail.end());
  Bytes message{1};
  const Bytes rest = sized(body, 3);
  message.insert(message.end(), rest.begin(), rest.end());
  Bytes out{22, 3, 1};
  const Bytes record = sized(message, 2);
  out.insert(out.end(), record.begin(), record.end());
  return out;
}

struct Sent {
  std::uint16_t port = 443;
  std::array<std::uint8_t, 4> to = {203, 0, 113, 9};
  std::uint16_t from_port = 40'000;
  bool udp = false;
  bool urgent = false;
  std::uint8_t hops = 64;
};

Bytes packet(const Sent& sent, std::uint32_t sequence, ByteView content) {
  Bytes out{0x45, 0, 0, 0, 0, 0, 0x40, 0, sent.hops, static_cast<std::uint8_t>(sent.udp ? 17 : 6), 0, 0, 192, 0, 2, 1};
  out.insert(out.end(), sent.to.begin(), sent.to.end());
  const auto u16 = [&out](std::size_t value) {
    out.push_back(static_cast<std::uint8_t>(value >> 8));
    out.push_back(static_cast<std::uint8_t>(value));
  };
  u16(sent.from_port);
  u16(sent.port);
  if (sent.udp) {
    u16(content.size() + 8);
    u16(0);
  } else {
    u16(sequence >> 16);
    u16(sequence & 0xffff);
    for (const int byte : {0, 0, 0, 0, 0x50, sent.urgent ? 0x38 : 0x18, 1, 0, 0, 0, 0, 0}) out.push_back(static_cast<std::uint8_t>(byte));
  }
  out.insert(out.end(), content.begin(), content.end());
  out[2] = static_cast<std::uint8_t>(out.size() >> 8);
  out[3] = static_cast<std::uint8_t>(out.size());
  return out;
}

struct InspectWorld {
  explicit InspectWorld(const std::string& more = "") {
    const Bytes file = make_set({{"gambling", {"casino.example"}}, {"illegal", {"illegal.example"}}});
    set.emplace(folder / "set", file);
    GuardClient::FilterFile given{{FilterState::kReady, {}, kPolicyText + more}, must(platform::open_read_only(folder / "set"))};
    inspector.use(must(make_filter(std::move(given))));
  }
  // The login page of the network at hand is open.
  void open_portal(const std::string& name) {
    GuardClient::FilterFile given{{FilterState::kReady, {}, kPolicyText, {}, OpenPortal{name, 60'000}}, must(platform::open_read_only(folder / "set"))};
    inspector.use(must(make_filter(std::move(given))));
  }
  PacketVerdict send(const Sent& sent, std::uint32_t sequence, ByteView content, bool has_begun = false) {
    const Bytes bytes = packet(sent, sequence, content);
    return inspector.decide({1, 4242, bytes, has_begun});
  }
  PacketVerdict connect(const std::string& name) {
    Sent sent;
    sent.from_port = next_port++;
    return send(sent, 1000, client_hello(name));
  }
  struct File {
    File(const std::filesystem::path& path, ByteView bytes) { must(platform::replace_file(path, bytes, 0600)); }
  };
  TestClock clock;
  TemporaryFolder folder;
  std::optional<File> set;
  std::vector<Violation> violations;
  Inspector inspector{[this](Violation violation) { violations.push_back(std::move(violation)); }, clock};
  std::uint16_t next_port = 41'000;
};

}  // namespace

TEST_CASE("the Initial packets of RFC 9001 and RFC 9369 show their name", "[R11]") {
  CHECK(name_of(from_datagrams("rfc9001-a2")) == "example.com");
  CHECK(name_of(from_datagrams("rfc9369-a2")) == "example.com");
  CHECK(name_of(from_stream("rfc9001-client-hello")) == "example.com");
}

TEST_CASE("a QUIC hello is put together from pieces, packets and datagrams in any order", "[R11]") {
  for (const char* name : {"two-datagrams", "scrambled", "coalesced", "after-retry", "other-connection-id", "zero-rtt", "broken-first"}) {
    INFO(name);
    CHECK(name_of(from_datagrams(name)) == "example.com");
  }
  CHECK(from_datagrams("contradiction").state == HelloState::kUnreadable);
  CHECK(from_datagrams("stream-frame").state == HelloState::kUnreadable);
  for (const char* name : {"not-quic", "draft-29", "short"}) CHECK(from_datagrams(name).state == HelloState::kOther);
}

TEST_CASE("every single bit that is turned in an Initial packet closes it", "[R11]") {
  const Bytes good = seed("quic_start/rfc9001-a2");
  for (std::size_t i = 2; i < good.size(); i += 7) {
    Bytes bad = good;
    bad[i] ^= static_cast<std::uint8_t>(1u << (i % 8));
    QuicStart start;
    CHECK(start.add(ByteView(bad).subspan(2)).state != HelloState::kName);
  }
}

TEST_CASE("a TLS hello is read from any number of records and segments", "[R11]") {
  CHECK(name_of(from_stream("split-records")) == "example.com");
  const Bytes whole = seed("hello/split-records");
  for (std::size_t cut = 1; cut + 1 < whole.size(); ++cut) {
    const auto state = parse_tcp_start(ByteView(whole).first(cut)).state;
    if (state != HelloState::kMore && state != HelloState::kName) FAIL("cut at " << cut);
  }
}

TEST_CASE("what is no right hello is not read as one") {
  CHECK(from_stream("no-name").state == HelloState::kNoName);
  CHECK(from_stream("two-names").state == HelloState::kUnreadable);
  CHECK(from_stream("trailing").state == HelloState::kUnreadable);
  CHECK(from_stream("ssh").state == HelloState::kOther);
  const Hello front = from_stream("ech");
  CHECK(name_of(front) == "front.example");
  CHECK(front.has_ech);
  CHECK(parse_tcp_start(Bytes{22, 3, 1, 0, 0}).state == HelloState::kUnreadable);
  CHECK(parse_tcp_start(Bytes{22, 2}).state == HelloState::kUnreadable);
}

TEST_CASE("plain HTTP names its host, and a proxy's client the real one", "[R11]") {
  CHECK(name_of(from_stream("http")) == "www.example.com");
  CHECK(name_of(from_stream("connect")) == "www.example.com");
  CHECK(name_of(from_stream("proxied")) == "www.example.com");
  CHECK(parse_tcp_start(as_bytes("GET / HTTP/1.0\r\n\r\n")).state == HelloState::kNoName);
  CHECK(parse_tcp_start(as_bytes("GET / HTTP/1.1\r\nHost: [2001:db8::1]:80\r\n\r\n")).state == HelloState::kNoName);
  CHECK(parse_tcp_start(as_bytes("GE")).state == HelloState::kMore);
}

TEST_CASE("empty lines before a request hide nothing, as servers pass over them", "[R11]") {
  CHECK(name_of(from_stream("http-after-empty-lines")) == "www.example.com");
  CHECK(name_of(parse_tcp_start(as_bytes("\nGET / HTTP/1.1\nHost: www.example.com\n\n"))) == "www.example.com");
  CHECK(parse_tcp_start(as_bytes("\r\n\r\n")).state == HelloState::kMore);
  CHECK(parse_tcp_start(as_bytes("\r\nSSH-2.0-x\r\n")).state == HelloState::kOther);
}

TEST_CASE("what is no request on port 80 goes by the policy, outside the network at hand", "[R11]") {
  InspectWorld strict;
  InspectWorld loose("[inspection]\nunreadable = \"allow\"\n");
  const Bytes odd = to_bytes("get / HTTP/1.1\r\nHost: casino.example\r\n\r\n");
  CHECK(strict.send({80, {203, 0, 113, 9}, 40'000}, 1, odd) == PacketVerdict::kRefuse);
  CHECK(strict.send({80, {10, 0, 0, 9}, 40'001}, 1, odd) == PacketVerdict::kAccept);
  CHECK(strict.send({80, {203, 0, 113, 9}, 40'002}, 1, as_bytes("PROPFIND / HTTP/1.1\r\nHost: fine.example\r\n\r\n")) == PacketVerdict::kAccept);
  CHECK(loose.send({80, {203, 0, 113, 9}, 40'003}, 1, odd) == PacketVerdict::kAccept);
}

// The server reads "casino.example" where the stream that we put together has a byte more.
TEST_CASE("a beginning with urgent data is not readable", "[R11]") {
  InspectWorld world;
  const Sent plain{80}, urgent{80, {203, 0, 113, 9}, 40'000, false, true};
  CHECK(world.send(plain, 1, as_bytes("GET / HTTP/1.1\r\nHost: ")) == PacketVerdict::kBegun);
  CHECK(world.send(urgent, 24, as_bytes("xcasino.example\r\n\r\n")) == PacketVerdict::kRefuse);
  REQUIRE(world.violations.size() == 1);
  CHECK(world.violations[0].reason == policy::Reason::kNoReadableName);
}

// The packet dies on the way, and the server reads what is sent in its place.
TEST_CASE("a beginning that goes a few hops and no further is not readable, but for things near by", "[R11]") {
  InspectWorld world;
  const ByteView fine = as_bytes("GET / HTTP/1.1\r\nHost: fine.example\r\n\r\n");
  const Sent short_way{80, {203, 0, 113, 9}, 40'000, false, false, 1}, near{80, {192, 168, 1, 1}, 40'001, false, false, 1};
  CHECK(world.send(short_way, 1, fine) == PacketVerdict::kRefuse);
  REQUIRE(world.violations.size() == 1);
  CHECK(world.violations[0].reason == policy::Reason::kNoReadableName);
  CHECK(world.violations[0].name == "9.113.0.203.in-addr.arpa");  // all of the address, so that somebody can look what it is
  CHECK(world.send(near, 1, fine) == PacketVerdict::kAccept);
}

TEST_CASE("packets are taken apart down to their content, and broken ones are nothing") {
  const Bytes whole = seed("ip_packet/tcp-hello"), optioned = seed("ip_packet/v6-with-options");
  const auto tcp = parse_ip_packet(whole);
  REQUIRE(tcp);
  CHECK(platform::to_text(tcp->to) == "192.0.2.2:443");
  CHECK(name_of(parse_tcp_start(tcp->content)) == "www.example.com");
  const auto v6 = parse_ip_packet(optioned);
  REQUIRE(v6);
  CHECK(v6->to.is_v6);
  CHECK(as_text(v6->content) == "GET");
  CHECK_FALSE(parse_ip_packet(seed("ip_packet/fragment")));
  for (std::size_t cut = 0; cut < 40; ++cut) CHECK_FALSE(parse_ip_packet(ByteView(whole).first(cut)));
}

TEST_CASE("a connection that never asked the DNS is refused by its name, and told of", "[R11]") {
  InspectWorld world;
  CHECK(world.connect("harmless.example") == PacketVerdict::kAccept);
  CHECK(world.violations.empty());
  CHECK(world.connect("WWW.Casino.example") == PacketVerdict::kRefuse);
  REQUIRE(world.violations.size() == 1);
  CHECK(world.violations[0].name == "casino.example");
  CHECK(world.violations[0].reason == policy::Reason::kCategory);
  CHECK_FALSE(world.violations[0].uid);  // nobody of this machine's people has this uid
}

TEST_CASE("a hello in several packets passes until it is whole, and is refused then", "[R11]") {
  InspectWorld world;
  const Bytes hello = client_hello("casino.example");
  const Sent sent;
  const std::uint32_t first = 0xffffffe0;  // numbers that wrap
  constexpr std::size_t kPiece = 4;
  for (std::size_t at = 0; at < hello.size(); at += kPiece) {
    const std::size_t size = std::min(kPiece, hello.size() - at);
    const bool whole = at + size == hello.size();
    const auto verdict = world.send(sent, first + static_cast<std::uint32_t>(at), ByteView(hello).subspan(at, size));
    CHECK(verdict == (whole ? PacketVerdict::kRefuse : PacketVerdict::kBegun));
    // The same again, as after a loss: nothing new.
    if (!whole) CHECK(world.send(sent, first, ByteView(hello).first(at + size)) == PacketVerdict::kBegun);
  }
  CHECK(world.violations.size() == 1);
}

TEST_CASE("hundreds of packets without a whole hello are no beginning of anything", "[R11]") {
  InspectWorld world;
  const Bytes hello = client_hello(std::string(200, 'a') + ".example");
  for (std::size_t at = 0; at < 64; ++at) {
    CHECK(world.send({}, static_cast<std::uint32_t>(at), ByteView(hello).subspan(at, 1)) == PacketVerdict::kBegun);
  }
  for (std::size_t at = 64; at < 67; ++at) {
    const auto verdict = world.send({}, static_cast<std::uint32_t>(at), ByteView(hello).subspan(at, 1));
    if (verdict != PacketVerdict::kBegun) {
      CHECK(verdict == PacketVerdict::kRefuse);
      return;
    }
  }
  FAIL("never decided");
}

TEST_CASE("a hello with a hole in it is not read, and what cannot be read goes by the policy", "[R11]") {
  InspectWorld strict;
  InspectWorld loose("[inspection]\nunreadable = \"allow\"\n");
  const Bytes hello = client_hello("harmless.example");
  for (InspectWorld* world : {&strict, &loose}) {
    const auto refused = world == &strict ? PacketVerdict::kRefuse : PacketVerdict::kAccept;
    CHECK(world->send({}, 1, ByteView(hello).first(20)) == PacketVerdict::kBegun);
    CHECK(world->send({}, 31, ByteView(hello).subspan(30)) == refused);
    CHECK(world->send({443, {203, 0, 113, 9}, 40'001}, 1, as_bytes("SSH-2.0-x\r\n")) == refused);
    CHECK(world->send({443, {203, 0, 113, 9}, 40'002}, 1, seed("hello/no-name")) == refused);
    CHECK(world->send({443, {10, 0, 0, 9}, 40'003}, 1, seed("hello/no-name")) == PacketVerdict::kAccept);  // a printer's page
    CHECK(world->send({22, {203, 0, 113, 9}, 40'004}, 1, as_bytes("SSH-2.0-x\r\n")) == PacketVerdict::kAccept);
    CHECK(world->send({443, {203, 0, 113, 9}, 40'005, true}, 0, as_bytes("not QUIC at all")) == refused);
  }
  REQUIRE(strict.violations.size() > 0);
  CHECK(strict.violations[0].reason == policy::Reason::kNoReadableName);
  CHECK(loose.violations.empty());
}

TEST_CASE("a login page's name is taken in this network, and refused on the way out of it", "[R10][R11]") {
  InspectWorld world;
  world.clock.time = system_clock().monotonic_ms() / 1000;  // what a filter's end is counted from
  const Bytes hello = client_hello("casino.example");
  CHECK(world.send({443, {10, 1, 0, 1}, 40'000}, 1, hello) == PacketVerdict::kRefuse);
  world.open_portal("casino.example");
  CHECK(world.send({443, {10, 1, 0, 1}, 40'001}, 1, hello) == PacketVerdict::kAccept);
  CHECK(world.send({443, {203, 0, 113, 9}, 40'002}, 1, hello) == PacketVerdict::kRefuse);
  CHECK(world.send({443, {10, 1, 0, 1}, 40'003}, 1, client_hello("www.casino.example")) == PacketVerdict::kRefuse);
  world.clock.apart += 120'000;
  CHECK(world.send({443, {10, 1, 0, 1}, 40'004}, 1, hello) == PacketVerdict::kRefuse);
}

TEST_CASE("QUIC is refused by name, on any port", "[R11]") {
  InspectWorld world("[groups.quic]\nusers = [\"nobody-at-all\"]\nblocked_categories = []\n");
  const Bytes all = seed("quic_start/rfc9001-a2");
  const ByteView initial = ByteView(all).subspan(2);
  CHECK(world.send({443, {203, 0, 113, 9}, 40'000, true}, 0, initial) == PacketVerdict::kAccept);
  const Bytes file = make_set({{"gambling", {"example.com"}}, {"illegal", {"illegal.example"}}});
  must(platform::replace_file(world.folder / "other", file, 0600));
  world.inspector.use(must(make_filter({{FilterState::kReady, {}, kPolicyText}, must(platform::open_read_only(world.folder / "other"))})));
  CHECK(world.send({443, {203, 0, 113, 9}, 40'001, true}, 0, initial) == PacketVerdict::kRefuse);
  CHECK(world.send({8443, {203, 0, 113, 9}, 40'002, true}, 0, initial) == PacketVerdict::kRefuse);
}

TEST_CASE("datagrams of something else are left alone after some", "[R11]") {
  InspectWorld world;
  const Sent call{5000, {203, 0, 113, 9}, 40'000, true};
  CHECK(world.send(call, 0, as_bytes("voice")) == PacketVerdict::kPass);
  CHECK(world.send(call, 0, as_bytes("voice")) == PacketVerdict::kPass);
  CHECK(world.send(call, 0, as_bytes("voice")) == PacketVerdict::kAccept);
}

TEST_CASE("the rest of a hello whose beginning has been forgotten is not read as something of its own", "[R11]") {
  InspectWorld world;
  const Bytes hello = client_hello("casino.example");
  const Sent sent{8443};
  CHECK(world.send(sent, 1, ByteView(hello).first(20)) == PacketVerdict::kBegun);
  world.clock.apart += 60'000;
  CHECK(world.send(sent, 21, ByteView(hello).subspan(20), true) == PacketVerdict::kRefuse);
  CHECK(world.violations.at(0).reason == policy::Reason::kNoReadableName);
  // As after a restart; what looks like a whole hello as well.
  const Sent another{443, {203, 0, 113, 9}, 40'001};
  CHECK(world.send(another, 1, client_hello("harmless.example"), true) == PacketVerdict::kRefuse);
  const Sent talk{5000, {203, 0, 113, 9}, 40'002, true};
  CHECK(world.send(talk, 0, as_bytes("voice"), true) == PacketVerdict::kRefuse);
}

TEST_CASE("what was held while its connection was judged goes the way of it, and is told of once", "[R11]") {
  InspectWorld world;
  const Bytes good = client_hello("harmless.example"), bad = client_hello("casino.example");
  CHECK(world.send({}, 1, good) == PacketVerdict::kAccept);
  CHECK(world.send({}, 1 + static_cast<std::uint32_t>(good.size()), as_bytes("more of the same")) == PacketVerdict::kAccept);
  CHECK(world.send({}, 1, good) == PacketVerdict::kAccept);  // once more, as after a loss
  CHECK(world.violations.empty());
  const Sent other{443, {203, 0, 113, 9}, 40'001};
  CHECK(world.send(other, 1, bad) == PacketVerdict::kRefuse);
  CHECK(world.send(other, 1 + static_cast<std::uint32_t>(bad.size()), as_bytes("more of the same")) == PacketVerdict::kRefuse);
  CHECK(world.violations.size() == 1);
  world.clock.apart += 60'000;
  CHECK(world.send({}, 1, bad) == PacketVerdict::kRefuse);  // nothing is known of it any more
}

TEST_CASE("another connection between the same ends is judged anew, whether the kernel has another number for it or not", "[R11]") {
  InspectWorld world;
  const Bytes good = client_hello("harmless.example"), bad = client_hello("casino.example");
  CHECK(world.send({}, 1, good) == PacketVerdict::kAccept);
  const Bytes elsewhere = packet({}, 1, bad);
  CHECK(world.inspector.decide({1, 4242, elsewhere, false, 77}) == PacketVerdict::kRefuse);
  Bytes first = packet({}, 9000, {});
  first[20 + 13] = 0x02;  // SYN
  CHECK(world.inspector.decide({1, 4242, first}) == PacketVerdict::kPass);
  CHECK(world.send({}, 9001, bad) == PacketVerdict::kRefuse);
  const Sent other{443, {203, 0, 113, 9}, 40'001};
  CHECK(world.send(other, 1, good) == PacketVerdict::kAccept);
  CHECK(world.send(other, 20'000, bad) == PacketVerdict::kRefuse);  // it joins on to nothing
}

TEST_CASE("the middle of a QUIC connection is refused, and accuses nobody", "[R11]") {
  InspectWorld world;
  const Sent sent{443, {203, 0, 113, 9}, 40'000, true};
  CHECK(world.send(sent, 0, as_bytes("\x5a its connection's number and what nobody can read")) == PacketVerdict::kRefuse);
  CHECK(world.violations.empty());
}

TEST_CASE("what comes between the parts of a QUIC hello does not hide the rest", "[R11]") {
  InspectWorld world;
  const Bytes all = seed("quic_start/two-datagrams");
  const std::size_t length = static_cast<std::size_t>(all[0] | all[1] << 8);
  const Sent sent{8443, {203, 0, 113, 9}, 40'000, true};
  CHECK(world.send(sent, 0, ByteView(all).subspan(2, length)) == PacketVerdict::kBegun);
  for (int more = 0; more < 3; ++more) CHECK(world.send(sent, 0, as_bytes("voice"), true) == PacketVerdict::kBegun);
  CHECK(world.send(sent, 0, ByteView(all).subspan(2 + length + 2), true) == PacketVerdict::kAccept);  // and its name is read
}

TEST_CASE("any number of connections that never say a name takes bounded room") {
  InspectWorld world;
  for (std::uint32_t i = 0; i < 5000; ++i) {
    Sent sent;
    sent.from_port = static_cast<std::uint16_t>(i);
    CHECK(world.send(sent, 1, Bytes{22}) == PacketVerdict::kBegun);
  }
  CHECK(world.connect("casino.example") == PacketVerdict::kRefuse);
}

TEST_CASE("without a filter nothing goes out", "[R11]") {
  TestClock clock;
  Inspector inspector([](const Violation&) {}, clock);
  const Bytes bytes = packet({}, 1, client_hello("casino.example"));
  CHECK(inspector.decide({1, 1001, bytes}) == PacketVerdict::kRefuse);
}
