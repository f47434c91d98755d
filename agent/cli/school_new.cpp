#include "agent/cli/school_new.h"

#include <cstdio>
#include <set>

#include "agent/cli/passphrase.h"
#include "agent/cli/school_folder.h"
#include "platform/base/json.h"
#include "platform/files.h"

namespace caretaker::agent {
namespace {

using sync::PersonKey;
using sync::Role;
using sync::Root;

constexpr UnixSeconds kRootLifetime = 2 * 365 * 86'400;
using People = std::vector<PersonKey>;

void add_role(Root& root, Role role, int threshold, std::initializer_list<const People*> groups) {
  sync::RoleRule rule{threshold, {}};
  for (const People* people : groups) {
    for (const PersonKey& person : *people) {
      const sync::KeyId id = sync::key_id(person.signing.public_key);
      root.keys[id] = {person.signing.public_key, person.holder};
      rule.keys.insert(id);
    }
  }
  root.roles[role] = std::move(rule);
}

void add_recipients(Root& root, const People& people, const std::string& kind) {
  for (const PersonKey& person : people) {
    root.recipients[sync::key_id(person.box.public_key)] = {person.box.public_key, person.holder, kind};
  }
}

// The key's file name: what a holder's name has besides letters, digits, '-', '_' becomes '-'.
std::string file_name(const std::string& holder) {
  std::string name;
  for (const char c : holder) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    name.push_back(plain ? c : '-');
  }
  return name + ".key";
}

Status check_holders(const SchoolNewOptions& options) {
  if (options.root_holders.size() < 3) return make_error(ErrorCode::kInvalidInput, "the root wants three holders, so that one key may be lost");
  if (options.technicians.empty() || options.safeguarding.empty()) {
    return make_error(ErrorCode::kInvalidInput, "at least one technician and one safeguarding lead are needed");
  }
  std::set<std::string> files{file_name("escrow")};
  for (const auto* group : {&options.root_holders, &options.technicians, &options.safeguarding, &options.teachers}) {
    for (const std::string& holder : *group) {
      if (holder.empty() || !files.insert(file_name(holder)).second) {
        return make_error(ErrorCode::kInvalidInput, "two key files would be called " + file_name(holder) + ": give each holder a name of their own");
      }
    }
  }
  if (files.insert(file_name(options.lists_holder)).second) return ok();
  return make_error(ErrorCode::kInvalidInput, "the list publisher needs a name of its own");
}

People make_people(const std::vector<std::string>& holders) {
  People people;
  for (const std::string& holder : holders) people.push_back(sync::make_person_key(holder));
  return people;
}

SchoolPeople make_all_people(const SchoolNewOptions& options) {
  return {make_people(options.root_holders), make_people(options.technicians), make_people(options.safeguarding),
          make_people({options.lists_holder}),
          options.safeguarding.size() < 2 ? make_people({"escrow"}) : People{}, make_people(options.teachers)};
}

Status write_keys(const SchoolNewOptions& options, const People& people, const char* what) {
  for (const PersonKey& person : people) {
    const auto path = options.folder / "keys" / file_name(person.holder);
    TRY(passphrase, choose_passphrase(options.passphrase_file, person.holder));
    TRY(file, sync::make_key_file(person, passphrase, options.cost));
    TRY_DONE(platform::replace_file(path, file, 0600));
    std::printf("  %-28s %s\n", path.filename().c_str(), what);
    std::fflush(stdout);
  }
  return ok();
}

Status write_all_keys(const SchoolNewOptions& options, const SchoolPeople& people) {
  TRY_DONE(platform::make_folder(options.folder / "keys", 0700));
  std::printf("Keys, each under a passphrase (this takes a second each):\n");
  TRY_DONE(write_keys(options, people.root_holders, "root: two of these change who may do what"));
  TRY_DONE(write_keys(options, people.technicians, "technician: policies, tokens, devices"));
  TRY_DONE(write_keys(options, people.safeguarding, "safeguarding: opens the sealed records"));
  TRY_DONE(write_keys(options, people.lists, "signs the day's lists"));
  TRY_DONE(write_keys(options, people.teachers, "teacher: opens a site for a class and a lesson"));
  return write_keys(options, people.escrow, "opens the sealed records if the lead's key is lost: print it, lock it away");
}

Bytes sign_root(const Root& root, const People& holders) {
  return sync::make_envelope(sync::PayloadType::kRoot, sync::make_root_payload(root),
                             std::vector<const SigningKey*>{&holders[0].signing, &holders[1].signing});
}

void tell_next_steps(const SchoolNewOptions& options, const Root& root) {
  std::printf("\n%s is a school now. Its id, which every device pins:\n  %s\n\n", options.name.c_str(), to_hex(root.school).c_str());
  std::printf("What comes next:\n"
              "  1. Give each key file in %s to its holder and keep no copy together with the others.\n"
              "  2. Hand %s to the server: caretaker-server --data DIR adopt 1.json\n"
              "  3. Sign a policy and send it: caretaker policy sign, caretaker policy push\n"
              "  4. Enrol machines: caretaker token new, caretaker enrol\n",
              (options.folder / "keys").c_str(), (options.folder / "roots" / "1.json").c_str());
}

}  // namespace

