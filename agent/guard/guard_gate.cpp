// What caretaker-gate asks for: it says what happened at the packet filter and hears the policy. And what caretaker-inspect says of itself.
#include "agent/control_fields.h"
#include "agent/control_gate.h"
#include "agent/guard/guard.h"
#include "platform/base/log.h"

namespace caretaker::agent {
namespace {

using policy::Reason;
using sync::Severity;

Reason reason_of(GateAttempt::Way way) {
  switch (way) {
    case GateAttempt::Way::kPlainDns:
    case GateAttempt::Way::kDnsOverTls:
    case GateAttempt::Way::kDnsOverHttps: return Reason::kBypassDoh;
    case GateAttempt::Way::kVpn: return Reason::kBypassVpn;
    case GateAttempt::Way::kProxy: return Reason::kBypassProxy;
  }
  return Reason::kBypassProxy;
}

Violation make_violation(const GateAttempt& attempt, UnixSeconds now) {
  const bool is_v6 = attempt.address.find(':') != std::string::npos;
  const std::string host = is_v6 ? "[" + attempt.address + "]" : attempt.address;
  return {attempt.uid, reason_of(attempt.way), "", host + ":" + std::to_string(attempt.port) + (attempt.tcp ? "/tcp" : "/udp"), now, 1};
}

Severity news_severity(GateNews news) { return news == GateNews::kFilterUp ? Severity::kLow : Severity::kMedium; }

}  // namespace

Result<Answered> Guard::report_gate(const Asked& asked) {
  TRY(report, parse_gate_report(asked.fields));
  gate_seen_ = clock_.monotonic_ms();
  filter_works_ = report.filter_works;
  GateAnswer answer;
  // Who has once been the school's and lost the policy keeps the rules that are there: a damaged file opens nothing.
  if (trust_.policy() == nullptr && had_school()) answer.word = GateAnswer::Word::kUnchanged;
  answer.stored = store_gate_group(asked.peer.uid, report).has_value();  // a full disk is no reason to keep the policy from the gate
  if (trust_.policy() == nullptr) return Answered{make_gate_answer(answer), {}};
  const std::string& text = trust_.policy()->verified.bundle().policy_toml;
  answer.word = GateAnswer::Word::kUnchanged;
  if (hash(as_bytes(text)) != report.policy) {
    answer.word = GateAnswer::Word::kPolicy;
    answer.policy_toml = text;
  }
  return Answered{make_gate_answer(answer), {}};
}

Status Guard::store_gate_group(std::uint32_t caller, const GateReport& report) {
  if (report.attempts.empty() && report.news.empty() && report.lost == 0) return ok();
  if (!report.attempts.empty() && trust_.policy() == nullptr) return make_error(ErrorCode::kUnavailable, "there is nobody to record as yet");
  TRY_DONE(store_once(caller, report.id, [&] {
    WebReport web;
    for (const GateAttempt& attempt : report.attempts) web.violations.push_back(make_violation(attempt, clock_.now()));
    auto events = web.violations.empty() ? std::vector<PlannedEvent>() : web_.plan(web, trust_.policy()->rules);
    for (const GateNews news : report.news) plan_note({"gate.changed", std::string(gate_news_name(news)), news_severity(news)}, 1, events);
    plan_note({"events.dropped", "gate-queue", Severity::kMedium}, report.lost, events);
    return events;
  }));
  return ok();
}

void Guard::add_gate_health(std::set<std::string>& codes) const {
  if (!settings_.gate_uid) return;
  if (clock_.monotonic_ms() - gate_seen_ > kSilentMs) codes.insert("gate-silent");
  else if (!filter_works_) codes.insert("filter-down");
}

Result<Answered> Guard::report_inspect(const Asked& asked) {
  TRY(report, parse_inspect_report(asked.fields));
  inspect_seen_ = clock_.monotonic_ms();
  if (report.restored > 0) book_.note({"inspect.changed", "rules-restored", Severity::kMedium});
  if (std::exchange(sees_connections_, report.sees) != report.sees) {
    book_.note({"inspect.changed", report.sees ? "seeing" : "blind", report.sees ? Severity::kLow : Severity::kMedium});
  }
  return Answered{};
}

void Guard::add_inspect_health(std::set<std::string>& codes) const {
  if (settings_.inspect_uid == kNobody) return;
  if (clock_.monotonic_ms() - inspect_seen_ > kSilentMs) codes.insert("inspect-silent");
  else if (!sees_connections_) codes.insert("inspect-blind");
}

}  // namespace caretaker::agent
