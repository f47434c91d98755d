#include <algorithm>
#include <array>

#include "platform/base/json.h"
#include "platform/volume_inspector.h"

namespace caretaker::platform {
namespace {

constexpr std::size_t kMaxWord = 64;
constexpr std::array kEncryptions = {Encryption::kEncrypted, Encryption::kPartly, Encryption::kSuspended, Encryption::kNotEncrypted,
                                     Encryption::kUnknown};

// It goes into events and onto screens: nothing but what our words and ids are made of.
bool is_word(const std::string& text) {
  return text.size() <= kMaxWord && std::ranges::all_of(text, [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

}  // namespace

std::string make_content_text(const VolumeContent& content) {
  return Json(Json::Object{{"encryption", encryption_name(content.encryption)},
                           {"kind", content.kind},
                           {"reason", content.reason},
                           {"volume_id", content.volume_id}})
      .dump();
}

Result<VolumeContent> parse_content_text(std::string_view text) {
  TRY(json, parse_json(text, {.max_bytes = 4096, .max_depth = 2, .max_values = 5}));
  TRY(encryption, json.string_at("encryption"));
  TRY(kind, json.string_at("kind"));
  TRY(reason, json.string_at("reason"));
  TRY(volume_id, json.string_at("volume_id"));
  const auto found = std::ranges::find(kEncryptions, encryption, encryption_name);
  if (found == kEncryptions.end() || !is_word(kind) || !is_word(reason) || !is_word(volume_id)) {
    return make_error(ErrorCode::kInvalidInput, "no description of a volume");
  }
  return VolumeContent{*found, kind, reason, volume_id};
}

}  // namespace caretaker::platform