Result<ServerInfo> parse_server_info(ByteView file) {
  TRY(json, parse_json(as_text(file), {8192, 4}));
  TRY(url, json.string_at("url"));
  TRY(sign_public, json.hex_array_at<32>("sign_public"));
  TRY(box_public, json.hex_array_at<32>("box_public"));
  TRY(pin, json.hex_array_at<32>("tls_pin"));
  ServerInfo info{std::move(url), sign_public, box_public, {pin}};
  if (json["tls_spare_pin"].is_null()) return info;
  TRY(spare, json.hex_array_at<32>("tls_spare_pin"));
  info.tls_pins.push_back(spare);
  return info;
}

Root make_first_root(const std::string& name, const SchoolPeople& people, const ServerInfo& server, UnixSeconds now) {
  Root root;
  root.version = 1;
  root.school_name = name;
  root.issued = now;
  root.expires = now + kRootLifetime;
  add_role(root, Role::kRoot, 2, {&people.root_holders});
  add_role(root, Role::kPolicy, 1, {&people.technicians});
  add_role(root, Role::kLists, 1, {&people.lists});
  add_role(root, Role::kLock, 1, {&people.technicians});
  add_role(root, Role::kWipe, 2, {&people.technicians, &people.root_holders});
  add_role(root, Role::kSafeguarding, 1, {&people.safeguarding});
  if (!people.teachers.empty()) add_role(root, Role::kException, 1, {&people.teachers});
  const sync::KeyId server_id = sync::key_id(server.sign_public);
  root.keys[server_id] = {server.sign_public, "server"};
  root.roles[Role::kReceipts] = {1, {server_id}};
  add_recipients(root, people.safeguarding, "safeguarding");
  add_recipients(root, people.technicians, "technician");
  add_recipients(root, people.escrow, "escrow");
  root.server_box = server.box_public;
  root.tls_pins = server.tls_pins;
  root.servers = {server.url};
  root.school = hash(sync::make_root_payload(root));
  return root;
}

Status run_school_new(const SchoolNewOptions& options, const Clock& clock) {
  TRY_DONE(check_holders(options));
  TRY_DONE(check_no_school(options.folder));
  TRY(info_file, platform::read_file(options.server_info, 8192));
  const auto server = parse_server_info(info_file);
  if (!server) return server.error().with_context(options.server_info.string());
  const SchoolPeople people = make_all_people(options);
  const Root root = make_first_root(options.name, people, *server, clock.now());
  const Bytes envelope = sign_root(root, people.root_holders);
  TRY(verified, sync::VerifiedRoot::open_first({envelope}, root.school));
  TRY_DONE(write_all_keys(options, people));
  TRY_DONE(make_school(options.folder, verified, envelope));
  tell_next_steps(options, root);
  return ok();
}

}  // namespace caretaker::agent
