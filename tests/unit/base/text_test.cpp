#include "platform/base/text.h"

#include <catch2/catch.hpp>

using namespace caretaker;

TEST_CASE("clean text is UTF-8 that steers nothing") {
  CHECK(is_clean_text("", Lines::kOne));
  CHECK(is_clean_text("plain, caf\xc3\xa9, \xe2\x98\xb9 and \xf0\x9f\x98\x80", Lines::kOne));
  CHECK(is_clean_text("two\nlines", Lines::kMany));
  for (const char* bad : {"two\nlines", "bell\a", "escape\x1b[31m", "delete\x7f", "\xc2\x9b" "31m", "\xe2\x80\xae" "turned", "\xe2\x81\xa6", "\xe2\x80\xa8"}) {
    CHECK_FALSE(is_clean_text(bad, Lines::kOne));
  }
  // RFC 3629: cut off, alone, longer than need be, a surrogate, beyond the last.
  for (const char* bad : {"\xc3", "\x80", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff"}) {
    CHECK_FALSE(is_clean_text(bad, Lines::kMany));
  }
}

TEST_CASE("what somebody typed becomes clean text, and stays what it says") {
  CHECK(clean_text("one\r\ntwo\rthree\nfour\r") == "one\ntwo\nthree\nfour\n");
  CHECK(clean_text("a\tb\x1b[2Jc") == "a b [2Jc");
  CHECK(clean_text("caf\xc3\xa9 \xff!") == "caf\xc3\xa9 \xef\xbf\xbd!");
  CHECK(clean_text("\xe2\x80\xae" "abc") == " abc");
}
