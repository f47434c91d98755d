#include "policy/list_import.h"

#include <catch2/catch.hpp>

using namespace caretaker::policy;

namespace {

struct Parsed {
  std::vector<std::string> names;
  ListReport report;
};

Parsed parse(std::string_view text) {
  Parsed parsed;
  parsed.report = parse_list(text, [&](std::string_view name) {
    parsed.names.emplace_back(name);
    return true;
  });
  return parsed;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("plain names in every dress", "[R4]") {
  CHECK(parse("a.example\nB.Example.\n*.c.example\n.d.example\ne.example:8080\n").names ==
        Names{"a.example", "b.example", "c.example", "d.example", "e.example"});
  CHECK(parse("https://f.example/\nhttp://g.example:81\n_dmarc.h.example").names ==
        Names{"f.example", "g.example", "_dmarc.h.example"});
  CHECK(parse("\xEF\xBB\xBF" "a.example\r\n\r\n  b.example \t\r\n").names == Names{"a.example", "b.example"});
}

TEST_CASE("hosts files, with several names to a line and the machine's own names left out") {
  const auto parsed = parse(
      "127.0.0.1 localhost\n127.0.0.1\tlocalhost.localdomain\n::1 ip6-localhost ip6-loopback\n255.255.255.255 broadcasthost\n"
      "0.0.0.0 0.0.0.0\n0.0.0.0 a.example # why\n127.0.0.1\tb.example  c.example\n:: d.example\n192.168.1.9 printer.example\n");
  CHECK(parsed.names == Names{"a.example", "b.example", "c.example", "d.example"});
  CHECK(parsed.report.other_rules == 1);
  CHECK(parsed.report.bad == 0);
}

TEST_CASE("AdBlock lists give their whole-name rules and no others", "[R8]") {
  const auto parsed = parse(
      "[Adblock Plus 2.0]\n! Title: x\n||a.example^\n||b.example^$important\n||*.c.example^\n||d.example^|\n"
      "@@||good.example^\n||e.example^$third-party\n||e.example^$important,image\nf.example##.advert\ng.example#@#.advert\n"
      "||h.example/banner.gif\n||i*.example^\n/advert[0-9]+/\n|https://j.example/\n||k.example^path\n||1.2.3.4^\n*ads*\n");
  CHECK(parsed.names == Names{"a.example", "b.example", "c.example", "d.example"});
  CHECK(parsed.report.other_rules == 10);
  CHECK(parsed.report.with_path == 1);
  CHECK(parsed.report.addresses == 1);
  CHECK(parsed.report.bad == 0);
}

TEST_CASE("international names in both forms become one", "[R4]") {
  CHECK(parse("bücher.example\nxn--bcher-kva.example\nBÜCHER.example\n||bücher.example^\n0.0.0.0 bücher.example").names ==
        Names(5, "xn--bcher-kva.example"));
}

TEST_CASE("addresses and single pages are counted, never widened to something else", "[R8]") {
  const auto parsed = parse(
      "1.2.3.4\n1.2.3.0/24\nhttp://1.2.3.4:80/x\n2001:db8::1\n[2001:db8::1]:443\n"
      "a.example/page\nhttps://b.example/?q=1\nhttps://c.example/#top\n");
  CHECK(parsed.names.empty());
  CHECK(parsed.report.addresses + parsed.report.with_path == 8);
  CHECK(parsed.report.with_path >= 3);
}

TEST_CASE("comments end a line, but only where they are comments") {
  const auto parsed = parse("# x\n#a.example\na.example # y\na.example\t#y\n!z\nb.example#c\n");
  CHECK(parsed.names == Names{"a.example", "a.example"});
  CHECK(parsed.report.bad == 1);
}

TEST_CASE("bad lines are counted and the first few shown with their numbers") {
  const auto parsed = parse("good.example\nto be or not\n-..-\nlabel..twice\n\xff\xfe.example\na.example b.example\n" +
                            std::string(64, 'x') + ".example\n" + std::string(5000, 'y') + "\nlast.example");
  CHECK(parsed.names == Names{"good.example", "last.example"});
  CHECK(parsed.report.bad == 7);
  CHECK(parsed.report.lines == 9);
  REQUIRE(parsed.report.examples.size() == kBadLineExamples);
  CHECK(parsed.report.examples[0].number == 2);
  CHECK(parsed.report.examples[0].text == "to be or not");
  CHECK_FALSE(parsed.report.examples[0].why.empty());
}

TEST_CASE("a sink that has had enough ends the reading") {
  int taken = 0;
  const auto report = parse_list("a.example\nb.example\nc.example\n", [&](std::string_view) { return ++taken < 2; });
  CHECK(taken == 2);
  CHECK(report.lines == 2);
}

TEST_CASE("an empty list is a list") {
  CHECK(parse("").report.lines == 0);
  CHECK(parse("\n\n").names.empty());
}
