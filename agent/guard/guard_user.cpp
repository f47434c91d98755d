// What the command line asks for.
#include "agent/guard/guard.h"
#include "agent/notice.h"
#include "agent/why.h"

namespace caretaker::agent {
namespace {

constexpr std::size_t kMaxEventBytes = 2u << 20;

std::string user_name(const WebReports::FindUser& find_user, std::uint32_t uid) {
  const auto user = find_user(uid);
  return user ? user->name : "";
}

// Roots that this machine does not know yet. A long history comes in several answers, and a device that knew its school before has
// some of it.
std::vector<Bytes> newer_roots(std::vector<Bytes> roots, std::int64_t known) {
  std::erase_if(roots, [known](const Bytes& envelope) {
    const auto payload = sync::unverified_payload(envelope, sync::PayloadType::kRoot, sync::kMaxRootBytes);
    const auto root = payload ? sync::parse_root(*payload) : Result<sync::Root>(payload.error());
    return root && root->version <= known;
  });
  return roots;
}

}  // namespace

std::vector<MediumRow> Guard::media_rows() const {
  std::vector<MediumRow> rows;
  if (!media_) return rows;
  for (const auto& [id, attached] : media_->attached()) {
    const MediumIdentity& identity = attached.volume.identity;
    rows.push_back({std::string(medium_name(identity.medium)), identity.usb, identity.serial, attached.content.volume_id,
                    attached.content.kind, std::string(policy::access_name(attached.decision.access)),
                    std::string(policy::media_reason_name(attached.decision.reason)),
                    std::string(policy::media_notice(attached.decision))});
  }
  return rows;
}

std::string Guard::notice() const {
  if (identity_.state() != DeviceIdentity::State::kCertified || trust_.root() == nullptr) return "";
  return make_notice(trust_.root()->root().school_name, trust_.policy() == nullptr ? policy::Notice() : trust_.policy()->rules.notice);
}

Result<Answered> Guard::status(const Asked& asked) {
  if (!asked.fields.empty()) return make_error(ErrorCode::kInvalidInput, "this request has no fields");
  StatusAnswer answer;
  answer.agent_version = CARETAKER_VERSION;
  answer.enrolled = identity_.state() == DeviceIdentity::State::kCertified;
  if (identity_.state() != DeviceIdentity::State::kNone) answer.device = to_hex(identity_.id());
  if (trust_.root() != nullptr) {
    answer.school = trust_.root()->root().school_name;
    answer.root_version = trust_.root()->root().version;
  }
  if (trust_.policy() != nullptr) answer.policy_version = trust_.policy()->verified.bundle().version;
  if (trust_.set() != nullptr) answer.lists_version = trust_.lists()->verified.manifest().version;
  answer.stale_since = trust_.stale_since(clock_.now());
  if (book_.store() != nullptr) {
    const EventStoreStatus stored = book_.store()->status();
    answer.events_queued = stored.queued;
    answer.last_receipt = stored.last_receipt;
  }
  const auto codes = health();
  answer.health.assign(codes.begin(), codes.end());
  answer.notice = notice();
  answer.media = media_rows();
  if (const auto portal = portal_.open()) answer.portal = {portal->name, std::max<MonotonicMs>(0, portal->ends - clock_.monotonic_ms())};
  if (posture_) answer.posture.assign(posture_->words().begin(), posture_->words().end());
  return Answered{make_status_answer(answer), {}};
}

Result<Answered> Guard::events(const Asked& asked) {
  TRY(question, parse_events_question(asked.fields));
  EventsAnswer answer;
  if (book_.store() == nullptr) return Answered{make_events_answer(answer), {}};
  answer.epoch = book_.store()->status().epoch;
  TRY(stored, book_.store()->list(question.from_seq, question.limit, kMaxEventBytes));
  for (StoredEntry& entry : stored) {
    answer.events.push_back({entry.from, entry.to, entry.acknowledged, std::move(entry.body), std::move(entry.sealed)});
  }
  return Answered{make_events_answer(answer), {}};
}

Result<Answered> Guard::enrol_begin(const Asked& asked) {
  TRY(begin, parse_enrol_begin(asked.fields));
  TRY(token, sync::parse_token_text(begin.token));
  TRY_DONE(identity_.begin(token.school));
  const sync::EnrolmentRequest request{identity_.school(), identity_.key().public_key, token.secret, identity_.hardware(),
                                       begin.label};
  const SigningKey* key = &identity_.key();
  return Answered{make_enrol_begin_answer(sync::make_envelope(sync::PayloadType::kEnrolment,
                                                              sync::make_enrolment_payload(request), {&key, 1})),
                  {}};
}

// From here on this machine is the school's: a certificate for our own key, by the newest root.
Status Guard::certify(const sync::EnrolmentAnswer& answer) {
  TRY(certificate, sync::open_certificate(sync::RawBlob{answer.certificate}, *trust_.root()));
  const sync::Hardware& ours = identity_.hardware();
  if (certificate.device_key != identity_.key().public_key || certificate.hardware.dmi_uuid != ours.dmi_uuid ||
      certificate.hardware.board_serial != ours.board_serial) {
    return make_error(ErrorCode::kUnauthentic, "A7: a certificate for another device");
  }
  return identity_.certify(answer.certificate);
}

Result<Answered> Guard::enrol_finish(const Asked& asked) {
  TRY(answer, parse_enrol_finish(asked.fields));
  if (identity_.state() != DeviceIdentity::State::kUncertified) {
    return make_error(ErrorCode::kConflict, "no enrolment has begun, or it is done already");
  }
  const bool known_school = trust_.root() != nullptr && trust_.root()->root().school == identity_.school();
  if (!known_school) TRY_DONE(trust_.adopt(identity_.school(), answer.roots));
  TrustBlobs blobs{newer_roots(std::move(answer.roots), trust_.root()->root().version), std::move(answer.policy), std::move(answer.lists)};
  auto findings = TrustUpdates(trust_).take({std::move(blobs.roots), {}, {}}, clock_.now());
  if (answer.certificate.empty()) return Answered{};  // more of the history comes first
  TRY_DONE(certify(answer));
  for (Subject& finding : TrustUpdates(trust_).take({{}, std::move(blobs.policy), std::move(blobs.lists)}, clock_.now())) findings.push_back(std::move(finding));
  TRY_DONE(open_book());
  orders_.load(true);
  book_.note({"enrolment.done", "certificate"});
  for (const Subject& finding : findings) book_.note(finding);
  return Answered{};
}

Result<Answered> Guard::why(const Asked& asked) {
  TRY(question, parse_why_question(asked.fields));
  const std::string self = user_name(find_user_, asked.peer.uid);
  if (question.user.empty() && question.group.empty()) question.user = self;
  const bool about_self = question.group.empty() && question.user == self;
  if (!about_self && !is_owner(asked.peer)) {
    return make_error(ErrorCode::kPermissionDenied, "only the device's administrator may ask about others");
  }
  if (trust_.policy() == nullptr || trust_.set() == nullptr) {
    return make_error(ErrorCode::kNotFound, "no verified policy and lists are loaded: nothing is answered");
  }
  std::vector<std::string> os_groups;
  if (const auto user = platform::find_user(question.user); user) os_groups = user->groups;
  std::vector<policy::Lesson> lessons;
  for (Exceptions::Open& open : exceptions_.open()) lessons.push_back(std::move(open.lesson));
  const auto portal = portal_.open();
  TRY(answer, decide_why(trust_.policy()->rules, *trust_.set(), question, os_groups, {lessons, portal ? portal->name : ""}));
  answer.policy_version = trust_.policy()->verified.bundle().version;
  answer.lists_version = trust_.lists()->verified.manifest().version;
  return Answered{make_why_answer(answer), {}};
}

// From a folder that somebody carried here: the same door as for what comes from the server.
Result<Answered> Guard::import(const Asked& asked) {
  TRY(given, parse_take_answer(asked.fields));
  if (trust_.root() == nullptr && had_school() && identity_.state() != DeviceIdentity::State::kNone) {
    TRY_DONE(trust_.restore(identity_.school(), given.roots));
    try_book_again();
  }
  if (trust_.root() == nullptr) return make_error(ErrorCode::kNotFound, "this machine is not enrolled: it knows no school yet");
  // A folder has all roots from the first on.
  const auto known = std::min(given.roots.size(), static_cast<std::size_t>(trust_.root()->root().version));
  given.roots.erase(given.roots.begin(), given.roots.begin() + static_cast<std::ptrdiff_t>(known));
  auto findings = TrustUpdates(trust_).take({std::move(given.roots), std::move(given.policy), std::move(given.lists)}, clock_.now());
  for (Subject& finding : letters_.take(given.letters, false)) findings.push_back(std::move(finding));
  std::vector<std::string> lines;
  for (const Subject& finding : findings) {
    book_.note(finding);
    lines.push_back(finding.kind + " " + finding.rule);
  }
  return Answered{make_import_answer(lines), {}};
}

Result<Answered> Guard::snooze(const Asked& asked) {
  if (!asked.fields.empty()) return make_error(ErrorCode::kInvalidInput, "this request has no fields");
  if (!session_watch_) return make_error(ErrorCode::kUnsupported, "nothing switches this machine off");
  if (trust_.policy() == nullptr) return make_error(ErrorCode::kNotFound, "there is no policy yet");
  TRY_DONE(session_watch_->snooze(trust_.policy()->rules, asked.peer.uid));
  return Answered{};
}

Result<Answered> Guard::lost_notice(const Asked& asked) {
  if (!asked.fields.empty()) return make_error(ErrorCode::kInvalidInput, "this request has no fields");
  const LostNotice notice = orders_.notice();
  return Answered{make_lost_answer({notice.is_locked, notice.school, notice.message, notice.telephone, notice.challenge}), {}};
}

Result<Answered> Guard::unlock(const Asked& asked) {
  TRY(code, parse_unlock(asked.fields));
  TRY_DONE(orders_.unlock(code));
  return Answered{};
}

}  // namespace caretaker::agent
