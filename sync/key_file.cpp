#include "sync/key_file.h"

#include <algorithm>

#include "sync/checks.h"
#include "sync/fields.h"

namespace caretaker::sync {
namespace {

constexpr std::size_t kMaxFileBytes = 8192;
constexpr std::string_view kKdf = "argon2id13";
constexpr std::int64_t kMaxMemory = 1ll << 30;  // an edited file must not take the machine's memory

Json public_json(const PersonKey& key, const std::array<std::uint8_t, 16>& salt, const PasswordCost& cost) {
  return Json::Object{{"v", 1},
                      {"holder", key.holder},
                      {"sign_public", to_hex(key.signing.public_key)},
                      {"box_public", to_hex(key.box.public_key)},
                      {"kdf", Json::Object{{"name", kKdf},
                                           {"salt", to_hex(salt)},
                                           {"operations", cost.operations},
                                           {"memory_bytes", cost.memory_bytes}}}};
}

Result<PublicPerson> parse_public(const Json& json) {
  TRY(holder, text_at(json, "holder"));
  TRY(sign_public, json.hex_array_at<32>("sign_public"));
  TRY(box_public, json.hex_array_at<32>("box_public"));
  if (holder.empty()) return make_error(ErrorCode::kInvalidInput, "no holder");
  return PublicPerson{std::move(holder), sign_public, box_public};
}

struct ParsedFile {
  PublicPerson person;
  std::array<std::uint8_t, 16> salt{};
  PasswordCost cost;
  Bytes secret;
  Bytes associated;  // everything in the file but the secret itself
};

Result<ParsedFile> parse_file(ByteView file) {
  TRY(json, parse_object_v1(file, kMaxFileBytes));
  ParsedFile parsed;
  TRY(person, parse_public(json));
  const Json& kdf = json["kdf"];
  TRY(name, kdf.string_at("name"));
  TRY(salt, kdf.hex_array_at<16>("salt"));
  TRY(operations, number_at(kdf, "operations", 16, 1));
  TRY(memory, number_at(kdf, "memory_bytes", kMaxMemory, 8192));
  TRY(secret, blob_at(json, "secret", 256));
  if (name != kKdf) return make_error(ErrorCode::kUnsupported, "another key derivation");
  Json::Object rest = *json.as_object();
  rest.erase("secret");
  parsed.person = std::move(person);
  parsed.salt = salt;
  parsed.cost = {static_cast<std::uint64_t>(operations), static_cast<std::uint64_t>(memory)};
  parsed.secret = std::move(secret);
  parsed.associated = to_bytes(Json(std::move(rest)).dump());
  return parsed;
}

Result<PersonKey> parse_secret(const ParsedFile& parsed, ByteView seeds) {
  const auto signing = to_array<32>(seeds.first(std::min<std::size_t>(32, seeds.size())));
  const auto box = to_array<32>(seeds.subspan(std::min<std::size_t>(32, seeds.size())));
  if (!signing || !box) return refuse(Check::kKeyFileMatch);
  PersonKey key{parsed.person.holder, make_signing_key(SecretKey(*signing)), make_box_key(SecretKey(*box))};
  if (key.signing.public_key != parsed.person.sign_public || key.box.public_key != parsed.person.box_public) {
    return refuse(Check::kKeyFileMatch);
  }
  return key;
}

}  // namespace

PersonKey make_person_key(std::string holder) {
  return {std::move(holder), make_signing_key(random_key()), make_box_key(random_key())};
}

Result<Bytes> make_key_file(const PersonKey& key, std::string_view passphrase, const PasswordCost& cost) {
  if (passphrase.empty()) return make_error(ErrorCode::kInvalidInput, "the passphrase is empty");
  const auto salt = random_array<16>();
  TRY(file_key, key_from_passphrase(passphrase, salt, cost));
  const Json open_part = public_json(key, salt, cost);
  Bytes seeds = to_bytes(key.signing.seed.view());
  seeds.insert(seeds.end(), key.box.seed.view().begin(), key.box.seed.view().end());
  Json::Object json = *open_part.as_object();
  json["secret"] = to_base64(encrypt(file_key, seeds, as_bytes(open_part.dump())));
  wipe(seeds);
  return to_bytes(Json(std::move(json)).dump(2) + "\n");
}

Result<PersonKey> open_key_file(ByteView file, std::string_view passphrase) {
  TRY(parsed, in_check(Check::kKeyFileForm, parse_file(file)));
  TRY(file_key, key_from_passphrase(passphrase, parsed.salt, parsed.cost));
  auto seeds = decrypt(file_key, parsed.secret, parsed.associated);
  if (!seeds) return refuse(Check::kKeyFilePassphrase);
  auto key = parse_secret(parsed, *seeds);
  wipe(*seeds);
  return key;
}

Bytes make_public_person(const PublicPerson& person) {
  return to_bytes(Json(Json::Object{{"v", 1},
                                    {"holder", person.holder},
                                    {"sign_public", to_hex(person.sign_public)},
                                    {"box_public", to_hex(person.box_public)}})
                      .dump(2) + "\n");
}

Result<PublicPerson> parse_public_person(ByteView file) {
  TRY(json, in_check(Check::kKeyFileForm, parse_object_v1(file, kMaxFileBytes)));
  return in_check(Check::kKeyFileForm, parse_public(json));
}

}  // namespace caretaker::sync
