// What caretaker-net asks for.
#include <algorithm>

#include "agent/guard/guard.h"

namespace caretaker::agent {
namespace {

constexpr MonotonicMs kOfferPauseMs = 10'000;
constexpr MonotonicMs kAskedWalkPauseMs = 600'000;

Status without_fields(const Asked& asked) {
  if (asked.fields.empty()) return ok();
  return make_error(ErrorCode::kInvalidInput, "this request has no fields");
}

}  // namespace

Result<Answered> Guard::get_filter(const Asked& asked) {
  TRY_DONE(without_fields(asked));
  FilterAnswer answer;
  if (!had_school()) return Answered{make_filter_answer(answer), {}};
  answer.state = FilterState::kIncomplete;
  if (trust_.policy() == nullptr || trust_.set() == nullptr) return Answered{make_filter_answer(answer), {}};
  TRY(file, trust_.open_set_file());
  answer.state = FilterState::kReady;
  const auto open = exceptions_.open();
  for (const Exceptions::Open& exception : open) {
    answer.lessons.push_back({exception.lesson, std::max<MonotonicMs>(0, exception.ends - clock_.monotonic_ms())});
  }
  const auto portal = portal_.open();
  if (portal) answer.portal = OpenPortal{portal->name, std::max<MonotonicMs>(0, portal->ends - clock_.monotonic_ms())};
  answer.revision = revision(open, portal);
  answer.policy_toml = trust_.policy()->verified.bundle().policy_toml;
  return Answered{make_filter_answer(answer), std::move(file)};
}

Result<Answered> Guard::wait_filter(const Asked& asked) {
  TRY(known, parse_wait_filter(asked.fields));
  return Answered{make_wait_filter_answer({known == revision(exceptions_.open(), portal_.open()), orders_.is_pressing()}), {}};
}

Result<Answered> Guard::report_web(const Asked& asked) {
  TRY(report, parse_web_report(asked.fields));
  drop_unusable(report);
  if (trust_.policy() == nullptr) return make_error(ErrorCode::kUnavailable, "there is nobody to record as yet");
  TRY(stored, store_once(asked.peer.uid, report.id, [&] {
    auto events = web_.plan(report, trust_.policy()->rules);
    plan_note({"events.dropped", "net-queue", sync::Severity::kMedium}, report.lost, events);
    return events;
  }));
  const bool urgent = std::ranges::any_of(stored, [](const PlannedEvent& event) { return event.subject.severity == sync::Severity::kHigh; });
  return Answered{make_web_report_answer(urgent), {}};
}

Result<Answered> Guard::report_help(const Asked& asked) {
  TRY(report, parse_help_report(asked.fields));
  TRY_DONE(check_help(report));
  if (book_.store() == nullptr || trust_.policy() == nullptr) {
    return make_error(ErrorCode::kUnavailable, "there is nobody to record for yet");
  }
  const HelpReports::Plan plan = help_.plan(report, trust_.policy()->rules, trust_.set());
  if (plan.outcome == HelpOutcome::kStored) {
    TRY_DONE(book_.append({plan.event}, report.id));
    help_.on_stored(report, plan.user);
  }
  if (plan.outcome == HelpOutcome::kTooMany) book_.note({"events.dropped", "help-rate", sync::Severity::kMedium});
  return Answered{make_help_answer(plan.outcome), {}};
}

Result<Answered> Guard::next_batch(const Asked& asked) {
  TRY_DONE(without_fields(asked));
  TRY(body, checkin_.next_request(health(), posture_ ? posture_->words() : PostureWords(), orders_.state_members()));
  return Answered{make_body_answer(body), {}};
}

Result<Answered> Guard::next_hold(const Asked& asked) {
  TRY(mark, parse_next_hold(asked.fields));
  return Answered{make_body_answer(checkin_.hold_request(mark)), {}};
}

Result<Answered> Guard::take_answer(const Asked& asked) {
  TRY(answer, parse_take_answer(asked.fields));
  const TakenAnswer taken = checkin_.take(answer);
  if (checkin_.server_was_heard()) portal_.on_server_reached();
  return Answered{make_taken_answer(taken), {}};
}

Result<Answered> Guard::report_portal(const Asked& asked) {
  TRY(host, parse_portal_report(asked.fields));
  TRY(verdict, portal_.report(host));
  return Answered{make_portal_verdict(verdict), {}};
}

Result<Answered> Guard::offer_set(const Asked& asked) {
  TRY_DONE(without_fields(asked));
  // Copying and walking a set takes a while, in which nobody else is answered: not for every piece of rubbish.
  if (clock_.monotonic_ms() < next_offer_) return make_error(ErrorCode::kUnavailable, "the last offer was refused: not yet");
  const auto applied = TrustUpdates(trust_).take_set(asked.file, clock_.now());
  if (!applied) {
    next_offer_ = clock_.monotonic_ms() + kOfferPauseMs;
    return applied.error();
  }
  book_.note(*applied);
  return Answered{};
}

Result<Answered> Guard::check_set(const Asked& asked) {
  TRY_DONE(without_fields(asked));
  // It reads the whole file: not as often as somebody asks.
  if (clock_.monotonic_ms() < next_asked_walk_) return Answered{};
  next_asked_walk_ = clock_.monotonic_ms() + kAskedWalkPauseMs;
  trust_.check_set_again();
  return Answered{};
}

Result<Answered> Guard::get_uplink(const Asked& asked) {
  TRY_DONE(without_fields(asked));
  UplinkAnswer answer;
  answer.enrolled = identity_.state() == DeviceIdentity::State::kCertified && !identity_.in_doubt();
  if (trust_.root() != nullptr) {
    answer.servers = trust_.root()->root().servers;
    answer.tls_pins = trust_.root()->root().tls_pins;
  }
  if (const ListsInForce* wanted = trust_.wanted_set(); wanted != nullptr) {
    answer.wanted = WantedSet{wanted->verified.manifest().file, wanted->verified.manifest().file_size};
    if (trust_.set() != nullptr) answer.wanted->base = trust_.lists()->verified.manifest().file;
  }
  return Answered{make_uplink_answer(answer), {}};
}

}  // namespace caretaker::agent
