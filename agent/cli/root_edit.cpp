#include "agent/cli/root_edit.h"

#include <algorithm>

#include "sync/limits.h"

namespace caretaker::agent {
namespace {

using sync::KeyId;
using sync::Role;
using sync::Root;

Error nobody(const std::string& holder) {
  return make_error(ErrorCode::kNotFound, "nobody is called \"" + holder + "\" in this school (caretaker school show)");
}

struct Held {
  std::set<KeyId> keys;
  std::set<Role> roles;
  std::set<KeyId> boxes;
  std::set<std::string> kinds;
};

Held held_by(const Root& root, const std::string& holder) {
  Held held;
  for (const auto& [id, key] : root.keys) {
    if (key.holder != holder) continue;
    held.keys.insert(id);
    for (const auto& [role, rule] : root.roles) {
      if (rule.keys.contains(id)) held.roles.insert(role);
    }
  }
  for (const auto& [id, recipient] : root.recipients) {
    if (recipient.holder != holder) continue;
    held.boxes.insert(id);
    held.kinds.insert(recipient.kind);
  }
  return held;
}

void take_away(Root& root, const Held& held) {
  for (const KeyId& id : held.keys) {
    root.keys.erase(id);
    for (auto& [role, rule] : root.roles) rule.keys.erase(id);
  }
  for (const KeyId& id : held.boxes) root.recipients.erase(id);
}

void give(Root& root, const sync::PublicPerson& person, const std::set<Role>& roles, const std::set<std::string>& kinds) {
  const KeyId id = sync::key_id(person.sign_public);
  for (const Role role : roles) {
    root.keys[id] = {person.sign_public, person.holder};
    root.roles[role].keys.insert(id);
  }
  for (const std::string& kind : kinds) root.recipients[sync::key_id(person.box_public)] = {person.box_public, person.holder, kind};
}

// A role that nobody has to have, and that nobody has now, is not given.
void drop_empty_roles(Root& root) {
  std::erase_if(root.roles, [](const auto& entry) { return entry.second.keys.empty(); });
}

// How many signatures `caretaker` can bring together for what this role signs; 0: for this role it does not matter. A root that asks for more would
// leave the school with no way to lock, to unlock, to wipe or to open a site for a lesson.
int most_that_sign_together(Role role) {
  switch (role) {
    case Role::kLock:
    case Role::kException: return 1;
    case Role::kWipe: return 2;
    default: return 0;
  }
}

bool is_server(const Held& held) { return held.roles.contains(Role::kReceipts); }

}  // namespace

Status check_name(std::string_view what, std::string_view name) {
  const std::string quoted = std::string(what);
  if (name.empty()) return make_error(ErrorCode::kInvalidInput, quoted + " is empty");
  if (name.size() > sync::kMaxText) return make_error(ErrorCode::kInvalidInput, quoted + " is longer than 256 bytes");
  for (std::size_t i = 0; i < name.size(); ++i) {
    const auto c = static_cast<unsigned char>(name[i]);
    const bool c1 = c == 0xC2 && i + 1 < name.size() && static_cast<unsigned char>(name[i + 1]) < 0xA0;  // U+0080 to U+009F
    if (c < 0x20 || c == 0x7F || c1) {
      return make_error(ErrorCode::kInvalidInput, quoted + " has a control character in it: it would confuse every screen that shows it");
    }
  }
  return ok();
}

Root start_next_root(const Root& current, UnixSeconds now) {
  Root next = current;
  next.version = current.version + 1;
  next.issued = std::max(now, current.issued);
  next.expires = next.issued + kRootLifetime;
  return next;
}

Status add_person(Root& root, const sync::PublicPerson& person, const Office& office) {
  TRY_DONE(check_name("the person's name", person.holder));
  const Held held = held_by(root, person.holder);
  if (is_server(held)) return make_error(ErrorCode::kInvalidInput, "the server is no person");
  const KeyId id = sync::key_id(person.sign_public), box = sync::key_id(person.box_public);
  const bool other_key = (!held.keys.empty() && !held.keys.contains(id)) || (!held.boxes.empty() && !held.boxes.contains(box));
  if (other_key) {
    return make_error(ErrorCode::kConflict, person.holder + " has another key in this school; `caretaker school replace` exchanges it");
  }
  const auto same_key = root.keys.find(id);
  if (same_key != root.keys.end() && same_key->second.holder != person.holder) {
    return make_error(ErrorCode::kConflict, "this is the key of " + same_key->second.holder + ": each person needs a key of their own");
  }
  if (!office.recipient.empty() && root.recipients.contains(box) && root.recipients.at(box).kind != office.recipient) {
    return make_error(ErrorCode::kConflict, person.holder + " reads records as " + root.recipients.at(box).kind +
                                                " already: a second key, under a name of its own, is needed to be " + std::string(office.name) + " too");
  }
  for (const Role role : office.roles) root.roles.try_emplace(role, sync::RoleRule{role == Role::kWipe || role == Role::kRoot ? 2 : 1, {}});
  std::set<std::string> kinds;
  if (!office.recipient.empty()) kinds.insert(std::string(office.recipient));
  give(root, person, {office.roles.begin(), office.roles.end()}, kinds);
  return ok();
}

Status remove_person(Root& root, const std::string& holder) {
  const Held held = held_by(root, holder);
  if (held.keys.empty() && held.boxes.empty()) return nobody(holder);
  if (is_server(held)) return make_error(ErrorCode::kInvalidInput, "the server cannot be removed; `caretaker school server` names another");
  take_away(root, held);
  drop_empty_roles(root);
  return ok();
}

Status replace_person(Root& root, const std::string& holder, const sync::PublicPerson& person) {
  TRY_DONE(check_name("the person's name", person.holder));
  const Held held = held_by(root, holder);
  if (held.keys.empty() && held.boxes.empty()) return nobody(holder);
  if (is_server(held)) return make_error(ErrorCode::kInvalidInput, "the server's keys are changed with `caretaker school server`");
  const KeyId id = sync::key_id(person.sign_public);
  if (held.keys.contains(id) || held.boxes.contains(sync::key_id(person.box_public))) {
    return make_error(ErrorCode::kConflict, "this is the key that " + holder + " has already");
  }
  if (person.holder != holder) {
    const Held other = held_by(root, person.holder);
    if (!other.keys.empty() || !other.boxes.empty()) {
      return make_error(ErrorCode::kConflict, person.holder + " has keys in this school already; add and remove instead");
    }
  }
  if (root.keys.contains(id)) return make_error(ErrorCode::kConflict, "this is the key of " + root.keys.at(id).holder);
  take_away(root, held);
  give(root, person, held.roles, held.kinds);
  return ok();
}

Status set_threshold(Root& root, Role role, int holders) {
  const auto rule = root.roles.find(role);
  if (rule == root.roles.end()) return make_error(ErrorCode::kNotFound, "nobody may " + std::string(role_words(role)) + " in this school");
  if (role == Role::kReceipts) return make_error(ErrorCode::kInvalidInput, "receipts are the server's alone");
  const int most = most_that_sign_together(role);
  if (most != 0 && holders > most) {
    return make_error(ErrorCode::kInvalidInput, "to " + std::string(role_words(role)) + ", caretaker brings together the signatures of " +
                                                    (most == 1 ? "one person" : std::to_string(most) + " people") +
                                                    " and no more: with this root nobody could do it");
  }
  rule->second.threshold = holders;
  return ok();
}

Status move_server(Root& root, const ServerInfo& server, bool keep_old) {
  TRY_DONE(check_name("the server's address", server.url));
  const std::vector<std::string> old = root.servers;
  root.servers = {server.url};
  for (const std::string& url : old) {
    if (keep_old && url != server.url) root.servers.push_back(url);
  }
  std::vector<Hash> pins = server.tls_pins;
  for (const Hash& pin : root.tls_pins) {
    if (keep_old && std::find(pins.begin(), pins.end(), pin) == pins.end()) pins.push_back(pin);
  }
  root.tls_pins = std::move(pins);
  const KeyId id = sync::key_id(server.sign_public);
  if (!root.roles[Role::kReceipts].keys.contains(id) || root.server_box != server.box_public) {
    return make_error(ErrorCode::kInvalidInput,
                      "this is another server, with other keys of its own: it could not verify the devices' books. Move the old one's "
                      "folder (server.key) to the new machine");
  }
  return ok();
}

Status start_generation(Root& root, const std::string& kind) {
  if (kind == "policy") ++root.policy_generation;
  else if (kind == "lists") ++root.lists_generation;
  else return make_error(ErrorCode::kInvalidInput, "\"" + kind + "\": expected policy or lists");
  return ok();
}

Status check_sense(const Root& root) {
  TRY_DONE(check_name("the school's name", root.school_name));
  TRY_DONE(sync::parse_root(sync::make_root_payload(root)));
  return ok();
}

}  // namespace caretaker::agent
