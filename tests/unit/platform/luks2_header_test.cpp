#include "platform/luks2_header.h"

#include <catch2/catch.hpp>
#include <algorithm>

#include "platform/base/crypto.h"

using namespace caretaker;
using namespace caretaker::platform;

namespace {

constexpr std::size_t kSize = 16384;

void put(Bytes& into, std::size_t at, ByteView bytes) {
  std::copy(bytes.begin(), bytes.end(), into.begin() + static_cast<std::ptrdiff_t>(at));
}

Bytes header(std::string_view magic, std::size_t offset) {
  Bytes out(kSize, 0);
  put(out, 0, as_bytes(magic));
  put(out, 6, Bytes{0, 2, 0, 0, 0, 0, 0, 0, 0x40, 0});
  put(out, 72, as_bytes("sha256"));
  put(out, 256, Bytes{0, 0, 0, 0, 0, 0, static_cast<std::uint8_t>(offset >> 8), 0});
  put(out, 448, sha256(out));
  return out;
}

Bytes headers() {
  Bytes both = header("LUKS\xba\xbe", 0);
  const Bytes second = header("SKUL\xba\xbe", kSize);
  both.insert(both.end(), second.begin(), second.end());
  return both;
}

}  // namespace

TEST_CASE("two headers of LUKS 2 are sound when both are as they were written", "[R2]") {
  REQUIRE(check_luks2_headers(headers()));
  CHECK(*luks2_header_size(headers()) == kSize);
  for (const std::size_t at : {0u, 7u, 12u, 75u, 300u, 460u, 5000u, 16383u, 16384u, 16384u + 9, 16384u + 262, 16384u + 479, 32767u}) {
    Bytes changed = headers();
    changed[at] ^= 0x01;
    INFO("byte " << at);
    CHECK_FALSE(check_luks2_headers(changed));
  }
  CHECK_FALSE(check_luks2_headers(ByteView(headers()).first(2 * kSize - 1)));
  CHECK_FALSE(check_luks2_headers({}));
}

TEST_CASE("a header of LUKS 2 that claims an impossible size is refused") {
  for (const int size : {0x00, 0x80, 0xff}) {
    Bytes changed = headers();
    put(changed, 8, Bytes{static_cast<std::uint8_t>(size), 0, 0, 0, 0, 0, 0, 0});
    CHECK_FALSE(luks2_header_size(changed));
  }
}
