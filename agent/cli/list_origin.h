// Which public list a rule came from: the lists are read again, since the compiled set holds hashes alone.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/result.h"

namespace caretaker::agent {

struct RuleOrigin {
  std::vector<std::string> places;  // lists of the category that hold the rule
  std::vector<std::string> unread;  // lists that could not be looked into: from the network, or gone
};
// `sources` is the lists.sources.json that `caretaker policy build` wrote. `rule` is normalised.
[[nodiscard]] Result<RuleOrigin> find_rule_origin(const std::filesystem::path& sources, std::string_view category,
                                                  std::string_view rule);

}  // namespace caretaker::agent
