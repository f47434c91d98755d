#include "agent/cli/school_folder.h"

#include "platform/base/json.h"
#include "platform/files.h"
#include "sync/limits.h"

namespace caretaker::agent {
namespace {

constexpr std::size_t kMaxSmallFile = 64u << 10;

std::filesystem::path root_path(const std::filesystem::path& folder, std::int64_t version) {
  return folder / "roots" / (std::to_string(version) + ".json");
}

Result<Json> read_json(const std::filesystem::path& path) {
  TRY(bytes, platform::read_file(path, kMaxSmallFile));
  auto json = parse_json(as_text(bytes));
  return json ? std::move(json) : Result<Json>(json.error().with_context(path.string()));
}

Result<sync::VerifiedRoot> walk_roots(const std::filesystem::path& folder, const sync::SchoolId& id) {
  TRY(first, platform::read_file(root_path(folder, 1), sync::kMaxRootBytes));
  TRY(root, sync::VerifiedRoot::open_first({std::move(first)}, id));
  for (;;) {
    auto next = platform::read_file(root_path(folder, root.root().version + 1), sync::kMaxRootBytes);
    if (!next && next.error().code == ErrorCode::kNotFound) return root;
    if (!next) return next.error();
    auto opened = root.open_next({std::move(*next)});
    if (!opened) return opened.error().with_context(root_path(folder, root.root().version + 1).string());
    root = std::move(*opened);
  }
}

Status write_school(const std::filesystem::path& folder, const sync::Root& root) {
  Json::Array pins;
  for (const Hash& pin : root.tls_pins) pins.push_back(to_hex(pin));
  const Json json = Json::Object{{"v", 1},
                                 {"name", root.school_name},
                                 {"school", to_hex(root.school)},
                                 {"servers", Json::Array(root.servers.begin(), root.servers.end())},
                                 {"tls_pins", std::move(pins)}};
  return platform::replace_file(folder / "school.json", as_bytes(json.dump(2) + "\n"), 0644);
}

Result<Json::Object> read_versions(const std::filesystem::path& folder) {
  const auto json = read_json(folder / "versions.json");
  if (!json && json.error().code == ErrorCode::kNotFound) return Json::Object{};
  if (!json) return json.error();
  if (json->as_object() == nullptr) return make_error(ErrorCode::kDamaged, "versions.json is no object");
  return *json->as_object();
}

}  // namespace

Result<School> open_school(const std::filesystem::path& folder) {
  auto json = read_json(folder / "school.json");
  if (!json && json.error().code == ErrorCode::kNotFound) {
    return make_error(ErrorCode::kNotFound, folder.string() + " is no school's folder (--school DIR, or `caretaker school new`)");
  }
  if (!json) return json.error();
  TRY(name, json->string_at("name"));
  TRY(id, json->hex_array_at<32>("school"));
  TRY(root, walk_roots(folder, id));
  return School{folder, std::move(name), id, std::move(root)};
}

Result<std::vector<Bytes>> read_roots(const School& school) {
  std::vector<Bytes> roots;
  for (std::int64_t version = 1; version <= school.root.root().version; ++version) {
    TRY(envelope, platform::read_file(root_path(school.folder, version), sync::kMaxRootBytes));
    roots.push_back(std::move(envelope));
  }
  return roots;
}

Status check_no_school(const std::filesystem::path& folder) {
  const auto there = platform::read_file(folder / "school.json", kMaxSmallFile);
  if (!there && there.error().code == ErrorCode::kNotFound) return ok();
  return make_error(ErrorCode::kConflict, folder.string() + " holds a school already; its keys would be lost");
}

Status make_school(const std::filesystem::path& folder, const sync::VerifiedRoot& root, ByteView root_envelope) {
  TRY_DONE(check_no_school(folder));
  TRY_DONE(platform::make_folder(folder / "roots", 0755));
  return add_root(folder, root, root_envelope);
}

Status add_root(const std::filesystem::path& folder, const sync::VerifiedRoot& root, ByteView envelope) {
  TRY_DONE(platform::replace_file(root_path(folder, root.root().version), envelope, 0644));
  return write_school(folder, root.root());
}

Result<std::int64_t> next_version(const std::filesystem::path& folder, const std::string& kind) {
  TRY(versions, read_versions(folder));
  const auto found = versions.find(kind);
  if (found == versions.end()) return std::int64_t{1};
  if (found->second.as_int() == nullptr) return make_error(ErrorCode::kDamaged, "versions.json: no number for " + kind);
  return *found->second.as_int() + 1;
}

Status keep_version(const std::filesystem::path& folder, const std::string& kind, std::int64_t version) {
  TRY(versions, read_versions(folder));
  versions[kind] = version;
  return platform::replace_file(folder / "versions.json", as_bytes(Json(std::move(versions)).dump(2) + "\n"), 0644);
}

}  // namespace caretaker::agent
