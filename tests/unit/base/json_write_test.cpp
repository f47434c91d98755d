#include <catch2/catch.hpp>

#include "platform/base/json.h"

using namespace caretaker;

TEST_CASE("JSON is written in one line, keys sorted, texts escaped") {
  const Json json = Json::Object{{"b", Json::Array{1, -2, true, false, Json(), Json::Array{}, Json::Object{}}},
                                 {"a", "plain"},
                                 {"A", "quote \" backslash \\ newline \n bell \x07 delete \x7f"},
                                 {"\xc3\xa9", "caf\xc3\xa9"},
                                 {"n", std::int64_t{9'007'199'254'740'991}},
                                 {"x", 0.5}};
  CHECK(json.dump() == "{\"A\":\"quote \\\" backslash \\\\ newline \\n bell \\u0007 delete \x7f\",\"a\":\"plain\","
                       "\"b\":[1,-2,true,false,null,[],{}],\"n\":9007199254740991,\"x\":0.5,\"\xc3\xa9\":\"caf\xc3\xa9\"}");
}

TEST_CASE("what is no UTF-8 is written as what is") {
  const std::string written = Json("a\xff\x80z").dump();
  CHECK(written == "\"a\xef\xbf\xbd\xef\xbf\xbdz\"");
  CHECK(parse_json(written));
}

TEST_CASE("the line and the indented form say the same") {
  const Json json = Json::Object{{"list", Json::Array{Json::Object{{"k", "v\t"}}, 1.25, INT64_MIN, ""}}, {"", Json()}};
  const auto indented = parse_json(json.dump(2));
  REQUIRE(indented);
  CHECK(indented->dump() == json.dump());
}
