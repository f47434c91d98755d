#include "agent/guard/program_reports.h"

#include <algorithm>

#include "platform/base/count.h"

namespace caretaker::agent {
namespace {

constexpr UnixSeconds kOldest = 86'400;  // in the caller's queue
constexpr MonotonicMs kBetweenNoticesMs = 10'000;
constexpr std::size_t kMaxTold = 256;
constexpr std::string_view kDenied = "program.denied";
constexpr std::string_view kRecorded = "program.recorded";

bool is_file_name(std::string_view name) {
  return !name.empty() && std::ranges::none_of(name, [](unsigned char c) { return c < 0x20 || c == 0x7f || c == '/'; });
}

}  // namespace

void drop_unusable(ProgramReport& report) {
  const auto dropped = std::erase_if(report.attempts, [](const ProgramAttempt& attempt) { return !is_file_name(attempt.name); });
  add_to_count(report.lost, dropped);
}

// In a key the kind of event and the reason stand where a site's category stands: "program.denied owned-by-user".
PlannedEvent ProgramReports::make_event(const RepeatKey& key, const policy::Policy& policy, std::uint32_t count, UnixSeconds time) const {
  const auto space = key.category.find(' ');
  const std::string reason = key.category.substr(space + 1);
  sync::Details details;
  details.fields["attribution"] = key.user.empty() ? "device" : "user";
  if (!key.user.empty()) {
    details.fields["user"] = key.user;
    const auto user = platform::find_user(key.user);
    details.fields["group"] = policy::group_of(policy, key.user, user ? user->groups : std::vector<std::string>()).name;
  }
  details.fields["program"] = key.name;
  details.fields["reason"] = reason;
  return {{key.category.substr(0, space), reason, sync::Severity::kMedium, std::move(details)}, count, time};
}

void ProgramReports::plan_notice(const ProgramAttempt& attempt) {
  const MonotonicMs now = clock_.monotonic_ms();
  const auto last = told_.find(attempt.uid);
  if (last != told_.end() && now - last->second < kBetweenNoticesMs) return;
  if (told_.size() >= kMaxTold) told_.clear();
  told_[attempt.uid] = now;
  notices_[attempt.uid] = policy::program_notice(attempt.reason);
}

std::vector<PlannedEvent> ProgramReports::plan(const ProgramReport& report, const policy::Policy& policy) {
  std::vector<PlannedEvent> events;
  const UnixSeconds now = clock_.now();
  for (const ProgramAttempt& attempt : report.attempts) {
    const auto user = find_user_(attempt.uid);
    const std::string kind(attempt.denied ? kDenied : kRecorded);
    const RepeatKey key{user && user->is_person ? user->name : "", attempt.name, kind + " " + std::string(policy::program_reason_name(attempt.reason)), {}};
    const UnixSeconds time = std::clamp(attempt.time, std::max<UnixSeconds>(0, now - kOldest), std::max<UnixSeconds>(0, now));
    if (attempt.denied) plan_notice(attempt);
    if (repeats_.decide(key, 1, time, clock_.monotonic_ms()) == RepeatFilter::Verdict::kStore) events.push_back(make_event(key, policy, 1, time));
  }
  return events;
}

std::vector<PlannedEvent> ProgramReports::take_repeats(const policy::Policy& policy, bool all) {
  std::vector<PlannedEvent> events;
  for (const Repeats& ended : all ? repeats_.take_all() : repeats_.take_finished(clock_.monotonic_ms())) {
    events.push_back(make_event(ended.key, policy, ended.count, ended.last));
  }
  return events;
}

std::uint32_t ProgramReports::take_dropped() {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(repeats_.take_dropped(), UINT32_MAX));
}

std::map<std::uint32_t, std::string> ProgramReports::take_notices() { return std::exchange(notices_, {}); }

}  // namespace caretaker::agent
