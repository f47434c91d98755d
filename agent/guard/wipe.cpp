#include "agent/guard/wipe.h"

#include <algorithm>

#include "agent/guard/device_identity.h"
#include "agent/guard/orders_file.h"
#include "agent/guard/policy_store.h"
#include "platform/base/log.h"
#include "platform/files.h"

namespace caretaker::agent {
namespace {

constexpr int kWaitMs = 200;
constexpr MonotonicMs kLongestWaitMs = 600'000;  // for the last receipt
constexpr int kDataSeconds = 120;                // the rest is done at the next start

// What is verified, and by which key the certificate will be signed.
struct Ordered {
  DeviceIdentity identity;
  sync::VerifiedOrder order;
  WipeIntent intent;
  std::int64_t root = 0;
};

Result<std::vector<Bytes>> read_roots(const WipeSettings& settings, std::int64_t newest) {
  std::vector<Bytes> roots;
  for (std::int64_t version = 1; version <= newest; ++version) {
    TRY(bytes, platform::read_file(settings.state / "trust" / "roots" / (std::to_string(version) + ".json"), sync::kMaxRootBytes));
    roots.push_back(std::move(bytes));
  }
  return roots;
}

Result<Ordered> open_ordered(const WipeSettings& settings) {
  TRY(identity, DeviceIdentity::open(settings.state, settings.hardware));
  if (identity.state() != DeviceIdentity::State::kCertified || identity.in_doubt()) {
    return make_error(ErrorCode::kPermissionDenied, "this machine does not know for sure which one it is: nothing is wiped");
  }
  TRY(state, read_orders(settings.state));
  // Whether the identity was in doubt was asked when it began: what comes later, a server's word that there is a copy, stops nothing half done.
  if (state.wipe.empty() || state.phase == WipePhase::kNone || state.phase == WipePhase::kGrace || state.phase == WipePhase::kFailed) {
    return make_error(ErrorCode::kPermissionDenied, "no wipe is due");
  }
  TRY(trust, PolicyStore::open(settings.state / "trust"));
  TRY_DONE(trust.load(identity.school()));
  TRY(reopened, sync::reopen_order({state.wipe}, trust.roots(), identity.id()));
  TRY(roots, read_roots(settings, reopened.root));
  WipeIntent intent{identity.school(), identity.id(), std::move(state.wipe), std::move(roots), {}, IntentPhase::kKeys};
  TRY(order, open_intent(intent, settings.hardware));
  return Ordered{std::move(identity), std::move(order), std::move(intent), reopened.root};
}

std::string technique_of(std::vector<sync::WipedMedium> media) {
  std::erase_if(media, [](const sync::WipedMedium& medium) { return !medium.kept_for.empty(); });
  const bool any = std::ranges::any_of(media, &sync::WipedMedium::is_encrypted);
  const bool all = std::ranges::all_of(media, &sync::WipedMedium::is_encrypted);
  if (all && !media.empty()) return "cryptographic erase: LUKS key slots destroyed, header areas overwritten; then discard";
  if (any) return "cryptographic erase of the encrypted volumes; discard and overwriting of the others begin after this was signed";
  return "discard and overwriting, which begin after this was signed";
}

Result<sync::WipeCertificate> make_certificate(const WipeSettings& settings, const Ordered& ordered, std::vector<sync::WipedMedium> media,
                                               UnixSeconds now) {
  TRY(root, sync::VerifiedRoot::open_first({ordered.intent.roots.front()}, ordered.intent.school));
  for (std::size_t i = 1; i < ordered.intent.roots.size(); ++i) {
    TRY(next, root.open_next({ordered.intent.roots[i]}));
    root = std::move(next);
  }
  TRY(holders, sync::order_holders({ordered.intent.order}, root));
  sync::WipeCertificate out;
  out.school = ordered.intent.school;
  out.device = ordered.intent.device;
  out.order = ordered.order.order().id;
  out.root = ordered.root;
  out.make = settings.description.make;
  out.model = settings.description.model;
  out.serial = settings.description.serial;
  out.asset = ordered.order.order().asset;
  out.technique = technique_of(media);
  out.method = sync::decide_sanitization(media);
  const bool read_back = out.method != sync::Sanitization::kClearBestEffort;
  out.verification = read_back ? "every header area was read back past the cache, and no header opens" : "none, or not of every medium";
  out.media = std::move(media);
  out.tool = "Caretaker " CARETAKER_VERSION;
  out.who.assign(holders.begin(), holders.end());
  out.when = std::max<UnixSeconds>(0, now);
  out.where = "not known: the device does not say where it is";
  return out;
}

// The guard has it delivered, if there is a network; a machine without one ends all the same.
void wait_for_guard(const WipeSettings& settings, const Clock& clock) {
  const MonotonicMs end = clock.monotonic_ms() + kLongestWaitMs;
  while (clock.monotonic_ms() < end && !platform::file_size(settings.state / kWipeGoOnFile)) settings.wait(kWaitMs);
}

// What makes this machine the school's device. On an encrypted disk it is gone with the keys already.
void destroy_own_keys(const WipeSettings& settings) {
  for (const char* name : {"device.json", "device.copy.json", "orders.json", "orders.copy.json", "events/events.key"}) {
    const auto file = settings.state / name;
    const auto size = platform::file_size(file);
    if (!size) continue;
    Bytes noise(static_cast<std::size_t>(std::min<std::uint64_t>(*size, 1u << 20)));
    random_bytes(noise.data(), noise.size());
    auto done = platform::overwrite_file(file, 0, noise);
    if (done) done = platform::remove_file(file);
    if (!done) log_warning("wipe", done.error().message);
  }
}

void go_on_without(const char* what, const Status& done) {
  if (!done) log_error("wipe", std::string(what) + ": " + done.error().message);
}

Result<Ordered> prepare(const WipeSettings& settings, platform::Eraser& eraser) {
  TRY(ordered, open_ordered(settings));
  auto before = read_intent(settings.intent);
  const bool goes_on = before && before->order == ordered.intent.order;
  if (goes_on) {  // after a power cut: what the volumes were can be told no more
    ordered.intent.plan = std::move(before->plan);
  } else {
    TRY(plan, eraser.plan());
    ordered.intent.plan = std::move(plan);
  }
  return ordered;
}

// As long as neither an intent nor that mark is written nothing is destroyed, and the guard may still be told to leave it.
Status tell_not_begun(const WipeSettings& settings, const Error& why) {
  if (read_intent(settings.intent) || platform::file_size(settings.state / kWipeBegunFile)) return why;
  log_error("wipe", "not begun: " + why.message);
  return platform::replace_file(settings.state / kWipeNotBegunFile, as_bytes(why.message), 0600);
}

}  // namespace

Status run_wipe(const WipeSettings& settings, platform::Eraser& eraser, const Clock& clock) {
  auto ordered_or_not = prepare(settings, eraser);
  if (!ordered_or_not) return tell_not_begun(settings, ordered_or_not.error());
  Ordered& ordered = *ordered_or_not;
  const WipePermit& permit = *ordered.order.wipe_permit();
  // What lies beside the kernel helps after a power cut; where it cannot be written, or a user's mount stays, the keys go all the same.
  go_on_without("the intent", write_intent(settings.intent, ordered.intent));
  go_on_without("that it has begun", platform::replace_file(settings.state / kWipeBegunFile, {}, 0600));
  go_on_without("network file systems", eraser.leave_network());
  auto media = destroy_all_keys(eraser, permit, ordered.intent.plan);
  TRY(certificate, make_certificate(settings, ordered, std::move(media), clock.now()));
  const SigningKey* key = &ordered.identity.key();
  const Bytes envelope = sync::make_envelope(sync::PayloadType::kWipeCertificate, sync::make_wipe_certificate_payload(certificate), {&key, 1});
  go_on_without("the certificate beside the kernel", platform::replace_file(settings.intent / kWipeCertificateFile, envelope, 0600));
  TRY_DONE(platform::replace_file(settings.state / kWipeCertificateFile, envelope, 0600));
  wait_for_guard(settings, clock);
  ordered.intent.phase = IntentPhase::kData;
  go_on_without("the intent", write_intent(settings.intent, ordered.intent));
  destroy_own_keys(settings);
  erase_all_data(eraser, permit, ordered.intent.plan, kDataSeconds);
  return eraser.power_off(permit);
}

}  // namespace caretaker::agent
