// A DNS name as rules see it. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "platform/base/result.h"

namespace caretaker::policy {

// Lower-case A-label form without the final dot ("xn--bcher-kva.example"); at most 253 octets, labels of 1-63 octets of
// letters, digits, '-', '_'. Takes Unicode (IDNA 2008 by libidn2, UTS 46) and either case.
[[nodiscard]] Result<std::string> normalise_name(std::string_view text);
// For people: Unicode where the A-labels decode.
[[nodiscard]] std::string display_name(std::string_view name);

// The name itself, then each parent: "a.b.c" -> "a.b.c", "b.c", "c". Views into `name`.
template <typename Visit>  // bool(std::string_view): false stops
void for_each_suffix(std::string_view name, Visit visit) {
  while (!name.empty() && visit(name)) {
    const auto dot = name.find('.');
    if (dot == std::string_view::npos) return;
    name.remove_prefix(dot + 1);
  }
}

// The public suffix list (publicsuffix.org), by libpsl: the system's newer copy where there is one.
[[nodiscard]] bool is_public_suffix(std::string_view name);
// "a.b.example.co.uk" -> "example.co.uk"; a public suffix or a bare label is returned as it is.
[[nodiscard]] std::string registrable_name(std::string_view name);

}  // namespace caretaker::policy
