// Google's Wycheproof vectors against our wrapping of libsodium.
#include <catch2/catch.hpp>
#include <algorithm>
#include <functional>

#include "platform/base/crypto.h"
#include "platform/base/json.h"
#include "tests/unit/shared_data.h"

using namespace caretaker;

namespace {

using Visit = std::function<void(const Json& group, const Json& test)>;

// How many tests there were; 0 where the data is not there.
int for_each_test(const std::string& file, const Visit& visit) {
  const auto path = tests::shared_file("vectors/" + file);
  if (path.empty()) {
    WARN("skipped: no shared/vectors/" + file);
    return 0;
  }
  const auto json = parse_json(tests::read_text(path), {16u << 20, 32});
  REQUIRE(json);
  int count = 0;
  for (const Json& group : **json->array_at("testGroups")) {
    for (const Json& test : **group.array_at("tests")) {
      INFO(file << " tcId " << *test.int_at("tcId") << " " << *test.string_at("comment"));
      visit(group, test);
      ++count;
    }
  }
  CHECK(count == *json->int_at("numberOfTests"));
  return count;
}

bool has_flag(const Json& test, std::string_view flag) {
  const auto& flags = **test.array_at("flags");
  return std::any_of(flags.begin(), flags.end(), [&](const Json& item) { return *item.as_string() == flag; });
}

}  // namespace

TEST_CASE("Wycheproof: Ed25519 signatures") {
  for_each_test("wycheproof-ed25519.json", [](const Json& group, const Json& test) {
    const auto key = to_array<32>(*group["publicKey"].hex_at("pk"));
    const auto signature = to_array<64>(*test.hex_at("sig"));  // a signature of another length is not one
    REQUIRE(key);
    const bool accepted = signature && verify(*key, *test.hex_at("msg"), *signature);
    CHECK(accepted == (*test.string_at("result") == "valid"));
  });
}

TEST_CASE("Wycheproof: X25519, where only shared secrets of zero are refused") {
  for_each_test("wycheproof-x25519.json", [](const Json&, const Json& test) {
    const auto secret = to_array<32>(*test.hex_at("private"));
    const auto other = to_array<32>(*test.hex_at("public"));
    REQUIRE((secret && other));
    const auto shared = x25519(SecretKey(*secret), *other);
    // What Wycheproof calls acceptable (twist points, non-canonical encodings) RFC 7748 section 5 asks to be taken; a
    // shared secret of zero it allows to be refused (section 6.1), and we do.
    CHECK(shared.has_value() == !has_flag(test, "ZeroSharedSecret"));
    if (shared) CHECK(to_hex(*shared) == *test.string_at("shared"));
  });
}

TEST_CASE("Wycheproof: XChaCha20-Poly1305") {
  for_each_test("wycheproof-xchacha20poly1305.json", [](const Json&, const Json& test) {
    const auto key_bytes = to_array<32>(*test.hex_at("key"));
    REQUIRE(key_bytes);
    const SecretKey key(*key_bytes);
    const Bytes nonce = *test.hex_at("iv"), associated = *test.hex_at("aad"), message = *test.hex_at("msg");
    Bytes sealed = *test.hex_at("ct");
    const Bytes tag = *test.hex_at("tag");
    sealed.insert(sealed.end(), tag.begin(), tag.end());
    const auto opened = decrypt_with_nonce(key, nonce, sealed, associated);
    const bool valid = *test.string_at("result") == "valid";
    CHECK(opened.has_value() == valid);
    if (!valid) return;
    CHECK(*opened == message);
    CHECK(encrypt_with_nonce(key, nonce, message, associated) == sealed);
  });
}
