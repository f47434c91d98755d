// What was seen of one of the server's logs, kept in the school's folder: it must still be there, as it was.
#pragma once

#include <filesystem>
#include <vector>

#include "platform/base/crypto.h"
#include "sync/checks.h"

namespace caretaker::agent {

// `links` of entries 1, 2, ...; the refusal has the number of `check`. Nothing was seen before: ok.
[[nodiscard]] Status check_seen_head(const std::filesystem::path& file, const std::vector<Hash>& links, sync::Check check);
[[nodiscard]] Status keep_seen_head(const std::filesystem::path& file, const std::vector<Hash>& links);

}  // namespace caretaker::agent
