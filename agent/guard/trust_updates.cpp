#include "agent/guard/trust_updates.h"

#include <algorithm>
#include <cctype>

#include "platform/base/log.h"
#include "policy/set_change.h"
#include "policy/weakening.h"

namespace caretaker::agent {
namespace {

using sync::RawBlob;
using sync::Severity;

Subject applied(const char* subject, std::int64_t version) {
  return {std::string(subject) + ".applied", "v" + std::to_string(version), Severity::kInfo};
}

Subject refused(const char* subject, const Error& error) {
  log_debug("policy", std::string(subject) + " refused: " + error.message);  // the book tells; a flood must not fill the log
  return {std::string(subject) + ".refused", rule_of(error), Severity::kMedium};
}

// How long ago the lists in force were taken; 0: it is not known, and counts as today.
std::int64_t lists_age(const PolicyStore& store, UnixSeconds now) {
  const UnixSeconds taken = store.lists_history().taken;
  return taken == 0 ? 0 : now - std::min(taken, now);
}

}  // namespace

std::string rule_of(const Error& error) {
  const std::size_t colon = error.message.find(':');
  const std::string number = error.message.substr(0, colon == std::string::npos ? 0 : colon);
  const bool is_number = number.size() >= 2 && number.size() <= 4 && std::isupper(static_cast<unsigned char>(number[0])) &&
                         std::isdigit(static_cast<unsigned char>(number[1]));
  return is_number ? number : std::string(error_code_name(error.code));
}

std::vector<Subject> TrustUpdates::take(const TrustBlobs& blobs, UnixSeconds clock) {
  std::vector<Subject> findings;
  for (const Bytes& envelope : blobs.roots) {
    if (auto taken = take_root(envelope); !taken) {
      findings.push_back(refused("root", taken.error()));
      break;  // the ones behind it build on it
    }
    findings.push_back(applied("root", store_.root()->root().version));
  }
  if (store_.root() == nullptr) return findings;
  const UnixSeconds now = store_.judged_time(clock);
  if (!blobs.policy.empty()) {
    const auto taken = take_policy(blobs.policy, now);
    findings.push_back(taken ? applied("policy", store_.policy_floor()) : refused("policy", taken.error()));
  }
  if (!blobs.lists.empty()) {
    if (auto taken = take_lists(blobs.lists, now); !taken) findings.push_back(refused("lists", taken.error()));
  }
  return findings;
}

Status TrustUpdates::take_root(ByteView envelope) {
  if (store_.root() == nullptr) return make_error(ErrorCode::kNotFound, "no root to measure a root against");
  TRY(next, store_.root()->open_next(RawBlob{to_bytes(envelope)}));
  return store_.append_root(std::move(next), envelope);
}

Status TrustUpdates::check_weakening(const sync::VerifiedPolicy& verified, const policy::Policy& rules) const {
  if (store_.policy() == nullptr) return ok();
  const auto weakenings = policy::find_weakenings(store_.policy()->rules, rules);
  if (weakenings.empty()) return ok();
  auto two = sync::check_role(store_.root()->root(), sync::Role::kPolicy, verified.signers(), 2);
  if (two) return ok();
  return make_error(ErrorCode::kPermissionDenied, "A2: a weaker policy needs two holders' signatures");
}

Status TrustUpdates::take_policy(ByteView envelope, UnixSeconds now) {
  // Where the one that was accepted last is not in force (damaged), it may come again.
  const bool comparable = store_.policy() != nullptr &&
                          store_.policy()->verified.bundle().generation == store_.root()->root().policy_generation;
  const std::int64_t held = comparable ? store_.policy()->verified.bundle().version : 0;
  const std::int64_t floor = store_.policy_floor() - (held < store_.policy_floor() ? 1 : 0);
  TRY(verified, sync::open_policy(RawBlob{to_bytes(envelope)}, *store_.root(), floor, now));
  auto parsed = policy::parse_policy(verified.bundle().policy_toml, policy::Strictness::kDevice);
  if (!parsed.usable()) return make_error(ErrorCode::kInvalidInput, "A1: signed, but not a usable policy");
  TRY_DONE(check_weakening(verified, parsed.policy));
  return store_.replace_policy({std::move(verified), std::move(parsed.policy), to_bytes(envelope)});
}

Status TrustUpdates::take_lists(ByteView envelope, UnixSeconds now) {
  const ListsInForce* current = store_.lists();
  TRY(verified, sync::open_lists(RawBlob{to_bytes(envelope)}, *store_.root(), std::nullopt, now));
  const std::int64_t floor = store_.lists_floor() - (current != nullptr || store_.lists_floor() == 0 ? 0 : 1);
  if (verified.manifest().version <= floor) {
    return make_error(ErrorCode::kStale, "B5: lists not newer than what was accepted before");
  }
  if (current != nullptr) {
    TRY_DONE(sync::check_lists_change(current->verified.manifest(), verified.manifest(), verified.countersigned(), lists_age(store_, now)));
  }
  return store_.replace_lists({std::move(verified), to_bytes(envelope)}, now);
}

// The manifest's counts bound a change from below only; here the names themselves are compared, with what the publisher's key
// has changed before.
Result<sync::ListsHistory> TrustUpdates::check_change(const ListsInForce& wanted, const SetInForce& offered, UnixSeconds now) const {
  const sync::ListsHistory& history = store_.lists_history();
  sync::ListsChange next{std::max(now, UnixSeconds{1}), wanted.verified.manifest().content, 0, {}};
  if (store_.set() == nullptr || store_.lists() == nullptr || wanted.verified.countersigned()) return sync::with_change(history, std::move(next), true);
  policy::SetChange change = policy::compare_sets(*store_.set(), offered.view());
  next.names = change.names;
  next.categories = std::move(change.categories);
  TRY_DONE(sync::judge_lists_change(history, store_.lists()->verified.manifest(), next));
  return sync::with_change(history, std::move(next), false);
}

Result<Subject> TrustUpdates::take_set(const platform::OpenFile& offered, UnixSeconds clock) {
  while (!store_.is_set_checked()) store_.check_set_part();  // what is offered is measured against it
  const ListsInForce* wanted = store_.wanted_set();
  if (wanted == nullptr) return make_error(ErrorCode::kNotFound, "no set file is waited for");
  const sync::ListsManifest& manifest = wanted->verified.manifest();
  const auto incoming = store_.incoming_set();
  TRY_DONE(platform::copy_file(offered, incoming, manifest.file_size, 0600));
  auto set = SetInForce::open(incoming, manifest);
  store_.settle_lists_history(store_.judged_time(clock));
  auto history = set ? check_change(*wanted, *set, store_.judged_time(clock)) : Result<sync::ListsHistory>(set.error());
  const Status good = history ? store_.install_set(incoming, std::move(*set), std::move(*history)) : Status(history.error());
  if (!good) {
    if (auto removed = platform::remove_file(incoming); !removed) log_warning("policy", removed.error().message);
    return good.error();
  }
  return applied("lists", store_.lists()->verified.manifest().version);
}

}  // namespace caretaker::agent
