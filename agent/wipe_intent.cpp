#include "agent/wipe_intent.h"

#include <algorithm>
#include <array>

#include "platform/base/log.h"
#include "platform/files.h"
#include "sync/fields.h"
#include "sync/root_pages.h"

namespace caretaker::agent {
namespace {

constexpr std::size_t kMaxIntent = sync::kMaxKeptRootsBytes;
constexpr std::array<std::string_view, 3> kPhases = {"keys", "data", "done"};
constexpr int kResumeSeconds = 6 * 3600;  // for data, when nothing else runs
constexpr const char* kFile = "wipe-intent.json";

Result<sync::VerifiedRoot> newest_root(const WipeIntent& intent) {
  if (intent.roots.empty()) return make_error(ErrorCode::kInvalidInput, "no root");
  TRY(root, sync::VerifiedRoot::open_first({intent.roots.front()}, intent.school));
  for (std::size_t i = 1; i < intent.roots.size(); ++i) {
    TRY(next, root.open_next({intent.roots[i]}));
    root = std::move(next);
  }
  return root;
}

}  // namespace

Bytes make_intent(const WipeIntent& intent) {
  Json::Array roots;
  for (const Bytes& root : intent.roots) roots.push_back(to_base64(root));
  return to_bytes(Json(Json::Object{{"v", 1},
                                    {"school", to_hex(intent.school)},
                                    {"device", to_hex(intent.device)},
                                    {"order", to_base64(intent.order)},
                                    {"roots", std::move(roots)},
                                    {"plan", to_base64(platform::make_erase_plan(intent.plan))},
                                    {"phase", kPhases[static_cast<std::size_t>(intent.phase)]}})
                      .dump());
}

Result<WipeIntent> parse_intent(ByteView bytes) {
  TRY(json, sync::parse_object_v1(bytes, kMaxIntent, sync::kMaxKeptRootsValues));
  TRY(school, json.hex_array_at<32>("school"));
  TRY(device, json.hex_array_at<32>("device"));
  TRY(order, sync::blob_at(json, "order", sync::kMaxOrderBytes));
  TRY(roots, sync::blobs_at(json, "roots", sync::kMaxKeptRoots, sync::kMaxRootBytes));
  TRY(plan_bytes, sync::blob_at(json, "plan", 64u << 10));
  TRY(plan, platform::parse_erase_plan(plan_bytes));
  TRY(phase_text, json.string_at("phase"));
  const auto phase = std::find(kPhases.begin(), kPhases.end(), phase_text);
  if (phase == kPhases.end()) return make_error(ErrorCode::kInvalidInput, "no such phase");
  return WipeIntent{school, device, std::move(order), std::move(roots), std::move(plan), static_cast<IntentPhase>(phase - kPhases.begin())};
}

Status write_intent(const std::filesystem::path& folder, const WipeIntent& intent) {
  TRY_DONE(platform::make_folder(folder, 0700));
  return platform::replace_file(folder / kFile, make_intent(intent), 0600);
}

Result<WipeIntent> read_intent(const std::filesystem::path& folder) {
  TRY(bytes, platform::read_file(folder / kFile, kMaxIntent));
  return parse_intent(bytes);
}

Status forget_other_intent(const std::filesystem::path& folder, const sync::DeviceId& device) {
  const auto intent = read_intent(folder);
  if (!intent) return intent.error().code == ErrorCode::kNotFound ? ok() : Status(intent.error());
  if (intent->device == device && intent->phase != IntentPhase::kDone) return ok();
  return platform::remove_file(folder / kFile);
}

Result<sync::VerifiedOrder> open_intent(const WipeIntent& intent, const sync::Hardware& hardware) {
  TRY(root, newest_root(intent));
  TRY(reopened, sync::reopen_order({intent.order}, {&root, 1}, intent.device));
  if (!reopened.order.wipe_permit()) return make_error(ErrorCode::kInvalidInput, "the order is no wipe");
  TRY_DONE(sync::check_order_hardware(reopened.order.order(), hardware));
  return std::move(reopened.order);
}

std::vector<sync::WipedMedium> destroy_all_keys(platform::Eraser& eraser, const WipePermit& permit, const platform::ErasePlan& plan) {
  std::vector<sync::WipedMedium> media;
  for (const platform::EraseTarget& target : plan) {
    sync::WipedMedium medium{target.node, target.model, target.serial, target.size, !target.is_rotational, target.is_encrypted,
                             target.key_slots, false, target.kept_for};
    if (target.header_size > 0 && target.kept_for.empty()) {
      Status done = eraser.verify_keys(target);
      if (!done) done = eraser.destroy_keys(permit, target);
      if (done) done = eraser.verify_keys(target);
      if (!done) log_error("wipe", done.error().message);
      medium.is_verified = done.has_value();
    }
    media.push_back(std::move(medium));
  }
  return media;
}

void erase_all_data(platform::Eraser& eraser, const WipePermit& permit, const platform::ErasePlan& plan, int seconds) {
  for (const platform::EraseTarget& target : plan) {
    if (!target.kept_for.empty()) continue;
    if (auto erased = eraser.erase_data(permit, target, seconds); !erased) log_warning("wipe", erased.error().message);
  }
}

Result<bool> resume_wipe(const std::filesystem::path& folder, const sync::Hardware& hardware, platform::Eraser& eraser, bool to_the_end) {
  auto intent = read_intent(folder);
  if (!intent && intent.error().code == ErrorCode::kNotFound) return false;
  if (!intent) return intent.error();
  TRY(order, open_intent(*intent, hardware));
  if (intent->phase == IntentPhase::kDone) return false;
  const auto media = destroy_all_keys(eraser, *order.wipe_permit(), intent->plan);
  const bool failed = std::ranges::any_of(media, [](const auto& medium) {
    return medium.kept_for.empty() && medium.is_encrypted && !medium.is_verified;
  });
  if (failed) return make_error(ErrorCode::kUnavailable, "a volume's keys could not be destroyed");
  if (intent->phase == IntentPhase::kKeys && !to_the_end) return true;
  erase_all_data(eraser, *order.wipe_permit(), intent->plan, kResumeSeconds);
  intent->phase = IntentPhase::kDone;
  TRY_DONE(write_intent(folder, *intent));
  return true;
}

}  // namespace caretaker::agent
