// Printed keys.
#include "sync/key_backup.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cctype>
#include <string>

#include "tests/unit/sync/fixture.h"

using namespace caretaker;
using namespace caretaker::sync;
using namespace caretaker::sync::test;

namespace {

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

// The same at each run: a wrong line passes its two check characters once in a thousand.
PersonKey fixed_key() {
  PersonKey key = make_person_key("head");
  key.signing = make_signing_key(SecretKey(Hash{1}));
  key.box = make_box_key(SecretKey(Hash{2}));
  return key;
}

// What is said about the lines when one is changed.
std::string with_line(std::vector<std::string> lines, std::size_t index, const std::string& line) {
  lines[index] = line;
  const auto opened = open_backup(joined(lines), "head");
  return opened ? "opened" : opened.error().message;
}

}  // namespace

TEST_CASE("a printed key gives the same keys back, however it is typed", "[R7]") {
  const PersonKey key = make_person_key("head");
  const auto lines = make_backup_lines(key);
  REQUIRE(lines.size() == kBackupLines);
  const auto same = [&](const std::string& text) {
    const auto opened = open_backup(text, "head");
    return opened && opened->holder == "head" && equal_constant_time(opened->signing.seed.view(), key.signing.seed.view()) &&
           equal_constant_time(opened->box.seed.view(), key.box.seed.view()) && opened->signing.public_key == key.signing.public_key;
  };
  CHECK(same(joined(lines)));
  std::string typed = joined(lines);
  for (char& c : typed) c = c == '0' ? 'o' : c == '1' ? 'l' : static_cast<char>(std::tolower(c));
  CHECK(same(typed));
  std::string tight = joined(lines);
  std::erase(tight, ' ');
  CHECK(same(tight));
  std::vector<std::string> shuffled(lines.rbegin(), lines.rend());
  CHECK(same("\n\r\n" + joined(shuffled) + " \n"));
}

TEST_CASE("a slip of the pen is told by its line") {
  const auto lines = make_backup_lines(fixed_key());
  std::string wrong = lines[2];
  wrong[4] = wrong[4] == 'A' ? 'B' : 'A';
  CHECK(with_line(lines, 2, wrong).starts_with("K4: not the lines of a printed key: line 3: "));
  std::string swapped = lines[4];
  std::swap(swapped[3], swapped[4]);
  if (swapped != lines[4]) CHECK(with_line(lines, 4, swapped).find("line 5") != std::string::npos);
  CHECK(with_line(lines, 6, "").find("line 7: it is missing") != std::string::npos);
  CHECK(with_line(lines, 6, lines[0]).find("line 1: it is there twice") != std::string::npos);
  CHECK(with_line(lines, 0, lines[0] + "A").starts_with("K4"));
  CHECK(with_line(lines, 0, "8" + lines[0].substr(1)).starts_with("K4"));
  CHECK(with_line(lines, 0, "1  ABCD ABCD ABCD ABC\xc3\xa9  AA").starts_with("K4"));
  CHECK(with_line(lines, 0, std::string(5000, 'A')).starts_with("K4"));
  CHECK(verdict(open_backup("", "head")) == "K4");
}

TEST_CASE("lines of two papers do not make a key") {
  auto lines = make_backup_lines(make_person_key("head"));
  const auto others = make_backup_lines(make_person_key("deputy"));
  lines[3] = others[3];
  CHECK(verdict(open_backup(joined(lines), "head")) == "K5");
}

TEST_CASE("the lines of one key are the same as a second implementation prints") {
  CHECK(make_backup_lines(fixed_key()) == std::vector<std::string>{
            "1  040G 0000 0000 0000  RE",
            "2  0000 0000 0000 0000  EK",
            "3  0000 0000 0000 0000  PA",
            "4  0000 00G0 0000 0000  VX",
            "5  0000 0000 0000 0000  7J",
            "6  0000 0000 0000 0000  JH",
            "7  0000 0000 3TFS 8RS9  3E"});
}
