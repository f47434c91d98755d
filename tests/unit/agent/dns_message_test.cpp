#include "agent/net/dns_message.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/unit/agent/dns_packets.h"

using namespace caretaker;
using namespace caretaker::agent;
using namespace caretaker::agent::test;

namespace {

Bytes hex(std::string_view text) {
  std::string packed;
  for (const char c : text) {
    if (c != ' ' && c != '\n') packed += c;
  }
  auto bytes = parse_hex(packed);
  REQUIRE(bytes);
  return *bytes;
}

constexpr std::string_view kEmptyHeader = "0000 8000 0001 0000 0000 0000 ";

// The RDATA blocks of dnspython's generic form: "\# size ( hex ; comment )".
std::vector<Bytes> svcb_vectors() {
  const char* shared = std::getenv("CARETAKER_SHARED");
  const auto folder = shared ? std::filesystem::path(shared) : std::filesystem::path(CARETAKER_SOURCE_DIR) / "../shared";
  std::ifstream file(folder / "vectors/svcb-vectors.generic");
  std::vector<Bytes> out;
  std::string text;
  for (std::string line; std::getline(file, line);) {
    line = line.substr(0, line.find(';'));
    if (line.starts_with("\\#")) text.clear();
    else if (line.starts_with(")")) out.push_back(hex(text));
    else text += line;
  }
  return out;
}

Bytes copied(ByteView rdata, std::uint16_t type, Copied expected = Copied::kYes) {
  Bytes message(16, 0);
  message.insert(message.end(), rdata.begin(), rdata.end());
  DnsRecord record;
  record.type = type;
  record.dns_class = kClassIn;
  record.rdata_at = 16;
  record.rdata_size = static_cast<std::uint16_t>(rdata.size());
  Bytes buffer(2048);
  DnsWriter writer(buffer);
  CHECK(copy_record(message, record, 1, writer) == expected);
  return to_bytes(writer.bytes().subspan(11));  // behind owner, type, class, TTL, length
}

}  // namespace

TEST_CASE("a name is read across pointers and written with them") {
  // RFC 1035 section 4.1.4: F.ISI.ARPA at 20, FOO.F.ISI.ARPA, ARPA, root
  Bytes message(20, 0);
  const auto names = hex("01 46 03 495349 04 41525041 00  03 464f4f c014  c01a  00");
  message.insert(message.end(), names.begin(), names.end());
  DnsName name;
  CHECK(read_name(message, 20, name) == std::optional<std::size_t>(32));
  CHECK(text_of(name) == "f.isi.arpa");
  CHECK(read_name(message, 32, name) == std::optional<std::size_t>(38));
  CHECK(text_of(name) == "foo.f.isi.arpa");
  CHECK(read_name(message, 38, name) == std::optional<std::size_t>(40));
  CHECK(text_of(name) == "arpa");
  CHECK(read_name(message, 40, name) == std::optional<std::size_t>(41));
  CHECK(name.is_root());

  Bytes buffer(100);
  DnsWriter writer(buffer);
  writer.header({});
  for (const char* text : {"www.example.com", "mail.example.com", "www.example.com", "com", "example.org"}) {
    writer.name(name_of(text));
  }
  CHECK(writer.size() == 12 + 17 + 7 + 2 + 2 + 13);
  std::size_t at = 12;
  for (const char* text : {"www.example.com", "mail.example.com", "www.example.com", "com", "example.org"}) {
    const auto behind = read_name(writer.bytes(), at, name);
    REQUIRE(behind);
    CHECK(text_of(name) == text);
    at = *behind;
  }
}

