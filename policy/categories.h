// The categories that Caretaker knows by name, and what publishers of lists call them. Pure; any thread.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace caretaker::policy {

struct KnownCategory {
  std::string_view id;     // as policies and sets write it
  std::string_view title;  // for people
};
// Those that a policy can block with no list imported: the starter lists hold each of them.
[[nodiscard]] std::span<const KnownCategory> known_categories();

// Illegal content: locked wherever it comes from; no policy, key or flag lets it through or empties it.
[[nodiscard]] bool is_locked_category(std::string_view id);

// 1-64 octets of a-z, 0-9, '_' and '-'.
[[nodiscard]] bool is_category_id(std::string_view id);

// Our id for a publisher's folder ("porn" -> "adult", "drogue" -> "drugs"); an unknown name is its own id. nullopt: the
// folder lists what to allow (UT1's liste_blanche, ...) and must never be blocked.
[[nodiscard]] std::optional<std::string_view> category_for_list(std::string_view publisher_name);

}  // namespace caretaker::policy
