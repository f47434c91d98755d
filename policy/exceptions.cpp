#include "policy/exceptions.h"

#include <algorithm>

#include "policy/domain_name.h"
#include "policy/safe_search.h"

namespace caretaker::policy {
namespace {

bool is_under(std::string_view name, std::string_view parent) {
  if (!name.ends_with(parent)) return false;
  return name.size() == parent.size() || name[name.size() - parent.size() - 1] == '.';
}

bool is_youtube(std::string_view name) {
  const auto search = find_search(name);
  return search && search->kind == SearchMatch::Kind::kYouTube;
}

// Somebody who opens youtube.com means the hosts that its player asks for too.
const Lesson* find_lesson(std::span<const Lesson> lessons, std::string_view name) {
  for (const Lesson& lesson : lessons) {
    if (is_under(name, lesson.name) || (is_youtube(lesson.name) && is_youtube(name))) return &lesson;
  }
  return nullptr;
}

// All that the lists say of a name and of the names above it; nothing: they are damaged where one of them would stand.
std::optional<std::uint64_t> categories_above(const SetView& set, std::string_view name) {
  std::optional<std::uint64_t> bits = 0;
  for_each_suffix(name, [&](std::string_view suffix) {
    const auto listed = set.categories_of(suffix);
    if (listed) *bits |= *listed;
    else if (!is_public_suffix(suffix)) bits.reset();
    return bits.has_value();
  });
  return bits;
}

// Nothing that is closed to `is_closed` is closed to teachers too.
template <typename IsClosed>
bool may_open(const ExceptionRules& rules, const SetView& set, std::string_view name, IsClosed is_closed) {
  const auto bits = categories_above(set, name);
  if (!bits || (*bits & set.locked_mask()) != 0) return false;
  for (std::size_t i = 0; i < set.categories().size(); ++i) {
    const std::string& category = set.categories()[i].name;
    if ((*bits >> i & 1) != 0 && is_closed(category) && !rules.categories.contains(category)) return false;
  }
  return true;
}

bool may_open_for(const Policy& policy, const Group& group, const SetView& set, std::string_view name) {
  return policy.exceptions && may_open(*policy.exceptions, set, name,
                                       [&](const std::string& category) { return group.blocked_categories.contains(category); });
}

DnsDecision opened(const Lesson& lesson) {
  DnsDecision out;
  out.verdict = Verdict::kAllow;
  out.reason = Reason::kException;
  out.rule = lesson.name;
  return out;
}

}  // namespace

bool is_for(const Lesson& lesson, const Group& group, const std::vector<std::string>& os_groups) {
  return lesson.group == group.name || std::find(os_groups.begin(), os_groups.end(), lesson.group) != os_groups.end();
}

DnsDecision decide_dns(const Policy& policy, const Group& group, const SetView& set, std::string_view name,
                       std::span<const Lesson> lessons) {
  DnsDecision decision = decide_dns(policy, group, set, name);
  if (lessons.empty() || decision.verdict != Verdict::kBlock) return decision;
  const Lesson* lesson = find_lesson(lessons, name);
  if (lesson == nullptr || !may_open_for(policy, group, set, name)) return decision;
  if (decision.reason == Reason::kYouTubeBlocked && policy.exceptions->youtube) {
    Group strict = group;
    strict.youtube = YouTube::kStrict;
    decision = decide_dns(policy, strict, set, name);
  }
  return decision.verdict == Verdict::kBlock && decision.reason == Reason::kCategory ? opened(*lesson) : decision;
}

DnsDecision decide_cname_target(const DnsDecision& question, const Policy& policy, const Group& group, const SetView& set,
                                std::string_view target) {
  if (question.reason != Reason::kException && question.reason != Reason::kPortal) return decide_cname_target(question, group, set, target);
  if (question.reason == Reason::kException && may_open_for(policy, group, set, target)) return decide_cname_target(question, group, set, target);
  DnsDecision unopened;
  unopened.verdict = Verdict::kAllow;
  unopened.reason = Reason::kNotListed;
  return decide_cname_target(unopened, group, set, target);
}

LessonRefusal judge_lesson(const Policy& policy, const LessonRequest& request) {
  if (!policy.exceptions) return LessonRefusal::kNobody;
  const ExceptionRules& rules = *policy.exceptions;
  if (!rules.opened_for.contains(request.lesson.group)) return LessonRefusal::kGroup;
  const bool within = request.from_second >= rules.from_minute * 60 && request.to_second <= rules.to_minute * 60 &&
                      request.from_second + request.seconds <= rules.to_minute * 60;
  if (request.seconds <= 0 || request.seconds > rules.max_minutes * 60 || !within) return LessonRefusal::kHours;
  if (is_public_suffix(request.lesson.name)) return LessonRefusal::kSuffix;
  return LessonRefusal::kNone;
}

LessonRefusal judge_lesson_name(const Policy& policy, const SetView& set, std::string_view name) {
  if (!policy.exceptions) return LessonRefusal::kNobody;
  const auto is_closed = [&](const std::string& category) {
    return std::any_of(policy.groups.begin(), policy.groups.end(),
                       [&](const Group& group) { return group.blocked_categories.contains(category); });
  };
  return may_open(*policy.exceptions, set, name, is_closed) ? LessonRefusal::kNone : LessonRefusal::kCategory;
}

std::string_view lesson_refusal_text(LessonRefusal refusal) {
  switch (refusal) {
    case LessonRefusal::kNone: return "it may be opened";
    case LessonRefusal::kNobody: return "the school's policy lets nobody open a site for a lesson ([exceptions])";
    case LessonRefusal::kGroup: return "the school's policy does not let teachers open anything for this class";
    case LessonRefusal::kHours: return "it lies outside the hours that the school's policy allows, or is longer than it allows";
    case LessonRefusal::kSuffix: return "every site under such a name would be opened: name the one that is needed";
    case LessonRefusal::kCategory: return "it is in a category that may not be opened for lessons";
  }
  return "";
}

}  // namespace caretaker::policy
