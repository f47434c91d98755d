#include "sync/server/rewrap.h"

#include <algorithm>

#include "sync/event.h"
#include "sync/fields.h"

namespace caretaker::server {
namespace {

constexpr std::size_t kMaxKeys = 2000;
constexpr std::size_t kWrappedSize = 80;

struct Offered {
  std::int64_t event = 0;
  sync::WrappedKey key;
};

Result<Offered> parse_offered(const Json& json, const sync::Root& root) {
  TRY(event, sync::number_at(json, "event"));
  TRY(recipient, json.hex_array_at<16>("recipient"));
  TRY(wrapped, sync::blob_at(json, "wrapped", kWrappedSize));
  if (wrapped.size() != kWrappedSize) return make_error(ErrorCode::kInvalidInput, "a wrapped key of a wrong size");
  if (!root.recipients.contains(to_hex(recipient))) {
    return make_error(ErrorCode::kPermissionDenied, "the root names no recipient " + to_hex(recipient));
  }
  return Offered{event, {to_hex(recipient), std::move(wrapped)}};
}

// Whether it was added.
Result<bool> add_key(FleetStore& store, Offered offered) {
  TRY(stored, store.sealed_of(offered.event));
  if (!stored) return false;
  auto sealed = sync::parse_sealed_json(*stored);
  if (!sealed) return false;  // damaged: the others are worth having
  const auto same = [&](const sync::WrappedKey& key) { return key.recipient == offered.key.recipient; };
  if (sealed->keys.size() >= sync::kMaxRecipients || std::any_of(sealed->keys.begin(), sealed->keys.end(), same)) return false;
  sealed->keys.push_back(std::move(offered.key));
  TRY_DONE(store.replace_sealed(offered.event, sync::make_sealed_json(*sealed)));
  return true;
}

}  // namespace

Result<Json> rewrap_events(FleetStore& store, const sync::Root& root, const Json& arguments) {
  TRY(keys, arguments.array_at("keys"));
  if (keys->size() > kMaxKeys) return make_error(ErrorCode::kTooLarge, "more than 2,000 keys at once");
  std::int64_t added = 0;
  TRY_DONE(store.transaction([&]() -> Status {
    for (const Json& json : *keys) {
      TRY(offered, parse_offered(json, root));
      TRY(was_added, add_key(store, std::move(offered)));
      added += was_added ? 1 : 0;
    }
    return ok();
  }));
  return Json(Json::Object{{"added", added}, {"left", static_cast<std::int64_t>(keys->size()) - added}});
}

}  // namespace caretaker::server
