#include "platform/hardware.h"

#include <algorithm>
#include <array>

#include "platform/base/text.h"

namespace caretaker::platform {
namespace {

// What makers leave in the fields that they did not fill, in lower case.
constexpr std::array<std::string_view, 12> kFillers = {"to be filled by o.e.m.",
                                                       "to be filled by o.e.m",
                                                       "default string",
                                                       "not specified",
                                                       "not applicable",
                                                       "none",
                                                       "n/a",
                                                       "system serial number",
                                                       "base board serial number",
                                                       "serial number",
                                                       "unknown",
                                                       "invalid"};

constexpr std::string_view kBlanks(" \n\t\r\0", 5);

}  // namespace

std::string parse_firmware_field(std::string_view raw) {
  const std::string_view field = trim(raw, kBlanks);
  const std::string lower = lower_case(std::string(field));
  if (std::find(kFillers.begin(), kFillers.end(), lower) != kFillers.end()) return {};
  for (const char only : {'0', 'f', 'x', '.'}) {
    if (lower.find_first_not_of(std::string{only, '-'}) == std::string::npos) return {};
  }
  const bool printable = std::all_of(field.begin(), field.end(), [](unsigned char c) { return c >= 0x20 && c < 0x7f; });
  return printable && field.size() <= 128 ? std::string(field) : std::string();
}

}  // namespace caretaker::platform
