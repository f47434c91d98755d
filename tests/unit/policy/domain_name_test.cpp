#include "policy/domain_name.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>

using namespace caretaker;
using namespace caretaker::policy;

namespace {

std::string normalised(std::string_view text) {
  const auto name = normalise_name(text);
  return name ? *name : "error";
}

std::string shared_folder() {
  const char* set = std::getenv("CARETAKER_SHARED");
  return set != nullptr ? set : CARETAKER_SOURCE_DIR "/../shared";
}

}  // namespace

TEST_CASE("a name becomes lower-case A-labels without the final dot") {
  CHECK(normalised("Example.COM") == "example.com");
  CHECK(normalised("example.com.") == "example.com");
  CHECK(normalised("_dns.Resolver.arpa") == "_dns.resolver.arpa");
  CHECK(normalised("a-b.1.c") == "a-b.1.c");
  CHECK(normalised("localhost") == "localhost");
}

TEST_CASE("an international name is the same in both forms and in either case", "[R4]") {
  CHECK(normalised("bücher.example") == "xn--bcher-kva.example");
  CHECK(normalised("BÜCHER.example") == "xn--bcher-kva.example");
  CHECK(normalised("XN--BCHER-KVA.example") == "xn--bcher-kva.example");
  CHECK(normalised("faß.example") == "xn--fa-hia.example");       // IDNA 2008 keeps the sharp s
  CHECK(normalised("例え。テスト") == "xn--r8jz45g.xn--zckzah");  // the ideographic full stop is a dot
  CHECK(normalised("ｅｘａｍｐｌｅ.com") == "example.com");       // full-width letters
}

TEST_CASE("what is no name is refused with a reason") {
  for (const char* bad : {"", ".", "..", ".com", "a..b", "a.b..", "two words.example", "a/b.example", "*.example.com",
                          "http://example.com", "a\x01.example", "\xff\xfe.example", "é\xcc.example", "a@b.example"}) {
    INFO(bad);
    const auto name = normalise_name(bad);
    REQUIRE_FALSE(name);
    CHECK(name.error().code == ErrorCode::kInvalidInput);
    CHECK_FALSE(name.error().message.empty());
  }
  CHECK_FALSE(normalise_name(std::string_view("a\0b.example", 11)));
  CHECK_FALSE(normalise_name(std::string_view("\xc3\xa9\0b.example", 12)));
}

TEST_CASE("names and labels have their DNS lengths (RFC 1035 section 2.3.4)") {
  const std::string label63(63, 'a');
  CHECK(normalise_name(label63 + ".example"));
  CHECK_FALSE(normalise_name(label63 + "a.example"));
  const std::string name253 = label63 + "." + label63 + "." + label63 + "." + std::string(61, 'b');
  REQUIRE(name253.size() == 253);
  CHECK(normalise_name(name253));
  CHECK(normalise_name(name253 + "."));
  CHECK_FALSE(normalise_name(name253 + "b"));
  CHECK_FALSE(normalise_name(std::string(100000, 'a')));
}

TEST_CASE("people see an international name as it is written") {
  CHECK(display_name("xn--bcher-kva.example") == "bücher.example");
  CHECK(display_name("example.com") == "example.com");
  CHECK(display_name("xn--.example") == "xn--.example");
}

TEST_CASE("suffixes of a name run from the whole to the last label, until told to stop") {
  std::vector<std::string> seen;
  for_each_suffix("a.b.c", [&](std::string_view suffix) {
    seen.emplace_back(suffix);
    return true;
  });
  CHECK(seen == std::vector<std::string>{"a.b.c", "b.c", "c"});
  seen.clear();
  for_each_suffix("a.b.c", [&](std::string_view suffix) {
    seen.emplace_back(suffix);
    return suffix != "b.c";
  });
  CHECK(seen == std::vector<std::string>{"a.b.c", "b.c"});
  for_each_suffix("", [&](std::string_view) {
    FAIL("nothing to visit");
    return true;
  });
}

TEST_CASE("public suffixes and the names registered under them", "[R8]") {
  CHECK(is_public_suffix("co.uk"));
  CHECK(is_public_suffix("com"));
  CHECK(is_public_suffix("duckdns.org"));
  CHECK_FALSE(is_public_suffix("example.co.uk"));
  CHECK(registrable_name("a.b.example.co.uk") == "example.co.uk");
  CHECK(registrable_name("co.uk") == "co.uk");
  CHECK(registrable_name("localhost") == "localhost");
  CHECK(registrable_name("x.me.duckdns.org") == "me.duckdns.org");
}

TEST_CASE("the public suffix list's own cases hold", "[R8]") {
  std::ifstream file(shared_folder() + "/vectors/publicsuffix-tests.txt");
  if (!file) {
    WARN("skipped: no vectors/publicsuffix-tests.txt in " + shared_folder());
    return;
  }
  int checked = 0;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string name, expected;
    if (line.rfind("//", 0) == 0 || !(words >> name >> expected) || name == "null") continue;
    INFO(line);
    const auto normal = normalise_name(name);
    if (!normal) {  // ".com": no name at all, hence nothing to register
      CHECK(expected == "null");
      continue;
    }
    ++checked;
    if (expected == "null") {
      CHECK(registrable_name(*normal) == *normal);
      CHECK(is_public_suffix(*normal));
    } else {
      CHECK(registrable_name(*normal) == normalised(expected));
      CHECK_FALSE(is_public_suffix(*normal));
    }
  }
  CHECK(checked > 60);
}
