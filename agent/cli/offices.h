// What people are in a school, in the school's words, and what a root then says of them. Pure; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sync/root.h"

namespace caretaker::agent {

struct Office {
  std::string_view name;                  // "technician", as --as takes it
  std::string_view what;                  // what its holder may do, as a person would say it
  std::vector<sync::Role> roles;          // whose keys the holder's signing key stands among
  std::string_view recipient;             // the kind of recipient that the holder's box key becomes; empty: none
};
[[nodiscard]] std::span<const Office> offices();
// kInvalidInput names those there are.
[[nodiscard]] Result<const Office*> find_office(std::string_view name);

// What a role allows, as a person would say it: "sign policies".
[[nodiscard]] std::string_view role_words(sync::Role role);

}  // namespace caretaker::agent
