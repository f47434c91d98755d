// Names of categories, and which of them no setting reaches. Pure; any thread.
#pragma once

#include <string_view>

namespace caretaker::policy {

// Letters of a-z, digits, '-' and '_'; 1-32 of them.
[[nodiscard]] bool is_category_name(std::string_view name);

// Illegal content, wherever the list comes from: fixed in code, so that no policy, key or flag lets it through.
[[nodiscard]] bool is_locked_category(std::string_view name);

}  // namespace caretaker::policy
