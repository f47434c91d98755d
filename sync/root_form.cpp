#include "sync/root_form.h"

#include "sync/fields.h"

namespace caretaker::sync {
namespace {

constexpr std::string_view kKeyType = "ed25519";
constexpr std::size_t kMaxPins = 8;
constexpr std::size_t kMaxServers = 8;

Error wrong(std::string message) { return make_error(ErrorCode::kInvalidInput, std::move(message)); }

Status parse_keys(Root& root, std::set<KeyId>& foreign, const Json& json) {
  TRY(keys, json.object_at("keys"));
  if (keys->size() > kMaxRootKeys) return wrong("too many keys");
  for (const auto& [id, key] : *keys) {
    TRY(type, key.string_at("type"));
    if (type != kKeyType) {
      foreign.insert(id);
      continue;
    }
    TRY(public_key, key.hex_array_at<32>("public"));
    TRY(holder, text_at(key, "holder"));
    if (holder.empty()) return wrong("a key without a holder");
    root.keys.emplace(id, RootKey{public_key, std::move(holder)});
  }
  return ok();
}

Result<RoleRule> parse_rule(const Json& json, const std::set<KeyId>& foreign) {
  TRY(threshold, number_at(json, "threshold", kMaxRootKeys, 1));
  TRY(keys, json.array_at("keys"));
  RoleRule rule;
  rule.threshold = static_cast<int>(threshold);
  for (const Json& key : *keys) {
    if (key.as_string() == nullptr) return wrong("a key id that is no text");
    if (!foreign.contains(*key.as_string())) rule.keys.insert(*key.as_string());
  }
  return rule;
}

Status parse_roles(Root& root, const std::set<KeyId>& foreign, const Json& json) {
  TRY(roles, json.object_at("roles"));
  for (const auto& [name, rule_json] : *roles) {
    const auto role = parse_role(name);
    if (!role) continue;
    TRY(rule, parse_rule(rule_json, foreign));
    root.roles.emplace(*role, std::move(rule));
  }
  return ok();
}

Status parse_recipients(Root& root, const Json& json) {
  TRY(recipients, json.object_at("recipients"));
  if (recipients->size() > kMaxRecipients) return wrong("too many recipients");
  for (const auto& [id, recipient] : *recipients) {
    TRY(public_key, recipient.hex_array_at<32>("public"));
    TRY(holder, text_at(recipient, "holder"));
    TRY(kind, text_at(recipient, "kind", 48));
    root.recipients.emplace(id, Recipient{public_key, std::move(holder), std::move(kind)});
  }
  return ok();
}

Status parse_server(Root& root, const Json& json) {
  TRY(server_box, json.hex_array_at<32>("server_box"));
  TRY(pins, json.array_at("tls_pins"));
  TRY(servers, json.array_at("servers"));
  if (pins->empty() || pins->size() > kMaxPins || servers->empty() || servers->size() > kMaxServers) {
    return wrong("wrong number of pins or servers");
  }
  root.server_box = server_box;
  for (const Json& pin : *pins) {
    TRY(value, Json(Json::Object{{"tls_pins", pin}}).hex_array_at<32>("tls_pins"));
    root.tls_pins.push_back(value);
  }
  for (const Json& server : *servers) {
    TRY(url, text_at(Json(Json::Object{{"servers", server}}), "servers"));
    if (!url.starts_with("https://")) return wrong("a server's address does not begin with https://");
    root.servers.push_back(std::move(url));
  }
  return ok();
}

Status parse_generations(Root& root, const Json& json) {
  const Json& generations = json["generations"];
  if (generations.is_null()) return ok();
  TRY(policy, number_at(generations, "policy"));
  TRY(lists, number_at(generations, "lists"));
  root.policy_generation = policy;
  root.lists_generation = lists;
  return ok();
}

Json keys_json(const Root& root) {
  Json::Object out;
  for (const auto& [id, key] : root.keys) {
    out[id] = Json::Object{{"type", kKeyType}, {"public", to_hex(key.public_key)}, {"holder", key.holder}};
  }
  return out;
}

Json roles_json(const Root& root) {
  Json::Object out;
  for (const auto& [role, rule] : root.roles) {
    out[std::string(role_name(role))] =
        Json::Object{{"threshold", rule.threshold}, {"keys", Json::Array(rule.keys.begin(), rule.keys.end())}};
  }
  return out;
}

Json recipients_json(const Root& root) {
  Json::Object out;
  for (const auto& [id, recipient] : root.recipients) {
    out[id] = Json::Object{
        {"public", to_hex(recipient.public_key)}, {"holder", recipient.holder}, {"kind", recipient.kind}};
  }
  return out;
}

}  // namespace

Bytes make_root_payload(const Root& root) {
  Json::Array pins;
  for (const Hash& pin : root.tls_pins) pins.push_back(to_hex(pin));
  Json::Object json{{"v", 1},
                    {"version", root.version},
                    {"school_name", root.school_name},
                    {"issued", root.issued},
                    {"expires", root.expires},
                    {"keys", keys_json(root)},
                    {"roles", roles_json(root)},
                    {"recipients", recipients_json(root)},
                    {"server_box", to_hex(root.server_box)},
                    {"tls_pins", std::move(pins)},
                    {"servers", Json::Array(root.servers.begin(), root.servers.end())}};
  if (root.version > 1) json["school"] = to_hex(root.school);
  if (root.policy_generation > 0 || root.lists_generation > 0) {
    json["generations"] = Json::Object{{"policy", root.policy_generation}, {"lists", root.lists_generation}};
  }
  return to_bytes(Json(std::move(json)).dump());
}

Result<Root> parse_root_form(ByteView payload) {
  TRY(json, parse_object_v1(payload, kMaxRootBytes));
  Root root;
  TRY(version, number_at(json, "version", kMaxInteger, 1));
  TRY(school_name, text_at(json, "school_name"));
  TRY(issued, number_at(json, "issued"));
  TRY(expires, number_at(json, "expires", kMaxInteger, issued));
  root.version = version;
  root.school_name = std::move(school_name);
  root.issued = issued;
  root.expires = expires;
  root.school = hash(payload);
  if (version > 1) {
    TRY(school, json.hex_array_at<32>("school"));
    root.school = school;
  }
  std::set<KeyId> foreign;  // keys of a type that this agent cannot use; nobody counts on them
  TRY_DONE(parse_keys(root, foreign, json));
  TRY_DONE(parse_roles(root, foreign, json));
  TRY_DONE(parse_recipients(root, json));
  TRY_DONE(parse_server(root, json));
  TRY_DONE(parse_generations(root, json));
  return root;
}

}  // namespace caretaker::sync
