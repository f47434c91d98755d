#include "agent/cli/policy_sign.h"

#include <algorithm>
#include <cstdio>

#include "agent/cli/current_policy.h"
#include "agent/cli/passphrase.h"
#include "agent/cli/policy_diff.h"
#include "agent/cli/policy_file.h"
#include "agent/cli/school_folder.h"
#include "platform/files.h"
#include "sync/bundle.h"
#include "sync/bundle_form.h"
#include "sync/limits.h"

namespace caretaker::agent {
namespace {

using sync::PayloadType;

constexpr UnixSeconds kDay = 86'400;

struct Unsigned {
  PayloadType type;
  Bytes payload;
  std::string kind;  // "policy" or "lists"
  std::int64_t version;
};

Status check_readers(const std::string& event, const std::vector<std::string>& kinds, const sync::Root& root) {
  for (const std::string& kind : kinds) {
    const bool exists = std::any_of(root.recipients.begin(), root.recipients.end(),
                                    [&](const auto& entry) { return entry.second.kind == kind; });
    if (!exists) return make_error(ErrorCode::kInvalidInput, "recipients." + event + ": the root has nobody of the kind \"" + kind + "\"");
  }
  if (sync::recipients_of(root, kinds).size() >= 2) return ok();
  return make_error(ErrorCode::kInvalidInput, "recipients." + event +
                    ": only one key could open these records; the root wants two recipients or an escrow key");
}

std::string first_error(const policy::ParsedPolicy& parsed) {
  for (const policy::Diagnostic& found : parsed.diagnostics) {
    if (found.level != policy::Diagnostic::Level::kError) continue;
    return std::to_string(found.line) + ":" + std::to_string(found.column) + ": " + found.field + ": " + found.message;
  }
  return "not usable";
}

Result<Unsigned> make_policy(const PolicySignOptions& options, const School& school, UnixSeconds now) {
  TRY(text, platform::read_file(options.policy, sync::kMaxPolicyBytes));
  const policy::ParsedPolicy parsed = policy::parse_policy(as_text(text), policy::Strictness::kTechnician);
  if (!parsed.usable()) {
    return make_error(ErrorCode::kInvalidInput, options.policy.string() + ":" + first_error(parsed) + " (caretaker policy check shows all)");
  }
  for (const policy::Diagnostic& warning : parsed.diagnostics) {
    std::fputs(format_diagnostic(options.policy.string(), warning).c_str(), stderr);
  }
  TRY_DONE(check_recipients(parsed.policy, school.root.root()));
  TRY(next, next_version(options.school, "policy"));
  const std::int64_t version = options.version.value_or(next);
  const sync::PolicyBundle bundle{version, now, now + options.days * kDay, {}, std::string(as_text(text)),
                                  school.root.root().policy_generation};
  return Unsigned{PayloadType::kPolicy, sync::make_policy_payload(school.id, bundle), "policy", version};
}

Result<Unsigned> make_lists(const PolicySignOptions& options, const School& school, UnixSeconds now) {
  TRY(file, platform::read_file(options.lists, sync::kMaxEnvelopeBytes));
  TRY(manifest, sync::parse_lists_draft(file));
  TRY(next, next_version(options.school, "lists"));
  manifest.version = options.version.value_or(next);
  manifest.issued = now;
  manifest.expires = now + options.days * kDay;
  manifest.generation = school.root.root().lists_generation;
  return Unsigned{PayloadType::kLists, sync::make_lists_payload(school.id, manifest), "lists", manifest.version};
}

// A further signature fits whichever of the two the envelope is.
Result<Bytes> add_one(ByteView envelope, const SigningKey& key) {
  auto signed_policy = sync::add_signature(envelope, PayloadType::kPolicy, key);
  if (signed_policy || signed_policy.error().code != ErrorCode::kUnsupported) return signed_policy;
  return sync::add_signature(envelope, PayloadType::kLists, key);
}

std::optional<policy::Policy> policy_in(ByteView payload) {
  const auto form = sync::parse_policy_form(payload);
  if (!form) return std::nullopt;
  auto parsed = policy::parse_policy(form->bundle.policy_toml, policy::Strictness::kDevice);
  if (!parsed.usable()) return std::nullopt;
  return std::move(parsed.policy);
}

// Said before anything is signed: what it changes for whom, compared with what the school has now.
void tell_change(const PolicySignOptions& options, const School& school, const policy::Policy& policy, const sync::PersonKey& key,
                 const Clock& clock) {
  if (options.offline) return;
  auto client = StaffClient::connect(school, key);
  const auto current = client ? fetch_current_policy(*client, school, clock) : Result<std::optional<CurrentPolicy>>(client.error());
  if (!current) {
    std::printf("Not compared with the policy in force: %s\n", current.error().message.c_str());
  } else if (!*current) {
    std::printf("The school has no policy yet: this is the first.\n");
  } else {
    std::printf("Compared with version %lld, which is in force:\n%s", static_cast<long long>((*current)->version),
                describe_change((*current)->rules, policy).c_str());
  }
  std::fflush(stdout);
}

Result<Bytes> sign_all(const PolicySignOptions& options, Bytes envelope) {
  for (const auto& path : options.keys) {
    TRY(key, open_person(path, options.passphrase_file));
    TRY(more, add_one(envelope, key.signing));
    envelope = std::move(more);
  }
  return envelope;
}

Result<Bytes> sign_new(const PolicySignOptions& options, const Unsigned& made, const School& school, const Clock& clock) {
  TRY(key, open_person(options.keys.front(), options.passphrase_file));
  if (const auto policy = made.type == PayloadType::kPolicy ? policy_in(made.payload) : std::nullopt) {
    tell_change(options, school, *policy, key, clock);
  }
  const SigningKey* signer = &key.signing;
  PolicySignOptions rest = options;
  rest.keys.erase(rest.keys.begin());
  return sign_all(rest, sync::make_envelope(made.type, made.payload, {&signer, 1}));
}

// Would a device take it? Not enough signatures yet is no failure: the next person adds theirs.
Status tell_state(const Bytes& envelope, const School& school, UnixSeconds now) {
  const auto as_policy = sync::open_policy({envelope}, school.root, 0, now);
  if (as_policy) return ok();
  const auto as_lists = sync::open_lists({envelope}, school.root, std::nullopt, now);
  if (as_lists) return ok();
  const Error& why = as_policy.error().code == ErrorCode::kUnsupported ? as_lists.error() : as_policy.error();
  if (!why.message.starts_with("B3")) return why;
  std::printf("Not enough signatures yet (%s): the next person adds theirs with `caretaker policy sign --also`.\n", why.message.c_str());
  return ok();
}

struct Signed {
  Bytes envelope;
  std::optional<Unsigned> made;  // empty: a further signature on what somebody else made
};

Result<Signed> make_signed(const PolicySignOptions& options, const School& school, const Clock& clock) {
  const UnixSeconds now = clock.now();
  if (!options.also.empty()) {
    TRY(envelope, platform::read_file(options.also, sync::kMaxEnvelopeBytes));
    const auto payload = sync::unverified_payload(envelope, PayloadType::kPolicy);
    if (const auto policy = payload ? policy_in(*payload) : std::nullopt) {
      TRY(key, open_person(options.keys.front(), options.passphrase_file));
      tell_change(options, school, *policy, key, clock);
    }
    TRY(more, sign_all(options, std::move(envelope)));
    return Signed{std::move(more), std::nullopt};
  }
  TRY(made, options.policy.empty() ? make_lists(options, school, now) : make_policy(options, school, now));
  TRY(envelope, sign_new(options, made, school, clock));
  return Signed{std::move(envelope), std::move(made)};
}

Status tell_version(const PolicySignOptions& options, const Unsigned& made) {
  TRY_DONE(keep_version(options.school, made.kind, made.version));
  std::printf("Signed as version %lld of the school's %s, good for %d days.\n", static_cast<long long>(made.version),
              made.kind.c_str(), options.days);
  return ok();
}

}  // namespace

Status check_recipients(const policy::Policy& policy, const sync::Root& root) {
  for (const auto& [event, kinds] : policy.recipients) TRY_DONE(check_readers(event, kinds, root));
  return ok();
}

Status run_policy_sign(const PolicySignOptions& options, const Clock& clock) {
  TRY(school, open_school(options.school));
  TRY(result, make_signed(options, school, clock));
  TRY_DONE(tell_state(result.envelope, school, clock.now()));
  TRY_DONE(platform::replace_file(options.out, result.envelope, 0644));
  if (result.made) TRY_DONE(tell_version(options, *result.made));
  std::printf("Written: %s\n", options.out.c_str());
  return ok();
}

}  // namespace caretaker::agent
