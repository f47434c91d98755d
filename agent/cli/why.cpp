#include "agent/why.h"

#include <cstdio>
#include <memory>
#include <optional>

#include "agent/cli/commands.h"
#include "agent/cli/list_origin.h"
#include "agent/cli/policy_file.h"
#include "agent/cli/set_view_file.h"
#include "agent/guard_client.h"
#include "platform/base/json.h"
#include "platform/users.h"
#include "policy/domain_name.h"

namespace caretaker::agent {
namespace {

struct WhyOptions {
  WhyQuestion question;
  std::string policy, set, sources, socket = kDefaultSocket;
  bool json = false;
};

std::vector<std::string> os_groups_of(const std::string& user) {
  if (user.empty()) return {};
  const auto found = platform::find_user(user);
  return found ? found->groups
               : std::vector<std::string>{};  // an account of another machine: only its name is known here
}

// From files on this machine. Without a set only the policy's own rules and Caretaker's tables speak.
Result<WhyAnswer> ask_files(const WhyOptions& options) {
  TRY(policy, read_policy_file(options.policy));
  const auto os_groups = os_groups_of(options.question.user);
  if (!options.set.empty()) {
    TRY(set, open_set_file(options.set));
    return decide_why(policy, set.view, options.question, os_groups);
  }
  TRY(nothing, policy::SetBuilder({}).build(nullptr));
  TRY(view, policy::SetView::open(nothing));
  return decide_why(policy, view, options.question, os_groups);
}

Result<WhyAnswer> ask_guard(const WhyOptions& options) {
  auto guard = GuardClient::connect(options.socket);
  if (!guard) return guard.error().with_context("the guard does not answer (without it: --policy FILE --set FILE)");
  return guard->why(options.question);
}

Json to_json(const WhyAnswer& answer, const RuleOrigin& origin) {
  Json::Array places(origin.places.begin(), origin.places.end());
  return Json::Object{{"name", answer.name},
                      {"group", answer.group},
                      {"verdict", answer.verdict},
                      {"reason", answer.reason},
                      {"category", answer.category},
                      {"rule", answer.rule},
                      {"target", answer.target},
                      {"explanation", explain(answer)},
                      {"sources", std::move(places)},
                      {"policy_version", answer.policy_version},
                      {"lists_version", answer.lists_version}};
}

void print_line(const char* label, const std::string& value) {
  if (!value.empty()) std::printf("%-9s %s\n", label, value.c_str());
}

void print_answer(const WhyAnswer& answer, const RuleOrigin& origin) {
  print_line("name", policy::display_name(answer.name));
  print_line("group", answer.group);
  print_line("verdict", answer.verdict);
  print_line("reason", answer.reason + ": " + explain(answer));
  print_line("category", answer.category);
  print_line("rule", policy::display_name(answer.rule));
  print_line("target", answer.target);
  for (const std::string& place : origin.places) print_line("source", place);
  for (const std::string& place : origin.unread)
    print_line("unread", place + " (a list of this category; not to be read here)");
}

Status show_why(const WhyOptions& options) {
  TRY(answer, options.policy.empty() ? ask_guard(options) : ask_files(options));
  RuleOrigin origin;
  if (!options.sources.empty() && !answer.category.empty()) {
    TRY(found, find_rule_origin(options.sources, answer.category, answer.rule));
    origin = std::move(found);
  }
  if (options.json) {
    std::printf("%s\n", to_json(answer, origin).dump().c_str());
  } else {
    print_answer(answer, origin);
  }
  return ok();
}

}  // namespace

void add_why(Command& program) {
  auto options = std::make_shared<WhyOptions>();
  auto why = program.command("why", "Say what happens to a name, and why; without network");
  why.option("NAME", options->question.name, "The name of a site").required();
  const auto user = why.option("--user", options->question.user, "For this user; without it for whoever asks");
  why.option("--group", options->question.group, "For this group of the policy").excludes(user);
  why.flag("--json", options->json, "For programs");
  const auto policy = why.option("--policy", options->policy, "This policy instead of the one in force here");
  why.option("--set", options->set, "The compiled lists to go with it").needs(policy);
  why.option("--sources", options->sources, "lists.sources.json: names the list that has it");
  why.option("--socket", options->socket, "The guard's socket");
  why.does([options] { return show_why(*options); });
}

}  // namespace caretaker::agent
