// Whether a passphrase would hold somebody up who has the key file and a fast machine. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace caretaker::agent {

inline constexpr std::size_t kLeastPassphrase = 12;  // characters

// Why it is too weak, as a sentence that helps; nullopt: good enough. `holder`: whose it is, for a name is guessed first.
[[nodiscard]] std::optional<std::string> why_weak(std::string_view passphrase, std::string_view holder);

}  // namespace caretaker::agent