TEST_CASE("no pointer leads in a circle, forwards, into the header or out of the message") {
  DnsName name;
  for (const auto& [what, at, bytes] : std::vector<std::tuple<const char*, std::size_t, std::string_view>>{
           {"to itself", 12, "c00c"},
           {"forwards", 12, "c00e 00"},
           {"in a circle", 14, "0161 c00c"},
           {"into the header", 12, "c000"},
           {"half a pointer", 12, "c0"},
           {"label past the end", 12, "05 6161"},
           {"no end", 12, "01 61"},
           {"label of an unknown kind", 12, "41 61 00"},
           {"label of an unknown kind", 12, "81 61 00"}}) {
    INFO(what);
    Bytes message(12, 0);
    const auto tail = hex(bytes);
    message.insert(message.end(), tail.begin(), tail.end());
    CHECK_FALSE(read_name(message, at, name));
  }
  CHECK_FALSE(read_name(ByteView(), 0, name));
  CHECK_FALSE(read_name(Bytes(12, 0), 12, name));
}

TEST_CASE("255 octets are a name and 256 are not") {
  for (const std::size_t last : {61u, 62u}) {
    Bytes message(12, 0);
    for (const std::size_t label : {std::size_t{63}, std::size_t{63}, std::size_t{63}, last}) {
      message.push_back(static_cast<std::uint8_t>(label));
      message.insert(message.end(), label, 'a');
    }
    message.push_back(0);
    DnsName name;
    CHECK(read_name(message, 12, name).has_value() == (last == 61));
  }
  CHECK(parse_dns_name(std::string(63, 'a') + "." + std::string(63, 'b')));
  CHECK_FALSE(parse_dns_name(std::string(64, 'a')));
  CHECK_FALSE(parse_dns_name("a..b"));
  CHECK_FALSE(parse_dns_name("a."));
  CHECK_FALSE(parse_dns_name(std::string(254, 'a')));
}

TEST_CASE("bytes that are no letters cannot pretend to be a dot or another name", "[R4]") {
  Bytes message(12, 0);
  const auto tail = hex("05 612e622000 03 434f4d 00");  // "a.b \0", "COM"
  message.insert(message.end(), tail.begin(), tail.end());
  DnsName name;
  REQUIRE(read_name(message, 12, name));
  CHECK(text_of(name) == "a\\046b\\032\\000.com");
}

TEST_CASE("the longest name of the strangest bytes fits its text form") {
  DnsName name;
  name.size = 255;
  std::fill(name.bytes.begin(), name.bytes.end(), 0xff);
  for (const std::size_t at : {0u, 64u, 128u, 192u}) name.bytes[at] = at == 192 ? 61 : 63;
  name.bytes[254] = 0;
  CHECK(text_of(name).size() == 250 * 4 + 3);
}

TEST_CASE("SVCB records of RFC 9460 pass unchanged", "[R11]") {
  const auto vectors = svcb_vectors();
  if (vectors.empty()) {
    WARN("skipped: vectors/svcb-vectors.generic is not in CARETAKER_SHARED");
    return;
  }
  CHECK(vectors.size() >= 9);
  for (const auto& rdata : vectors) {
    CHECK(copied(rdata, dns_type::kSvcb) == rdata);
    CHECK(copied(rdata, dns_type::kHttps) == rdata);
  }
}

TEST_CASE("ech, and nothing else, is taken out of SVCB and HTTPS", "[R11]") {
  // 1 . alpn=h2 port=443 ech=(4 bytes) ipv6hint=::1
  const auto with = hex("0001 00  0001 0003 026832  0003 0002 01bb  0005 0004 deadbeef  0006 0010 "
                        "00000000000000000000000000000001");
  const auto without = hex("0001 00  0001 0003 026832  0003 0002 01bb  0006 0010 00000000000000000000000000000001");
  CHECK(copied(with, dns_type::kHttps) == without);
  CHECK(copied(without, dns_type::kHttps) == without);
  // mandatory=alpn,ech becomes mandatory=alpn; mandatory=ech goes
  CHECK(copied(hex("0001 00  0000 0004 0001 0005  0001 0003 026832  0005 0001 aa"), dns_type::kHttps) ==
        hex("0001 00  0000 0002 0001  0001 0003 026832"));
  CHECK(copied(hex("0001 00  0000 0002 0005  0005 0001 aa"), dns_type::kHttps) == hex("0001 00"));
}

