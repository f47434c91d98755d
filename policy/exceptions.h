// A site that a teacher has opened for a lesson: what may be opened, and what that changes about a name. Pure; any thread.
#pragma once

#include <span>

#include "policy/decide_dns.h"

namespace caretaker::policy {

// What is open now, for whom.
struct Lesson {
  std::string name;   // normalised; it and everything under it
  std::string group;  // of the policy, or of the operating system
  bool operator==(const Lesson&) const = default;
};
[[nodiscard]] bool is_for(const Lesson& lesson, const Group& group, const std::vector<std::string>& os_groups);

// The decision for a group with these lessons. A lesson opens what a category that teachers may open has closed, and YouTube in
// its strict mode where they may; nothing else. Locked class, own deny, ways round and safe search stay as they are.
[[nodiscard]] DnsDecision decide_dns(const Policy& policy, const Group& group, const SetView& set, std::string_view name,
                                     std::span<const Lesson> lessons);
// Of what an answer leads to. Unlike a technician's own allow, a lesson does not cover targets that it could not open, and a portal none.
[[nodiscard]] DnsDecision decide_cname_target(const DnsDecision& question, const Policy& policy, const Group& group,
                                              const SetView& set, std::string_view target);

// What a teacher asks for.
struct LessonRequest {
  Lesson lesson;
  std::int64_t seconds = 0;
  std::int64_t from_second = 0;  // of the day, by the machine's own clock
  std::int64_t to_second = 0;
};
enum class LessonRefusal {
  kNone,
  kNobody,    // the policy lets nobody open anything
  kGroup,     // not for this group
  kHours,     // outside the hours, or longer than allowed
  kSuffix,    // a public suffix
  kCategory,  // in the locked class, or in a category that teachers may not open
};
[[nodiscard]] LessonRefusal judge_lesson(const Policy& policy, const LessonRequest& request);
// The same for the lists: apart, since a teacher's machine has none.
[[nodiscard]] LessonRefusal judge_lesson_name(const Policy& policy, const SetView& set, std::string_view name);
[[nodiscard]] std::string_view lesson_refusal_text(LessonRefusal refusal);  // for a person

}  // namespace caretaker::policy
