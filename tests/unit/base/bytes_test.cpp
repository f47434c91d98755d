#include "platform/base/bytes.h"

#include <catch2/catch.hpp>

using namespace caretaker;

TEST_CASE("hexadecimal goes both ways and refuses the rest") {
  CHECK(to_hex(Bytes{0x00, 0xab, 0xff}) == "00abff");
  CHECK(*parse_hex("00ABff") == Bytes{0x00, 0xab, 0xff});
  CHECK_FALSE(parse_hex("abc"));
  CHECK_FALSE(parse_hex("zz"));
  CHECK(parse_hex("")->empty());
}

TEST_CASE("base64 has one text for each value") {
  CHECK(to_base64(as_bytes("[]")) == "W10=");
  CHECK(as_text(*parse_base64("W10=")) == "[]");
  CHECK_FALSE(parse_base64("W10"));
  CHECK_FALSE(parse_base64("W11="));
  CHECK_FALSE(parse_base64("W1 0="));
}

TEST_CASE("a reader that ran out stays failed") {
  ByteWriter out;
  out.u16(7);
  out.sized("abc");
  ByteReader in(out.bytes());
  CHECK(in.u16() == 7);
  CHECK(in.text(10) == "abc");
  CHECK(in.at_end());
  CHECK(in.u32() == 0);
  CHECK_FALSE(in.ok());
  ByteReader small(out.bytes());
  small.u16();
  CHECK(small.text(2).empty());
  CHECK_FALSE(small.ok());
}