TEST_CASE("an SVCB record in which something could hide is malformed", "[R11]") {
  for (const std::string_view wrong : {"", "00", "0001", "0001 00 00", "0001 00 0001 0004 026832",
                                       "0001 00 0003 0002 0050 0001 0003 026832",            // not ascending
                                       "0001 00 0005 0001 aa 0005 0001 aa",                  // twice
                                       "0001 00 0000 0001 00", "0001 00 0000 0000", "0001 03 6161"}) {
    INFO(wrong);
    (void)copied(hex(wrong), dns_type::kHttps, Copied::kMalformed);
  }
}

TEST_CASE("names inside RDATA are spelt anew, and a length that lies is malformed") {
  // example.com at 12; MX 10 mail.<pointer>; NAPTR; SOA
  auto message = hex(std::string(kEmptyHeader) + "07 6578616d706c65 03 636f6d 00 000f 0001");
  const auto begin = message.size();
  const auto add = [&](std::string_view text) {
    message.resize(begin);
    const auto bytes = hex(text);
    message.insert(message.end(), bytes.begin(), bytes.end());
    DnsRecord record;
    REQUIRE(read_record(message, begin, record) == std::optional(message.size()));
    return record;
  };
  Bytes buffer(512);
  for (const auto& [text, expected] : std::vector<std::pair<std::string_view, std::string_view>>{
           {"c00c 000f 0001 00000001 0009 000a 046d61696c c00c", "000a 046d61696c076578616d706c6503636f6d00"},
           {"c00c 0021 0001 00000001 000a 000100020035 0161 c00c", "000100020035 0161076578616d706c6503636f6d00"},
           {"c00c 0023 0001 00000001 0009 00010002 0161 00 00 00", "00010002 0161 00 00 00"}}) {
    DnsWriter writer(buffer);
    writer.raw(Bytes(kDnsHeader, 0));
    REQUIRE(copy_record(message, add(text), 1, writer) == Copied::kYes);
    DnsRecord record;
    REQUIRE(read_record(writer.bytes(), kDnsHeader, record));
    Bytes target(64);
    DnsWriter spelt(target);
    const auto want = hex(expected);
    if (record.type == dns_type::kMx) {
      DnsName name;
      REQUIRE(read_name(writer.bytes(), record.rdata_at + 2, name));
      CHECK(text_of(name) == "mail.example.com");
    } else {
      CHECK(to_bytes(writer.bytes().subspan(record.rdata_at, record.rdata_size)) == want);
    }
  }
  for (const std::string_view wrong :
       {"c00c 0005 0001 00000001 0002 00 ff", "c00c 0005 0001 00000001 0003 c00c00", "c00c 0005 0001 00000001 0001 c0",
        "c00c 000f 0001 00000001 0001 00", "c00c 0006 0001 00000001 0004 c00c c00c", "c00c 0001 0001 00000001 0003 7f0000",
        "c00c 001c 0001 00000001 0004 7f000001", "c00c 0023 0001 00000001 0006 00010002 ff 61"}) {
    INFO(wrong);
    message.resize(begin);
    const auto bytes = hex(wrong);
    message.insert(message.end(), bytes.begin(), bytes.end());
    DnsRecord record;
    REQUIRE(read_record(message, begin, record));
    DnsWriter writer(buffer);
    CHECK(copy_record(message, record, 1, writer) == Copied::kMalformed);
  }
}

TEST_CASE("a writer past its end writes nothing more and says so") {
  Bytes buffer(14, 0xee);
  DnsWriter writer({buffer.data(), 13});
  writer.header({});
  writer.u16(1);
  CHECK(writer.overflowed());
  CHECK(writer.size() == 12);
  writer.u8(1);
  CHECK(writer.size() == 12);
  CHECK(buffer[12] == 0xee);
}
