#include "agent/guard/checkin.h"

#include <algorithm>
#include <array>
#include <utility>

#include "platform/base/log.h"
#include "sync/hold.h"

namespace caretaker::agent {
namespace {

using sync::Severity;

constexpr std::size_t kMaxEvents = 500;
constexpr std::size_t kMaxBytes = 2u << 20;  // a slow line can send it within the time that a request may take

// What a server may say is wrong, as far as we know it; anything else becomes "other" in the book.
constexpr std::array<std::string_view, 7> kProblems = {"fork", "overtaken", "chain", "clone", "replaced", "gap", "unknown-epoch"};

// Of another generation than the newest root's it is no version that counts: the server then gives what it has.
std::int64_t counted(std::int64_t version, std::int64_t generation, std::int64_t roots) { return generation == roots ? version : 0; }

std::int64_t policy_version(const PolicyStore& trust) {
  if (trust.policy() == nullptr) return 0;
  const auto& bundle = trust.policy()->verified.bundle();
  return counted(bundle.version, bundle.generation, trust.root()->root().policy_generation);
}

std::int64_t lists_version(const PolicyStore& trust) {
  const ListsInForce* lists = trust.wanted_set() != nullptr ? trust.wanted_set() : trust.lists();
  if (lists == nullptr) return 0;
  const auto& manifest = lists->verified.manifest();
  return counted(manifest.version, manifest.generation, trust.root()->root().lists_generation);
}

}  // namespace

Json Checkin::make_state(const std::set<std::string>& health, const PostureWords& posture, const Json::Object& more) const {
  const sync::Hardware& hardware = identity_.hardware();
  Json::Array codes(health.begin(), health.end());
  Json::Object state{
      {"nonce", nonce_},
      {"time", bounded_time(clock_.now())},
      {"root", trust_.root() == nullptr ? 0 : trust_.root()->root().version},
      {"policy", policy_version(trust_)},
      {"lists", lists_version(trust_)},
      {"hardware", Json::Object{{"dmi_uuid", hardware.dmi_uuid}, {"board_serial", hardware.board_serial}}},
      {"health", std::move(codes)},
      {"agent", CARETAKER_VERSION}};
  for (const auto& [key, value] : more) state[key] = value;
  if (!posture.empty()) state["posture"] = Json::Object(posture.begin(), posture.end());
  if (const UnixSeconds since = trust_.stale_since(clock_.now()); since > 0) state["stale_since"] = since;
  return state;
}

bool Checkin::has_identity() const {
  return identity_.state() == DeviceIdentity::State::kCertified && !identity_.in_doubt();
}

Bytes Checkin::hold_request(const std::string& mark) const {
  if (!has_identity() || trust_.root() == nullptr) return {};
  const sync::Hold hold{trust_.root()->root().school, identity_.id(), to_hex(random_array<16>()),
                        bounded_time(clock_.now()), mark};
  const SigningKey* key = &identity_.key();
  return sync::make_hold_request({identity_.certificate(),
                                  sync::make_envelope(sync::PayloadType::kHold, sync::make_hold_payload(hold), {&key, 1})});
}

Result<Bytes> Checkin::next_request(const std::set<std::string>& health, const PostureWords& posture, const Json::Object& more) {
  if (!has_identity() || book_.store() == nullptr) return Bytes{};
  TRY(outgoing, book_.store()->next_batch(kMaxEvents, kMaxBytes));
  nonce_ = to_hex(random_array<16>());
  epoch_ = outgoing.batch.epoch;
  more_ = outgoing.more;
  outgoing.batch.state = make_state(health, posture, more);
  const SigningKey* key = &identity_.key();
  sync::CheckinRequest request;
  request.certificate = identity_.certificate();
  request.batch = sync::make_envelope(sync::PayloadType::kBatch, sync::make_batch_payload(outgoing.batch), {&key, 1});
  request.sealed = std::move(outgoing.sealed);
  request.last_receipt = std::move(outgoing.last_receipt);
  return sync::make_checkin_request(request);
}

// True: what it answers was not refused.
Result<bool> Checkin::open_receipt(ByteView envelope) {
  TRY(receipt, sync::open_receipt(sync::RawBlob{to_bytes(envelope)}, *trust_.root(), identity_.id()));
  if (nonce_.empty() || receipt.nonce != nonce_ || receipt.epoch != epoch_) {
    return make_error(ErrorCode::kStale, "A5: a receipt for another request");
  }
  nonce_.clear();
  receipt_time_ = std::max(receipt_time_, receipt.time);
  TRY_DONE(book_.store()->acknowledge(receipt, envelope));
  went_back_ = false;
  return receipt.problem.empty();
}

bool Checkin::take_receipt(ByteView envelope) {
  if (envelope.empty()) return false;
  const auto taken = open_receipt(envelope);
  if (taken) return *taken;
  log_debug("checkin", "receipt refused: " + taken.error().message);
  book_.note({"receipt.refused", rule_of(taken.error()), Severity::kMedium});
  return false;
}

// This complaint is not signed; all that it can cause is sending again. True: there is something to send again.
bool Checkin::take_problem(const sync::CheckinAnswer& answer) {
  if (answer.problem.empty() || book_.store() == nullptr) return false;
  const bool known = std::ranges::find(kProblems, answer.problem) != kProblems.end();
  const bool back = answer.expected && book_.store()->rewind(epoch_, *answer.expected).has_value();
  if (back) return !std::exchange(went_back_, true);
  book_.note({"checkin.problem", known ? answer.problem : "other", Severity::kMedium});
  return false;
}

// The server was restored from a backup, and lacks the end of epochs before; what of them is still here goes again. It asks until
// it has them. True: something new is asked for, and is here.
bool Checkin::take_missing(const std::vector<sync::EpochPlace>& missing) {
  bool found = false;
  for (const sync::EpochPlace& place : missing) {
    if (book_.store() == nullptr) return false;  // found damaged in between
    const auto waits = book_.store()->rewind(place.epoch, place.head);
    found = found || (waits && *waits);
  }
  return std::exchange(missing_, missing) != missing && found;
}

// True: what became of them is to be told at once; what is refused again and again is not.
bool Checkin::take_letters(const std::vector<Bytes>& letters) {
  const auto findings = letters_.take(letters, book_.store()->status().queued == 0);
  bool told = false;
  for (const Subject& finding : findings) told = book_.note(finding) || told;
  return told;
}

TakenAnswer Checkin::take(const sync::CheckinAnswer& answer) {
  heard_ = false;
  const auto findings = TrustUpdates(trust_).take({answer.roots, answer.policy, answer.lists}, clock_.now());
  for (const Subject& finding : findings) book_.note(finding);
  // Not what was refused: that comes again with each answer.
  const bool applied = std::ranges::any_of(findings, [](const Subject& finding) { return finding.kind.ends_with(".applied"); });
  if (trust_.root() == nullptr || book_.store() == nullptr) return {};
  const sync::EpochId epoch = book_.store()->status().epoch;
  const bool received = heard_ = take_receipt(answer.receipt);
  const bool began = book_.store() != nullptr && book_.store()->status().epoch != epoch;
  const bool told = book_.store() != nullptr && take_letters(answer.letters);
  const bool asked = book_.store() != nullptr && take_missing(answer.missing);
  const bool back = take_problem(answer);
  const bool again = (back || (received && asked)) && sent_again_.take(clock_.monotonic_ms());
  return {again || (received && (more_ || began || told)), applied};
}

}  // namespace caretaker::agent
