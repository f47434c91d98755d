#include "sync/unlock_code.h"

#include <algorithm>

namespace caretaker::sync {
namespace {

constexpr std::size_t kDigits = 8;
constexpr std::uint64_t kCodes = 100'000'000;
constexpr int kFreeTries = 5;
constexpr std::int64_t kFirstPauseS = 60;
constexpr std::int64_t kLongestPauseS = 3600;

std::string in_digits(std::uint64_t number) {
  std::string text = std::to_string(number % kCodes);
  return std::string(kDigits - text.size(), '0') + text;
}

}  // namespace

std::string make_challenge() { return in_digits(random_below(static_cast<std::uint32_t>(kCodes))); }

// 64 bits modulo 10^8: no code is likelier than another by more than 10^-11.
std::string unlock_code(const SecretKey& secret, const DeviceId& device, std::string_view challenge) {
  Bytes message = to_bytes("caretaker unlock v1");
  message.insert(message.end(), device.begin(), device.end());
  message.insert(message.end(), challenge.begin(), challenge.end());
  const Hash tag = keyed_hash(secret, message);
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < 8; ++i) number |= std::uint64_t{tag[i]} << (8 * i);
  return in_digits(number);
}

Result<std::string> parse_digits(std::string_view typed) {
  std::string digits;
  for (const char c : typed) {
    if (c == ' ' || c == '-') continue;
    if (c < '0' || c > '9' || digits.size() == kDigits) return make_error(ErrorCode::kInvalidInput, "eight digits are expected");
    digits.push_back(c);
  }
  if (digits.size() != kDigits) return make_error(ErrorCode::kInvalidInput, "eight digits are expected");
  return digits;
}

Json seal_unlock_secret(const SecretKey& secret, const Root& root) {
  Json::Object boxes;
  const std::vector<std::string> technicians{"technician"};
  for (const auto& [id, key] : recipients_of(root, technicians)) boxes[id] = to_base64(box_seal(key, secret.view()));
  return Json(std::move(boxes));
}

Result<SecretKey> open_unlock_secret(const Json& boxes, const BoxKey& key) {
  const KeyId id = key_id(key.public_key);
  if (boxes[id].is_null()) return make_error(ErrorCode::kNotFound, "this device has sealed its unlock secret to others, not to this key");
  TRY(box, boxes.base64_at(id));
  TRY(opened, box_open(key, box));
  TRY(bytes, to_array<32>(opened));
  wipe(opened);
  return SecretKey(bytes);
}

std::int64_t unlock_pause_s(int wrong) {
  if (wrong < kFreeTries) return 0;
  return std::min(kLongestPauseS, kFirstPauseS << std::min(wrong - kFreeTries, 10));
}

}  // namespace caretaker::sync
