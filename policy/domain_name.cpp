#include "policy/domain_name.h"

#include <idn2.h>
#include <libpsl.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

namespace caretaker::policy {
namespace {

constexpr std::size_t kMaxText = 1024;  // a name of 253 octets never needs more in UTF-8
constexpr std::size_t kMaxName = 253;
constexpr std::size_t kMaxLabel = 63;

using Allocated = std::unique_ptr<char, decltype(&std::free)>;

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

Error invalid(std::string_view text, const std::string& why) {
  std::string shown;
  for (char c : text.substr(0, 80)) shown += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  return make_error(ErrorCode::kInvalidInput, "\"" + shown + "\" is no domain name: " + why);
}

bool is_label_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

Result<std::string> check_ascii(std::string_view text, std::string name) {
  if (!name.empty() && name.back() == '.') name.pop_back();
  if (name.empty()) return invalid(text, "it is empty");
  if (name.size() > kMaxName) return invalid(text, "longer than 253 characters");
  std::size_t label = 0;
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c == '.') {
      if (label == 0) return invalid(text, "two dots in a row, or one in front");
      label = 0;
      continue;
    }
    if (!is_label_character(c)) return invalid(text, "only letters, digits, '-', '_' and dots may stand in it");
    if (++label > kMaxLabel) return invalid(text, "a part between dots is longer than 63 characters");
  }
  if (label == 0) return invalid(text, "it ends with two dots");
  return name;
}

const psl_ctx_t* suffix_list() {
  static const psl_ctx_t* list = [] {
    const psl_ctx_t* latest = psl_latest(nullptr);
    return latest != nullptr ? latest : psl_builtin();
  }();
  return list;
}

}  // namespace

Result<std::string> normalise_name(std::string_view text) {
  if (text.size() > kMaxText) return invalid(text, "longer than 253 characters");
  if (is_ascii(text)) return check_ascii(text, std::string(text));
  const std::string terminated(text);
  if (terminated.find('\0') != std::string::npos) return invalid(text, "it holds a zero byte");
  char* converted = nullptr;
  const int status =
      idn2_lookup_u8(reinterpret_cast<const std::uint8_t*>(terminated.c_str()),
                     reinterpret_cast<std::uint8_t**>(&converted), IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
  if (status != IDN2_OK) return invalid(text, idn2_strerror(status));
  const Allocated owned(converted, &std::free);
  return check_ascii(text, converted);
}

std::string display_name(std::string_view name) {
  const std::string terminated(name);
  if (name.find("xn--") == std::string_view::npos || terminated.find('\0') != std::string::npos) return terminated;
  char* converted = nullptr;
  if (idn2_to_unicode_8z8z(terminated.c_str(), &converted, 0) != IDN2_OK) return terminated;
  const Allocated owned(converted, &std::free);
  return converted;
}

bool is_public_suffix(std::string_view name) {
  const std::string terminated(name);
  return psl_is_public_suffix(suffix_list(), terminated.c_str()) != 0;
}

std::string registrable_name(std::string_view name) {
  const std::string terminated(name);
  const char* registrable = psl_registrable_domain(suffix_list(), terminated.c_str());
  return registrable == nullptr ? terminated : registrable;
}

}  // namespace caretaker::policy
