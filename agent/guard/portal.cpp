#include "agent/guard/portal.h"

namespace caretaker::agent {
namespace {

using policy::PortalVerdict;
using sync::Severity;

// Whoever runs the access point can say a thousand things: what is refused is counted by the reason alone.
bool is_refusal(PortalVerdict verdict) {
  return verdict == PortalVerdict::kClosed || verdict == PortalVerdict::kFar || verdict == PortalVerdict::kBusy ||
         verdict == PortalVerdict::kTooOften || verdict == PortalVerdict::kNoName;
}

PlannedEvent opened(const policy::PortalDecision& decision, UnixSeconds now) {
  sync::Details details;
  details.fields["name"] = decision.name;
  details.fields["attribution"] = "device";
  details.fields["minutes"] = std::to_string(decision.ms / 60'000);
  return {{"portal.opened", "redirect", Severity::kLow, std::move(details)}, 1, now};
}

}  // namespace

Result<PortalVerdict> Portal::report(std::string_view host) {
  if (trust_.policy() == nullptr || trust_.set() == nullptr) return make_error(ErrorCode::kUnavailable, "there is no policy to judge it by");
  (void)open();
  const MonotonicMs now = clock_.monotonic_ms();
  std::erase_if(before_, [now](const policy::PortalOpening& one) { return one.began_ms <= now - policy::kPortalDayMs; });
  const auto decision = policy::decide_portal(trust_.policy()->rules, *trust_.set(), {host, now, before_, server_reached_});
  if (is_refusal(decision.verdict)) book_.note({"portal.refused", std::string(policy::portal_verdict_name(decision.verdict))});
  if (decision.verdict != PortalVerdict::kOpen) return decision.verdict;
  TRY_DONE(book_.append({opened(decision, clock_.now())}));
  before_.push_back({decision.name, now, now + decision.ms});
  is_open_ = true;
  return decision.verdict;
}

void Portal::on_server_reached() {
  server_reached_ = clock_.monotonic_ms();
  if (is_open_) close("server-reached");
}

void Portal::close(const char* why) {
  is_open_ = false;
  before_.back().ends_ms = std::min(before_.back().ends_ms, clock_.monotonic_ms());
  book_.note({"portal.closed", why});
}

std::optional<Portal::Open> Portal::open() {
  if (!is_open_) return std::nullopt;
  if (clock_.monotonic_ms() >= before_.back().ends_ms) close("time");
  else if (trust_.policy() == nullptr || trust_.policy()->rules.network.portal_minutes <= 0) close("policy");
  if (!is_open_) return std::nullopt;
  return Open{before_.back().name, before_.back().ends_ms};
}

}  // namespace caretaker::agent
