#include "sync/checks.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>

using namespace caretaker;
using namespace caretaker::sync;

TEST_CASE("a refusal begins with the number of its check") {
  CHECK(refuse(Check::kNoSigner).message == "E6: signed by no key that counts here");
  CHECK(refuse(Check::kBundleVersion, "7").message == "B5: not newer than what was accepted before: 7");
  CHECK(refuse(Check::kBundleVersion).code == ErrorCode::kStale);
}

TEST_CASE("PROTOCOL.md has a row for each check, with its error, and for no other") {
  std::ifstream file(CARETAKER_SOURCE_DIR "/sync/PROTOCOL.md");
  REQUIRE(file);
  std::stringstream text;
  text << file.rdbuf();
  const std::regex row(R"(\n\| ([A-Z]\d+) \| ([a-z-]+) \|)");
  const std::string protocol = text.str();
  std::map<std::string, std::string> described;
  for (std::sregex_iterator found(protocol.begin(), protocol.end(), row), end; found != end; ++found) {
    CHECK(described.emplace((*found)[1], (*found)[2]).second);
  }
  std::map<std::string, std::string> in_code;
  for (const CheckRow& check : check_table()) in_code.emplace(check.number, error_code_name(check.code));
  CHECK(described == in_code);
}
