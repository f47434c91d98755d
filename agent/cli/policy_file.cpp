#include "agent/cli/policy_file.h"

#include <algorithm>

#include "platform/files.h"
#include "policy/policy_words.h"

namespace caretaker::agent {
namespace {

constexpr std::size_t kMaxPolicyBytes = 1u << 20;

std::string count(std::size_t number, const char* one, const char* many) {
  return std::to_string(number) + " " + (number == 1 ? one : many);
}

std::string members(const policy::Group& group) {
  std::string out;
  if (!group.users.empty()) out += count(group.users.size(), "user", "users");
  for (const std::string& name : group.os_groups) out += (out.empty() ? "OS group " : ", OS group ") + name;
  if (group.is_default) out += out.empty() ? "everybody else" : " and everybody else";
  return out;
}

std::string describe(const policy::Group& group) {
  std::string bypass;
  for (const policy::Bypass kind : group.blocked_bypass) {
    bypass += (bypass.empty() ? "" : ", ") + std::string(policy::word_of(policy::kBypassWords, kind));
  }
  return "  " + group.name + " (" + members(group) +
         "): " + count(group.blocked_categories.size(), "category", "categories") + " blocked, " +
         std::to_string(group.allowed_names.size()) + " allowed and " + std::to_string(group.denied_names.size()) +
         " denied by name, safe search " + (group.safe_search ? "on" : "off") + ", YouTube " +
         std::string(policy::word_of(policy::kYouTubeWords, group.youtube)) +
         ", blocked ways round: " + (bypass.empty() ? "none" : bypass) + ", removable media that are not encrypted: " +
         std::string(policy::word_of(policy::kPlainMediaWords, group.plain_media)) + "\n";
}

}  // namespace

Result<std::string> read_policy_text(const std::filesystem::path& path) {
  const auto bytes = platform::read_file(path, kMaxPolicyBytes);
  if (!bytes) return bytes.error().with_context(path.string());
  return std::string(as_text(*bytes));
}

Result<policy::Policy> read_policy_file(const std::filesystem::path& path) {
  TRY(text, read_policy_text(path));
  policy::ParsedPolicy parsed = policy::parse_policy(text, policy::Strictness::kTechnician);
  if (parsed.usable()) return std::move(parsed.policy);
  return make_error(ErrorCode::kInvalidInput, path.string() + ": not a usable policy; see `caretaker policy check`");
}

std::string format_diagnostic(std::string_view file, const policy::Diagnostic& diagnostic) {
  std::string out(file);
  if (diagnostic.line > 0) out += ":" + std::to_string(diagnostic.line) + ":" + std::to_string(diagnostic.column);
  out += diagnostic.level == policy::Diagnostic::Level::kError ? ": error: " : ": warning: ";
  if (!diagnostic.field.empty()) out += diagnostic.field + ": ";
  return out + diagnostic.message + "\n";
}

std::string make_policy_summary(const policy::Policy& policy) {
  std::string out = policy.school + ": " + count(policy.groups.size(), "group", "groups") + "\n";
  for (const policy::Group& group : policy.groups) out += describe(group);
  if (!policy.forwarded_zones.empty()) {
    out += "  " + count(policy.forwarded_zones.size(), "zone", "zones") + " forwarded past the categories\n";
  }
  if (!policy.allowed_media.empty()) {
    out += "  " + count(policy.allowed_media.size(), "removable medium", "removable media") + " allowed by name\n";
  }
  return out + "  illegal content is blocked for everybody\n";
}

std::vector<policy::Diagnostic> check_categories(const policy::Policy& policy, const policy::SetView& set) {
  std::vector<policy::Diagnostic> out;
  for (const policy::Group& group : policy.groups) {
    for (const std::string& name : group.blocked_categories) {
      const auto has_names = [&](const policy::Category& category) {
        return category.name == name && category.names > 0;
      };
      if (std::any_of(set.categories().begin(), set.categories().end(), has_names)) continue;
      out.push_back({policy::Diagnostic::Level::kWarning, 0, 0, "groups." + group.name + ".blocked_categories",
                     "no list has category \"" + name + "\": nothing is blocked by it"});
    }
  }
  return out;
}

}  // namespace caretaker::agent
