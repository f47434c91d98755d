#include "sync/bundle.h"

#include <algorithm>
#include <array>

#include "sync/bundle_form.h"
#include "sync/checks.h"
#include "sync/lists_bounds.h"

namespace caretaker::sync {
namespace {

// Features that a bundle may mark critical and that this agent knows. There are none yet beyond the format itself.
constexpr std::array<std::string_view, 1> kKnownFeatures = {"policy-1"};

Status check_critical(const std::vector<std::string>& critical) {
  for (const std::string& feature : critical) {
    if (std::find(kKnownFeatures.begin(), kKnownFeatures.end(), feature) == kKnownFeatures.end()) {
      return refuse(Check::kBundleCritical, feature);
    }
  }
  return ok();
}

Status check_version(std::int64_t version, std::int64_t floor) {
  if (version > floor) return ok();
  return refuse(Check::kBundleVersion, std::to_string(version) + ", accepted before: " + std::to_string(floor));
}

// Before the version: that of another generation says nothing.
Status check_generation(std::int64_t generation, std::int64_t roots) {
  if (generation == roots) return ok();
  return refuse(Check::kBundleGeneration, std::to_string(generation) + ", the root's: " + std::to_string(roots));
}

Status check_expiry(UnixSeconds expires, UnixSeconds now) {
  if (expires > now) return ok();
  return refuse(Check::kBundleExpiry, to_rfc3339(expires));
}

KeyRing lists_ring(const Root& root) {
  KeyRing ring = role_ring(root, Role::kLists);
  ring.merge(role_ring(root, Role::kPolicy));
  return ring;
}

}  // namespace

Result<VerifiedPolicy> open_policy(const RawBlob& blob, const VerifiedRoot& root, std::int64_t version_floor,
                                   UnixSeconds now) {
  TRY(opened, open_envelope(blob.bytes, PayloadType::kPolicy, role_ring(root.root(), Role::kPolicy)));
  TRY_DONE(check_role(root.root(), Role::kPolicy, opened.signers));
  TRY(form, in_check(Check::kPolicyForm, parse_policy_form(opened.payload)));
  if (form.school != root.root().school) return refuse(Check::kBundleSchool);
  TRY_DONE(check_generation(form.bundle.generation, root.root().policy_generation));
  TRY_DONE(check_version(form.bundle.version, version_floor));
  TRY_DONE(check_expiry(form.bundle.expires, now));
  TRY_DONE(check_critical(form.bundle.critical));
  return VerifiedPolicy(std::move(form.bundle), std::move(opened.signers));
}

Result<VerifiedLists> open_lists(const RawBlob& blob, const VerifiedRoot& root,
                                 const std::optional<ListsManifest>& current, UnixSeconds now) {
  TRY(opened, open_envelope(blob.bytes, PayloadType::kLists, lists_ring(root.root())));
  TRY_DONE(check_role(root.root(), Role::kLists, opened.signers));
  const bool countersigned = check_role(root.root(), Role::kPolicy, opened.signers).has_value();
  TRY(form, in_check(Check::kListsForm, parse_lists_form(opened.payload)));
  if (form.school != root.root().school) return refuse(Check::kBundleSchool);
  TRY_DONE(check_generation(form.manifest.generation, root.root().lists_generation));
  const bool same = current && current->generation == form.manifest.generation;
  TRY_DONE(check_version(form.manifest.version, same ? current->version : 0));
  TRY_DONE(check_expiry(form.manifest.expires, now));
  if (current) TRY_DONE(check_lists_change(*current, form.manifest, countersigned, 0));
  return VerifiedLists(std::move(form.manifest), countersigned);
}

}  // namespace caretaker::sync
