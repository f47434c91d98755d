#include "agent/cli/list_origin.h"

#include "platform/base/json.h"
#include "platform/files.h"
#include "policy/list_import.h"

namespace caretaker::agent {
namespace {

constexpr std::size_t kMaxSourcesBytes = 16u << 20;

Result<bool> has_rule(const std::filesystem::path& list, std::string_view rule) {
  TRY(file, platform::open_read_only(list));
  TRY(mapped, platform::MappedFile::map(file));
  bool found = false;
  const auto report = policy::parse_list(as_text(mapped.bytes()), [&](std::string_view name) {
    found = name == rule;
    return !found;
  });
  static_cast<void>(report);  // bad lines were shown when the set was built
  return found;
}

}  // namespace

Result<RuleOrigin> find_rule_origin(const std::filesystem::path& sources, std::string_view category,
                                    std::string_view rule) {
  const auto bytes = platform::read_file(sources, kMaxSourcesBytes);
  if (!bytes) return bytes.error().with_context(sources.string());
  const auto json = parse_json(as_text(*bytes), {kMaxSourcesBytes, 8});
  if (!json) return json.error().with_context(sources.string());
  RuleOrigin origin;
  const Json::Array* places = (*json)[category].as_array();
  if (places == nullptr) return origin;
  for (const Json& entry : *places) {
    auto place = entry.string_at("place");
    if (!place) return place.error().with_context(sources.string());
    const auto found = has_rule(*place, rule);
    if (!found) {
      origin.unread.push_back(*place);
    } else if (*found) {
      origin.places.push_back(*place);
    }
  }
  return origin;
}

}  // namespace caretaker::agent
