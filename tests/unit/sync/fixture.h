// A school for tests: its people's keys, its root, and words for what a refusal says.
#pragma once

#include <string>
#include <vector>

#include "platform/base/json.h"
#include "sync/root.h"

namespace caretaker::sync::test {

inline SigningKey new_key() { return make_signing_key(random_key()); }

// "verified", or the number of the check that refused.
template <typename T>
std::string verdict(const Result<T>& result) {
  if (result) return "verified";
  const std::string& message = result.error().message;
  return message.substr(0, message.find(':'));
}

inline Bytes envelope_of(PayloadType type, ByteView payload, std::initializer_list<const SigningKey*> keys) {
  return make_envelope(type, payload, std::vector<const SigningKey*>(keys));
}

// The same JSON object with one member changed; null removes it.
inline Bytes with(ByteView object, const std::string& key, Json value) {
  Json::Object json = *parse_json(as_text(object), {8u << 20, 32})->as_object();
  if (value.is_null()) json.erase(key);
  else json[key] = std::move(value);
  return to_bytes(Json(std::move(json)).dump());
}

struct TestSchool {
  SigningKey head = new_key(), deputy = new_key(), governor = new_key();
  SigningKey technician = new_key(), second_technician = new_key(), lists = new_key(), server = new_key();
  SigningKey safeguarding = new_key();
  BoxKey safeguarding_box = make_box_key(random_key());
  BoxKey server_box = make_box_key(random_key());
  Root root;

  TestSchool() {
    root.version = 1;
    root.school_name = "Test School";
    root.issued = 1'000;
    root.expires = 2'000'000'000;
    give(Role::kRoot, 2, {{"head", &head}, {"deputy", &deputy}, {"governor", &governor}});
    give(Role::kPolicy, 1, {{"technician", &technician}, {"second technician", &second_technician}});
    give(Role::kLists, 1, {{"lists", &lists}});
    give(Role::kReceipts, 1, {{"server", &server}});
    give(Role::kSafeguarding, 1, {{"lead", &safeguarding}});
    root.recipients[key_id(safeguarding_box.public_key)] = {safeguarding_box.public_key, "lead", "safeguarding"};
    root.server_box = server_box.public_key;
    root.tls_pins = {Hash{1}, Hash{2}};
    root.servers = {"https://127.0.0.1:8443"};
    root.school = hash(make_root_payload(root));
  }

  void give(Role role, int threshold, std::initializer_list<std::pair<const char*, const SigningKey*>> keys) {
    RoleRule rule{threshold, {}};
    for (const auto& [holder, key] : keys) {
      root.keys[key_id(key->public_key)] = {key->public_key, holder};
      rule.keys.insert(key_id(key->public_key));
    }
    root.roles[role] = rule;
  }

  [[nodiscard]] Bytes root_envelope() const { return envelope_of(PayloadType::kRoot, make_root_payload(root), {&head, &deputy}); }
  [[nodiscard]] VerifiedRoot verified() const { return *VerifiedRoot::open_first({root_envelope()}, root.school); }
};

}  // namespace caretaker::sync::test
