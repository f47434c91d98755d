// The one decision about a program that somebody is about to run. What counts is who could have written its bytes, not where it lies: a
// file that only root can write is root's wherever a user moves it, and whatever is put in its place is the user's. So no walk over the folders
// above it, which could change meanwhile. Pure; any thread.
#pragma once

#include <string_view>

#include "platform/base/program_facts.h"
#include "policy/policy.h"

namespace caretaker::policy {

enum class ProgramVerdict { kAllow, kRecord, kDeny };

// Why; the same stable string stands in the event and in the console.
enum class ProgramReason {
  kSystem,   // "system"            only root could have written it
  kOwned,    // "owned-by-user"
  kWritable, // "writable-by-users"
  kBrought,  // "brought-along"     on a stick, a disc image, a file system of a user's own
  kLoader,   // "loader"            the dynamic loader as a program
  kUnwatched,  // "unwatched-mounts" started among mounts of a user's own that cannot all be watched
};
inline constexpr ProgramReason kLastProgramReason = ProgramReason::kUnwatched;
[[nodiscard]] std::string_view program_reason_name(ProgramReason reason);

[[nodiscard]] ProgramReason judge_program(const ProgramFacts& facts);

struct ProgramDecision {
  ProgramVerdict verdict = ProgramVerdict::kDeny;
  ProgramReason reason = ProgramReason::kOwned;
  bool operator==(const ProgramDecision&) const = default;
};
// For a person of this group. Accounts of the system and root are not asked about.
[[nodiscard]] ProgramDecision decide_program(const Group& group, const ProgramFacts& facts);

// The group whose people may start least: for somebody whom nobody knows.
[[nodiscard]] const Group& strictest_about_programs(const Policy& policy);

// What the user is told: what happened and what to do; one sentence.
[[nodiscard]] std::string_view program_notice(ProgramReason reason);

}  // namespace caretaker::policy
