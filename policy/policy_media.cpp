#include "policy/policy_media.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "platform/base/text.h"
#include "policy/policy_words.h"

namespace caretaker::policy {
namespace {

constexpr std::size_t kMaxAllowed = 1000;
constexpr std::size_t kMaxSerial = 126;  // characters of a USB string
constexpr std::size_t kMaxVolume = 64;
constexpr std::array<std::string_view, 1> kGroupKeys = {"unencrypted"};
constexpr std::array<std::string_view, 1> kMediaKeys = {"allow"};
constexpr std::array<std::string_view, 3> kAllowKeys = {"usb", "serial", "volume"};

bool is_hex(char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; }

bool is_usb(std::string_view text) {
  return text.size() == 9 && text[4] == ':' && std::ranges::all_of(text.substr(0, 4), is_hex) &&
         std::ranges::all_of(text.substr(5), is_hex);
}

bool is_serial(std::string_view text) {
  return !text.empty() && text.size() <= kMaxSerial && text.front() != ' ' && text.back() != ' ' &&
         std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; });
}

bool is_volume(std::string_view text) {
  return text.size() >= 8 && text.size() <= kMaxVolume && std::ranges::all_of(text, [](char c) { return is_hex(c) || c == '-'; });
}

std::string read_id(const Section& entry, std::string_view key, bool (*is_right)(std::string_view), std::string_view expected) {
  const auto text = entry.text(key);
  if (!text) return "";
  if (!is_right(*text)) entry.error(key, *entry.table().find(key), "expected " + std::string(expected));
  return *text;
}

AllowedMedium read_allowed(const Section& entry) {
  entry.allow_only(kAllowKeys);
  AllowedMedium out;
  out.usb = lower_case(read_id(entry, "usb", is_usb, "vendor and product as in \"0951:1666\""));
  out.serial = read_id(entry, "serial", is_serial, "the serial number as the device gives it");
  out.volume = lower_case(read_id(entry, "volume", is_volume, "a volume's id such as \"12a3a118-7039-4575-a649-3f559d8d87ee\""));
  if (out.usb.empty() && out.volume.empty()) {
    entry.error_here("", "expected usb = \"vendor:product\", with serial for one stick alone, or volume");
  } else if (out.usb.empty() && !out.serial.empty()) {
    entry.error("serial", *entry.table().find("serial"), "a serial number is one maker's: expected usb beside it");
  } else if (out.serial.empty() && out.volume.empty()) {
    entry.warn("usb", *entry.table().find("usb"), "without serial every stick of this model is allowed, by whomever");
  } else if (out.usb.empty()) {
    entry.warn("volume", *entry.table().find("volume"), "a volume's id can be copied: name usb and serial of its stick too");
  }
  return out;
}

}  // namespace

PlainMedia read_plain_media(const Section& group) {
  const auto media = group.section("media");
  if (!media) return PlainMedia::kKeepOut;
  media->allow_only(kGroupKeys);
  return media->choice<PlainMedia>("unencrypted", kPlainMediaWords).value_or(PlainMedia::kKeepOut);
}

std::vector<AllowedMedium> read_allowed_media(const Section& root) {
  std::vector<AllowedMedium> out;
  const auto media = root.section("media");
  if (!media) return out;
  media->allow_only(kMediaKeys);
  for (const Section& entry : media->sections("allow")) {
    AllowedMedium allowed = read_allowed(entry);
    if (std::ranges::find(out, allowed) != out.end()) {
      entry.warn("", entry.table(), "stands here twice");
    } else {
      out.push_back(std::move(allowed));
    }
  }
  if (out.size() > kMaxAllowed) media->error_here("allow", "more than 1000 entries");
  return out;
}

}  // namespace caretaker::policy
