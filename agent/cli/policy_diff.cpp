#include "agent/cli/policy_diff.h"

#include <cstdio>
#include <memory>

#include "agent/cli/commands.h"
#include "agent/cli/policy_file.h"
#include "policy/weakening.h"

namespace caretaker::agent {
namespace {

void add_lines(std::string& out, const char* title, const std::vector<std::string>& lines) {
  if (!lines.empty()) out.append(title).append("\n");
  for (const std::string& line : lines) out.append("  ").append(line).append("\n");
}

struct DiffOptions {
  std::string before, after;
};

Status show_diff(const DiffOptions& options) {
  TRY(before, read_policy_file(options.before));
  TRY(after, read_policy_file(options.after));
  std::fputs(describe_change(before, after).c_str(), stdout);
  return ok();
}

}  // namespace

std::string describe_change(const policy::Policy& before, const policy::Policy& after) {
  const policy::PolicyChange change = policy::compare_policies(before, after);
  std::string out;
  add_lines(out, "This change opens, and so wants the signatures of two holders:", change.opens);
  add_lines(out, "This change closes:", change.closes);
  return out.empty() ? "Nobody may do more or less than before.\n" : out;
}

void add_policy_diff(Command& policy) {
  auto options = std::make_shared<DiffOptions>();
  auto diff = policy.command("diff", "Say in plain words what a change of the policy opens and closes");
  diff.option("OLD", options->before, "The policy before, as TOML").required();
  diff.option("NEW", options->after, "The policy after").required();
  diff.does([options] { return show_diff(*options); });
}

}  // namespace caretaker::agent
