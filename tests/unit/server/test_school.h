// A school with its people, its server and its devices, for tests of the server.
#pragma once

#include <catch2/catch.hpp>
#include <filesystem>

#include "platform/base/log.h"
#include "sync/bundle.h"
#include "sync/key_file.h"
#include "sync/server/enrol.h"
#include "sync/server/fleet_store.h"
#include "sync/server/school_state.h"
#include "sync/server/staff.h"
#include "sync/staff_request.h"

namespace caretaker::test {

// Fails the test where a value was expected.
template <typename T>
T must(Result<T> result) {
  if (!result) FAIL(result.error().message);
  return std::move(*result);
}

class TempFolder {
 public:
  TempFolder() : path_(std::filesystem::temp_directory_path() / ("caretaker-test-" + to_hex(random_array<8>()))) {
    std::filesystem::create_directories(path_);
  }
  ~TempFolder() { std::filesystem::remove_all(path_); }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

struct People {
  sync::PersonKey head = sync::make_person_key("head");
  sync::PersonKey deputy = sync::make_person_key("deputy");
  sync::PersonKey technician = sync::make_person_key("technician");
  sync::PersonKey lead = sync::make_person_key("safeguarding lead");
  sync::PersonKey publisher = sync::make_person_key("list publisher");
  sync::PersonKey teacher = sync::make_person_key("teacher");
};

inline constexpr UnixSeconds kNow = 1'795'000'000;

class TestSchool {
 public:
  TestSchool()
      : keys(make_keys()), store(must(server::FleetStore::open(folder.path() / "fleet.db"))), state(adopted()) {
    set_log_level(LogLevel::kError);
  }

  static Bytes envelope(sync::PayloadType type, ByteView payload, std::vector<const SigningKey*> signers) {
    return sync::make_envelope(type, payload, signers);
  }

  [[nodiscard]] sync::Root root_one() const {
    sync::Root root;
    root.version = 1;
    root.school_name = "Test School";
    root.issued = kNow - 1000;
    root.expires = kNow + 365 * 86400;
    const auto add = [&root](sync::Role role, int threshold, std::vector<const sync::PersonKey*> holders) {
      for (const auto* person : holders) {
        const auto id = sync::key_id(person->signing.public_key);
        root.keys[id] = {person->signing.public_key, person->holder};
        root.roles[role].keys.insert(id);
      }
      root.roles[role].threshold = threshold;
    };
    add(sync::Role::kRoot, 2, {&people.head, &people.deputy});
    add(sync::Role::kPolicy, 1, {&people.technician});
    add(sync::Role::kLock, 1, {&people.technician});
    add(sync::Role::kWipe, 2, {&people.technician, &people.head});
    add(sync::Role::kSafeguarding, 1, {&people.lead});
    add(sync::Role::kLists, 1, {&people.publisher});
    add(sync::Role::kException, 1, {&people.teacher});
    const auto server_id = sync::key_id(keys.sign.public_key);
    root.keys[server_id] = {keys.sign.public_key, "server"};
    root.roles[sync::Role::kReceipts] = {1, {server_id}};
    root.recipients[sync::key_id(people.lead.box.public_key)] = {people.lead.box.public_key, "safeguarding lead", "safeguarding"};
    root.server_box = keys.box.public_key;
    root.tls_pins = {keys.tls.pin};
    root.servers = {"https://127.0.0.1:8443"};
    return root;
  }
  // The next one: the technician has left, and the deputy is in each place of theirs.
  [[nodiscard]] sync::Root root_without_technician() const {
    sync::Root next = root_one();
    next.version = 2;
    next.school = state.id();
    const auto gone = sync::key_id(people.technician.signing.public_key);
    const auto after = sync::key_id(people.deputy.signing.public_key);
    for (auto& [role, rule] : next.roles) {
      if (rule.keys.erase(gone) != 0) rule.keys.insert(after);
    }
    next.keys.erase(gone);
    return next;
  }
  [[nodiscard]] Bytes signed_root(const sync::Root& root) const {
    return envelope(sync::PayloadType::kRoot, sync::make_root_payload(root), {&people.head.signing, &people.deputy.signing});
  }

  // A signed staff request; each has a nonce of its own.
  [[nodiscard]] Bytes request(const sync::PersonKey& person, std::string action, Json arguments = Json::Object{},
                              UnixSeconds time = kNow) const {
    const sync::StaffRequest staff{state.id(), std::move(action), std::move(arguments), to_hex(random_array<16>()), time};
    return envelope(sync::PayloadType::kStaffRequest, sync::make_staff_payload(staff), {&person.signing});
  }
  Result<Json> ask(const sync::PersonKey& person, std::string action, Json arguments = Json::Object{}) {
    return server::answer_staff(store, state, request(person, std::move(action), std::move(arguments)), kNow);
  }

  // The secret of a token that the server has been told of.
  std::array<std::uint8_t, 16> new_token() {
    const auto secret = random_array<16>();
    must(ask(people.technician, "token.new", Json::Object{{"token_hash", to_hex(sync::token_hash(secret))}}));
    return secret;
  }

  [[nodiscard]] Bytes policy(std::int64_t version, UnixSeconds expires = kNow + 30 * 86400) const {
    const sync::PolicyBundle bundle{version, kNow - 10, expires, {}, "school = \"Test School\"\n"};
    return envelope(sync::PayloadType::kPolicy, sync::make_policy_payload(state.id(), bundle), {&people.technician.signing});
  }

  TempFolder folder;
  People people;
  server::ServerKeys keys;
  server::FleetStore store;
  server::SchoolState state;

 private:
  [[nodiscard]] server::ServerKeys make_keys() const {
    must(server::make_server_keys(folder.path(), "https://127.0.0.1:8443", system_clock()));
    return must(server::read_server_keys(folder.path()));
  }
  server::SchoolState adopted() {
    must(server::SchoolState::adopt(store, keys, {signed_root(root_one())}));
    return must(server::SchoolState::open(store, keys));
  }
};

}  // namespace caretaker::test
