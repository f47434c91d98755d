#include <algorithm>
#include <cstdio>
#include <memory>

#include "agent/cli/commands.h"
#include "agent/cli/policy_diff.h"
#include "agent/cli/policy_file.h"
#include "agent/cli/policy_sign.h"
#include "agent/cli/school_folder.h"
#include "agent/cli/set_view_file.h"

namespace caretaker::agent {
namespace {

struct CheckOptions {
  std::string file, set, against, school;
};

std::string count_errors(const policy::ParsedPolicy& parsed) {
  const auto errors =
      std::count_if(parsed.diagnostics.begin(), parsed.diagnostics.end(),
                    [](const policy::Diagnostic& d) { return d.level == policy::Diagnostic::Level::kError; });
  return std::to_string(errors) + (errors == 1 ? " error" : " errors");
}

// Whether those for whom records are sealed exist, and are two.
Status check_school(const CheckOptions& options, const policy::Policy& policy) {
  TRY(school, open_school(options.school));
  if (const Status readable = check_recipients(policy, school.root.root()); !readable) {
    std::fputs((options.file + ": warning: " + readable.error().message + "\n").c_str(), stderr);
  }
  return ok();
}

Status check_policy(const CheckOptions& options) {
  TRY(text, read_policy_text(options.file));
  policy::ParsedPolicy parsed = policy::parse_policy(text, policy::Strictness::kTechnician);
  if (parsed.usable() && !options.set.empty()) {
    TRY(set, open_set_file(options.set));
    const auto more = check_categories(parsed.policy, set.view);
    parsed.diagnostics.insert(parsed.diagnostics.end(), more.begin(), more.end());
  }
  for (const policy::Diagnostic& diagnostic : parsed.diagnostics) {
    std::fputs(format_diagnostic(options.file, diagnostic).c_str(), stderr);
  }
  if (!parsed.usable()) {
    return make_error(ErrorCode::kInvalidInput,
                      options.file + ": " + count_errors(parsed) + "; devices would refuse it");
  }
  if (!options.school.empty()) TRY_DONE(check_school(options, parsed.policy));
  std::fputs(make_policy_summary(parsed.policy).c_str(), stdout);
  if (!options.against.empty()) {
    TRY(before, read_policy_file(options.against));
    std::fputs(describe_change(before, parsed.policy).c_str(), stdout);
  }
  return ok();
}

}  // namespace

void add_policy_check(Command& policy) {
  auto options = std::make_shared<CheckOptions>();
  auto check = policy.command("check", "Say what is wrong in a policy file, or what it does");
  check.option("FILE", options->file, "The policy, as TOML").required();
  check.option("--set", options->set, "Compiled lists: warns of blocked categories that they have no names for");
  check.option("--against", options->against, "The policy in force: says what the change opens and closes");
  check.option("--school", options->school, "Folder of the school: warns where only one person could open the records");
  check.does([options] { return check_policy(*options); });
}

}  // namespace caretaker::agent
