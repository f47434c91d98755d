#include "platform/base/json.h"
#include "platform/eraser.h"

namespace caretaker::platform {
namespace {

constexpr JsonLimits kLimits{64u << 10, 6, 4096};
constexpr std::int64_t kMaxHeader = 64 << 20;

Json target_json(const EraseTarget& target) {
  return Json::Object{{"node", target.node},     {"part_uuid", target.part_uuid},
                      {"luks_uuid", target.luks_uuid}, {"model", target.model},
                      {"serial", target.serial}, {"is_rotational", target.is_rotational},
                      {"size", target.size},     {"header_size", target.header_size},
                      {"key_slots", target.key_slots}, {"is_encrypted", target.is_encrypted},
                      {"kept_for", target.kept_for}};
}

Result<EraseTarget> parse_target(const Json& json) {
  EraseTarget target;
  for (const auto& [key, field] : {std::pair{"node", &EraseTarget::node}, std::pair{"part_uuid", &EraseTarget::part_uuid},
                                   std::pair{"luks_uuid", &EraseTarget::luks_uuid}, std::pair{"model", &EraseTarget::model},
                                   std::pair{"serial", &EraseTarget::serial}, std::pair{"kept_for", &EraseTarget::kept_for}}) {
    TRY(text, json.string_at(key));
    target.*field = std::move(text);
  }
  TRY(is_rotational, json.bool_at("is_rotational"));
  TRY(is_encrypted, json.bool_at("is_encrypted"));
  TRY(size, json.int_at("size"));
  TRY(header_size, json.int_at("header_size"));
  TRY(key_slots, json.int_at("key_slots"));
  const bool sane = target.node.starts_with("/") && size > 0 && header_size >= 0 && header_size <= kMaxHeader && header_size <= size &&
                    key_slots >= 0 && key_slots <= 32;
  if (!sane) return make_error(ErrorCode::kInvalidInput, "a volume that cannot be: " + target.node);
  target.is_rotational = is_rotational;
  target.is_encrypted = is_encrypted;
  target.size = static_cast<std::uint64_t>(size);
  target.header_size = static_cast<std::uint64_t>(header_size);
  target.key_slots = static_cast<int>(key_slots);
  return target;
}

}  // namespace

Bytes make_erase_plan(const ErasePlan& plan) {
  Json::Array targets;
  for (const EraseTarget& target : plan) targets.push_back(target_json(target));
  return to_bytes(Json(Json::Object{{"v", 1}, {"targets", std::move(targets)}}).dump());
}

Result<ErasePlan> parse_erase_plan(ByteView bytes) {
  TRY(json, parse_json(as_text(bytes), kLimits));
  TRY(version, json.int_at("v"));
  if (version != 1) return make_error(ErrorCode::kUnsupported, "a plan of another version");
  TRY(targets, json.array_at("targets"));
  if (targets->size() > kMaxEraseTargets) return make_error(ErrorCode::kInvalidInput, "too many volumes");
  ErasePlan plan;
  for (const Json& item : *targets) {
    TRY(target, parse_target(item));
    plan.push_back(std::move(target));
  }
  return plan;
}

}  // namespace caretaker::platform
