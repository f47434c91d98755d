#include "agent/cli/log_head.h"

#include "platform/base/json.h"
#include "platform/files.h"

namespace caretaker::agent {

Status check_seen_head(const std::filesystem::path& file, const std::vector<Hash>& links, sync::Check check) {
  const auto bytes = platform::read_file(file, 4096);
  if (!bytes && bytes.error().code == ErrorCode::kNotFound) return ok();
  if (!bytes) return bytes.error();
  TRY(json, parse_json(as_text(*bytes)));
  TRY(number, json.int_at("number"));
  TRY(link, json.hex_array_at<32>("link"));
  const auto at = static_cast<std::size_t>(number);
  if (number < 1 || at > links.size()) {
    return sync::refuse(check, std::to_string(number) + " entries were there, and now " + std::to_string(links.size()));
  }
  return links[at - 1] == link ? ok() : Status(sync::refuse(check, "entry " + std::to_string(number) + " was another one"));
}

Status keep_seen_head(const std::filesystem::path& file, const std::vector<Hash>& links) {
  if (links.empty()) return ok();
  const Json json(Json::Object{{"v", 1}, {"number", links.size()}, {"link", to_hex(links.back())}});
  return platform::replace_file(file, as_bytes(json.dump(2) + "\n"), 0644);
}

}  // namespace caretaker::agent
