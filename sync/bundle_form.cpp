#include "sync/bundle_form.h"

#include "sync/fields.h"

namespace caretaker::sync {
namespace {

Error wrong(std::string message) { return make_error(ErrorCode::kInvalidInput, std::move(message)); }

struct Validity {
  std::int64_t version;
  UnixSeconds issued;
  UnixSeconds expires;
  std::int64_t generation;
};

Result<Validity> parse_validity(const Json& json) {
  TRY(version, number_at(json, "version", kMaxInteger, 1));
  TRY(issued, number_at(json, "issued", kMaxInteger - kMaxLifetime));
  TRY(expires, number_at(json, "expires", issued + kMaxLifetime, issued));
  if (json["generation"].is_null()) return Validity{version, issued, expires, 0};
  TRY(generation, number_at(json, "generation"));
  return Validity{version, issued, expires, generation};
}

Result<std::vector<std::string>> parse_critical(const Json& json) {
  TRY(items, json.array_at("critical"));
  std::vector<std::string> critical;
  for (const Json& item : *items) {
    if (item.as_string() == nullptr) return wrong("\"critical\" has a member that is no text");
    critical.push_back(*item.as_string());
  }
  return critical;
}

Result<std::uint64_t> count_at(const Json& json, std::string_view key, std::uint64_t most = kMaxInteger) {
  TRY(value, number_at(json, key, static_cast<std::int64_t>(most)));
  return static_cast<std::uint64_t>(value);
}

Status parse_categories(ListsManifest& manifest, const Json& json) {
  TRY(categories, json.object_at("categories"));
  if (categories->size() > kMaxCategories) return wrong("too many categories");
  for (const auto& [name, category] : *categories) {
    TRY(names, count_at(category, "names", manifest.names));
    TRY(locked, category.bool_at("locked"));
    if (locked && names > manifest.locked_names) return wrong("more names in a locked category than are locked");
    manifest.categories.emplace(name, ListCategory{names, locked});
  }
  return ok();
}

Json::Object content_json(const ListsManifest& manifest) {
  Json::Object categories;
  for (const auto& [name, category] : manifest.categories) {
    categories[name] = Json::Object{{"names", category.names}, {"locked", category.locked}};
  }
  return Json::Object{{"v", 1},
                      {"content", to_hex(manifest.content)},
                      {"locked_content", to_hex(manifest.locked_content)},
                      {"names", manifest.names},
                      {"locked_names", manifest.locked_names},
                      {"file", to_hex(manifest.file)},
                      {"file_size", manifest.file_size},
                      {"categories", std::move(categories)}};
}

Result<ListsManifest> parse_content(const Json& json) {
  ListsManifest manifest;
  TRY(content, json.hex_array_at<32>("content"));
  TRY(locked_content, json.hex_array_at<32>("locked_content"));
  TRY(file, json.hex_array_at<32>("file"));
  TRY(names, count_at(json, "names"));
  TRY(locked_names, count_at(json, "locked_names", names));
  TRY(file_size, count_at(json, "file_size", kMaxSetFileBytes));
  manifest.content = content;
  manifest.locked_content = locked_content;
  manifest.file = file;
  manifest.names = names;
  manifest.locked_names = locked_names;
  manifest.file_size = file_size;
  TRY_DONE(parse_categories(manifest, json));
  return manifest;
}

}  // namespace

Bytes make_policy_payload(const SchoolId& school, const PolicyBundle& bundle) {
  Json::Object json{{"v", 1},
                    {"school", to_hex(school)},
                    {"version", bundle.version},
                    {"issued", bundle.issued},
                    {"expires", bundle.expires},
                    {"critical", Json::Array(bundle.critical.begin(), bundle.critical.end())},
                    {"policy", bundle.policy_toml}};
  if (bundle.generation > 0) json["generation"] = bundle.generation;
  return to_bytes(Json(std::move(json)).dump());
}

Bytes make_lists_payload(const SchoolId& school, const ListsManifest& manifest) {
  Json::Object json = content_json(manifest);
  json["school"] = to_hex(school);
  json["version"] = manifest.version;
  json["issued"] = manifest.issued;
  json["expires"] = manifest.expires;
  if (manifest.generation > 0) json["generation"] = manifest.generation;
  return to_bytes(Json(std::move(json)).dump());
}

Bytes make_lists_draft(const ListsManifest& manifest) {
  return to_bytes(Json(content_json(manifest)).dump(2) + "\n");
}

Result<PolicyForm> parse_policy_form(ByteView payload) {
  TRY(json, parse_object_v1(payload, kMaxEnvelopeBytes));
  TRY(school, json.hex_array_at<32>("school"));
  TRY(validity, parse_validity(json));
  TRY(critical, parse_critical(json));
  TRY(policy, text_at(json, "policy", kMaxPolicyBytes));
  return PolicyForm{school,
                    {validity.version, validity.issued, validity.expires, std::move(critical), std::move(policy), validity.generation}};
}

Result<ListsForm> parse_lists_form(ByteView payload) {
  TRY(json, parse_object_v1(payload, kMaxEnvelopeBytes));
  TRY(school, json.hex_array_at<32>("school"));
  TRY(validity, parse_validity(json));
  TRY(manifest, parse_content(json));
  manifest.version = validity.version;
  manifest.issued = validity.issued;
  manifest.expires = validity.expires;
  manifest.generation = validity.generation;
  return ListsForm{school, std::move(manifest)};
}

Result<ListsManifest> parse_lists_draft(ByteView file) {
  TRY(json, parse_object_v1(file, kMaxEnvelopeBytes));
  return parse_content(json);
}

}  // namespace caretaker::sync
