#include "agent/why.h"

#include <algorithm>
#include <map>

#include "policy/domain_name.h"
#include "policy/portal.h"
#include "policy/suggestion.h"

namespace caretaker::agent {
namespace {

std::string_view verdict_name(policy::Verdict verdict) {
  switch (verdict) {
    case policy::Verdict::kAllow: return "allow";
    case policy::Verdict::kBlock: return "block";
    case policy::Verdict::kRewrite: return "rewrite";
    case policy::Verdict::kForward: return "forward";
  }
  return "block";
}

Result<const policy::Group*> find_group(const policy::Policy& policy, const WhyQuestion& question,
                                        const std::vector<std::string>& os_groups) {
  if (question.group.empty()) return &policy::group_of(policy, question.user, os_groups);
  std::vector<std::string_view> names;
  for (const policy::Group& group : policy.groups) {
    if (group.name == question.group) return &group;
    names.push_back(group.name);
  }
  return make_error(ErrorCode::kNotFound, "no group \"" + question.group + "\"; the policy has " +
                                              policy::list_choices(names) + policy::suggest(question.group, names));
}

}  // namespace

Result<WhyAnswer> decide_why(const policy::Policy& policy, const policy::SetView& set, const WhyQuestion& question,
                             const std::vector<std::string>& os_groups, const OpenNow& open) {
  if (policy.groups.empty()) return make_error(ErrorCode::kInvalidInput, "the policy has no groups");
  TRY(name, policy::normalise_name(question.name));
  TRY(group, find_group(policy, question, os_groups));
  std::vector<policy::Lesson> lessons;
  for (const policy::Lesson& lesson : open.lessons) {
    if (policy::is_for(lesson, *group, os_groups)) lessons.push_back(lesson);
  }
  const auto decision = policy::with_portal(policy::decide_dns(policy, *group, set, name, lessons), open.portal, name);
  WhyAnswer answer;
  answer.name = name;
  answer.group = group->name;
  answer.verdict = verdict_name(decision.verdict);
  answer.reason = policy::reason_name(decision.reason);
  answer.category = decision.category;
  answer.rule = decision.rule;
  answer.target = decision.target;
  return answer;
}

std::string explain(const WhyAnswer& answer) {
  const std::map<std::string_view, std::string> texts = {
      {"not-listed", "no rule and no list blocks it for this group"},
      {"allowed-by-group", "the group's own allow-list has it"},
      {"forwarded-zone", "it belongs to the school's own names, which its own servers answer"},
      {"local-name", "it is a name of the local network"},
      {"locked-class", "it is illegal content, which is always blocked and which nothing can allow"},
      {"lists-damaged", "the lists on this device are damaged where it would stand; they are being fetched again"},
      {"denied-by-group", "the group's own deny-list has it"},
      {"category", "it is in a category that the group may not open"},
      {"safe-search", "the engine is answered in its safe mode"},
      {"search-engine-without-safe-search", "the engine has no safe mode that can be locked in"},
      {"youtube-restricted", "YouTube is answered in restricted mode"},
      {"youtube-blocked", "the group may not open YouTube"},
      {"bypass-dns-over-https", "it would look names up past the filter"},
      {"bypass-private-relay", "it would carry traffic past the filter"},
      {"bypass-vpn", "it offers a private network past the filter"},
      {"bypass-proxy", "it fetches other sites past the filter"},
      {"exception", "a teacher has opened it for a lesson"},
      {"canary", "its absence tells programs that this device is filtered"},
      {"no-policy", "no verified policy is loaded, and nothing is answered without one"},
      {"portal", "it is the login page of the network at hand, which is open for some minutes"},
      {"no-readable-name", "a connection that does not show where it goes, or hides it"},
  };
  const auto found = texts.find(answer.reason);
  return found == texts.end() ? answer.reason : found->second;
}

}  // namespace caretaker::agent
