// Nicolas Seriot's JSONTestSuite against parse_json: y_ must be taken, n_ refused, i_ is the parser's own choice.
#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "platform/base/json.h"
#include "tests/unit/shared_data.h"

using namespace caretaker;

namespace {

// Taken by RFC 8259's grammar, refused by us on purpose: two values under one key are an error here.
const std::set<std::string> kRefusedOnPurpose = {"y_object_duplicated_key.json", "y_object_duplicated_key_and_value.json"};

// Our choices where the RFC leaves one: numbers beyond a double, whole numbers beyond 64 bits, a byte order mark and everything that is
// not UTF-8 are refused.
const std::set<std::string> kImplementationTaken = {"i_number_double_huge_neg_exp.json", "i_number_real_underflow.json",
                                                    "i_structure_500_nested_arrays.json"};

bool expected(const std::string& name) {
  if (name[0] == 'y') return !kRefusedOnPurpose.contains(name);
  return name[0] == 'i' && kImplementationTaken.contains(name);
}

}  // namespace

TEST_CASE("JSONTestSuite: what must be taken is taken, what must not is refused") {
  const std::filesystem::path folder = CARETAKER_JSON_SUITE;
  if (!std::filesystem::exists(folder)) {
    WARN("skipped: no shared/vectors/json-test-suite.tar.xz when the build was configured");
    return;
  }
  std::map<char, int> seen;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (entry.path().extension() != ".json") continue;
    ++seen[name[0]];
    INFO(name);
    const auto parsed = parse_json(tests::read_text(entry.path()), {1u << 20, 512});
    CHECK(parsed.has_value() == expected(name));
    if (parsed) CHECK(parse_json(parsed->dump(), {1u << 20, 512}));  // and what we write, we read
  }
  CHECK(seen['y'] == 95);
  CHECK(seen['n'] == 188);
  CHECK(seen['i'] == 35);
}

TEST_CASE("nothing is no JSON, and nothing hides behind a zero byte") {
  CHECK_FALSE(parse_json({}));
  CHECK_FALSE(parse_json(" "));
  CHECK_FALSE(parse_json(std::string_view("{}\0", 3)));
  CHECK_FALSE(parse_json(std::string_view("{}\0{\"a\":1}", 10)));
  CHECK(parse_json("\"\\u0000\"")->as_string()->size() == 1);
}

TEST_CASE("few bytes cannot become many values") {
  std::string many = "[0";
  for (int i = 1; i < 1000; ++i) many += ",0";
  many += "]";
  CHECK(parse_json(many, {10'000, 4, 1001}));
  CHECK(parse_json(many, {10'000, 4, 1000}).error().code == ErrorCode::kInvalidInput);
  CHECK_FALSE(parse_json("{\"a\":{\"b\":[]}}", {100, 4, 2}));
  CHECK(parse_json(R"({"a":{},"b":{},"c":{},"d":"[[,,::\",{{{{{"})", {100, 4, 5}));  // most separators for the values, and some that are none
}

TEST_CASE("the limit on depth is exact, for arrays, objects and both in turn") {
  CHECK(parse_json("[[[[]]]]", {100, 4}));
  CHECK(parse_json("[[[[0]]]]", {100, 4}));
  CHECK(parse_json("[[[[[]]]]]", {100, 4}).error().message == "nested deeper than 4");
  CHECK(parse_json(R"({"a":[{"b":[7]}]})", {100, 4}));
  CHECK_FALSE(parse_json(R"({"a":[{"b":[{}]}]})", {100, 4}));
  CHECK(parse_json("7", {100, 1}));
}
