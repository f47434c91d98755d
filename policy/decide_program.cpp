#include "policy/decide_program.h"

#include <algorithm>
#include <cassert>

namespace caretaker::policy {

std::string_view program_reason_name(ProgramReason reason) {
  switch (reason) {
    case ProgramReason::kSystem: return "system";
    case ProgramReason::kOwned: return "owned-by-user";
    case ProgramReason::kWritable: return "writable-by-users";
    case ProgramReason::kBrought: return "brought-along";
    case ProgramReason::kLoader: return "loader";
    case ProgramReason::kUnwatched: return "unwatched-mounts";
  }
  return "owned-by-user";
}

ProgramReason judge_program(const ProgramFacts& facts) {
  if (facts.is_brought) return ProgramReason::kBrought;
  if (facts.owner != 0) return ProgramReason::kOwned;
  if (facts.others_write) return ProgramReason::kWritable;
  if (facts.is_loader) return ProgramReason::kLoader;
  return facts.is_unwatched ? ProgramReason::kUnwatched : ProgramReason::kSystem;
}

ProgramDecision decide_program(const Group& group, const ProgramFacts& facts) {
  const ProgramReason reason = judge_program(facts);
  if (reason == ProgramReason::kSystem) return {ProgramVerdict::kAllow, reason};
  switch (group.downloads) {
    case Downloads::kAllow: return {ProgramVerdict::kAllow, reason};
    case Downloads::kRecord: return {ProgramVerdict::kRecord, reason};
    case Downloads::kDeny: break;
  }
  return {ProgramVerdict::kDeny, reason};
}

const Group& strictest_about_programs(const Policy& policy) {
  assert(!policy.groups.empty());
  return *std::ranges::max_element(policy.groups, {}, &Group::downloads);
}

std::string_view program_notice(ProgramReason reason) {
  switch (reason) {
    case ProgramReason::kBrought: return "Programs on sticks and disc images cannot be started on this device: ask a member of staff if you need one.";
    case ProgramReason::kLoader:
    case ProgramReason::kUnwatched: return "This way of starting a program is closed on this device: ask a member of staff if you need it.";
    default: return "Programs that were downloaded or made here cannot be started on this device: ask a member of staff if you need one.";
  }
}

}  // namespace caretaker::policy
