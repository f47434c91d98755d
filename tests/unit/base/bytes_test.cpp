#include "platform/base/bytes.h"

#include <catch2/catch.hpp>
#include <sodium.h>

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
  CHECK(parse_base64("")->empty());
  for (const char* bad : {"=", "====", "W===", "W1==W10=", "W10=\n", "W1-_", "=W10", "W=0="}) CHECK_FALSE(parse_base64(bad));
  CHECK_FALSE(parse_base64(std::string_view("W1\0A", 4)));
  CHECK_FALSE(parse_base64("W1\xff="));
}

TEST_CASE("base64 of any length is as libsodium writes it") {
  Bytes bytes;
  for (int size = 0; size < 300; ++size) {
    std::string expected(sodium_base64_ENCODED_LEN(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
    sodium_bin2base64(expected.data(), expected.size(), bytes.data(), bytes.size(), sodium_base64_VARIANT_ORIGINAL);
    expected.pop_back();
    CHECK(to_base64(bytes) == expected);
    CHECK(*parse_base64(expected) == bytes);
    bytes.push_back(static_cast<std::uint8_t>(size * 151 + size / 7));
  }
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
