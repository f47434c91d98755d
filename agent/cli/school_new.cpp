#include "agent/cli/school_new.h"

#include <cstdio>
#include <set>

#include "agent/cli/key.h"
#include "agent/cli/passphrase.h"
#include "agent/cli/root_edit.h"
#include "agent/cli/root_words.h"
#include "agent/cli/school_folder.h"
#include "agent/cli/school_guide.h"
#include "platform/base/json.h"
#include "platform/files.h"
#include "platform/terminal.h"

namespace caretaker::agent {
namespace {

using sync::Role;
using sync::Root;

// The key's file name: what a holder's name has besides letters, digits, '-', '_' becomes '-'.
std::string file_name(const std::string& holder) {
  std::string name;
  for (const char c : holder) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    name.push_back(plain ? c : '-');
  }
  return name + ".key";
}

struct Group {
  const std::vector<std::string>* holders;
  std::string_view office;
};
std::vector<Group> groups_of(const SchoolNewOptions& options) {
  return {{&options.root_holders, "root-holder"}, {&options.technicians, "technician"}, {&options.safeguarding, "safeguarding"},
          {&options.heads, "head"}, {&options.teachers, "teacher"}};
}

Status take_file_name(std::set<std::string>& files, const std::string& holder) {
  TRY_DONE(check_name("a holder's name", holder));
  if (holder == "server") return make_error(ErrorCode::kInvalidInput, "\"server\" is the server's own name here");
  if (files.insert(file_name(holder)).second) return ok();
  return make_error(ErrorCode::kInvalidInput, "two key files would be called " + file_name(holder) + ": give each holder a name of their own");
}

Status check_holders(const SchoolNewOptions& options) {
  TRY_DONE(check_name("the school's name", options.name));
  if (options.root_holders.size() < 3) return make_error(ErrorCode::kInvalidInput, "the root wants three holders, so that one key may be lost");
  if (options.technicians.empty() || options.safeguarding.empty()) {
    return make_error(ErrorCode::kInvalidInput, "at least one technician and one safeguarding lead are needed");
  }
  std::set<std::string> files{file_name("escrow")};
  for (const Group& group : groups_of(options)) {
    for (const std::string& holder : *group.holders) TRY_DONE(take_file_name(files, holder));
  }
  return take_file_name(files, options.lists_holder);
}

std::vector<NewPerson> make_people(const SchoolNewOptions& options) {
  std::vector<NewPerson> people;
  for (const Group& group : groups_of(options)) {
    for (const std::string& holder : *group.holders) people.push_back({sync::make_person_key(holder), group.office});
  }
  people.push_back({sync::make_person_key(options.lists_holder), "lists"});
  if (options.safeguarding.size() < 2) people.push_back({sync::make_person_key("escrow"), "escrow"});
  return people;
}

Status write_key(const SchoolNewOptions& options, const NewPerson& person, UnixSeconds now) {
  const auto path = options.folder / "keys" / file_name(person.key.holder);
  TRY(passphrase, choose_passphrase(options.passphrase_file, person.key.holder));
  TRY(file, sync::make_key_file(person.key, passphrase, options.cost));
  TRY_DONE(platform::replace_file(path, file, 0600));
  TRY(office, find_office(person.office));
  std::printf("  %-28s %s\n", path.filename().c_str(), std::string(office->what).c_str());
  std::fflush(stdout);
  if (options.backups.empty()) return ok();
  const std::string page = make_key_page(person.key, options.name, std::string(office->what), now);
  return platform::replace_file((options.backups / path.stem()).concat(".html"), as_bytes(page), 0600);
}

Status write_all_keys(const SchoolNewOptions& options, const std::vector<NewPerson>& people, UnixSeconds now) {
  TRY_DONE(platform::make_folder(options.folder / "keys", 0700));
  if (!options.backups.empty()) TRY_DONE(platform::make_folder(options.backups, 0700));
  std::printf("Keys, each under a passphrase (this takes a second each):\n");
  for (const NewPerson& person : people) TRY_DONE(write_key(options, person, now));
  return ok();
}

Bytes sign_root(const Root& root, const std::vector<NewPerson>& people) {  // the first two hold root keys
  return sync::make_envelope(sync::PayloadType::kRoot, sync::make_root_payload(root),
                             std::vector<const SigningKey*>{&people[0].key.signing, &people[1].key.signing});
}

void tell_next_steps(const SchoolNewOptions& options, const Root& root) {
  std::printf("\n%s is a school now. Its id, which every device pins:\n  %s\n\n", options.name.c_str(), to_hex(root.school).c_str());
  for (const std::string& warning : root_warnings(root, root.issued)) std::printf("warning: %s\n", warning.c_str());
  const std::string print = options.backups.empty() ? "" : "     Print the pages in " + options.backups.string() + ", lock the paper away, and delete that folder.\n";
  std::printf("What comes next:\n"
              "  1. Give each key file in %s to its holder and keep no copy together with the others.\n%s"
              "  2. Hand %s to the server: caretaker-server --data DIR adopt 1.json\n"
              "  3. Sign a policy and send it: caretaker policy sign, caretaker policy push\n"
              "  4. Enrol machines: caretaker token new, caretaker enrol\n",
              (options.folder / "keys").c_str(), print.c_str(), (options.folder / "roots" / "1.json").c_str());
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

Result<Root> make_first_root(const std::string& name, const std::vector<NewPerson>& people, const ServerInfo& server, UnixSeconds now) {
  Root root;
  root.version = 1;
  root.school_name = name;
  root.issued = now;
  root.expires = now + kRootLifetime;
  for (const NewPerson& person : people) {
    TRY(office, find_office(person.office));
    TRY_DONE(add_person(root, {person.key.holder, person.key.signing.public_key, person.key.box.public_key}, *office));
  }
  const sync::KeyId server_id = sync::key_id(server.sign_public);
  root.keys[server_id] = {server.sign_public, "server"};
  root.roles[Role::kReceipts] = {1, {server_id}};
  root.server_box = server.box_public;
  root.tls_pins = server.tls_pins;
  root.servers = {server.url};
  root.school = hash(sync::make_root_payload(root));
  return root;
}

Status run_school_new(const SchoolNewOptions& given, const Clock& clock) {
  SchoolNewOptions options = given;
  if (wants_guide(options)) {
    if (!platform::has_terminal()) return make_error(ErrorCode::kInvalidInput, "--dir, --name and --server-info are needed, where nobody can be asked");
    TRY_DONE(guide(options, [](const std::string& prompt) { return platform::ask_line(prompt); }));
  }
  TRY_DONE(check_holders(options));
  TRY_DONE(check_no_school(options.folder));
  TRY(info_file, platform::read_file(options.server_info, 8192));
  const auto server = parse_server_info(info_file);
  if (!server) return server.error().with_context(options.server_info.string());
  const std::vector<NewPerson> people = make_people(options);
  TRY(root, make_first_root(options.name, people, *server, clock.now()));
  const Bytes envelope = sign_root(root, people);
  TRY(verified, sync::VerifiedRoot::open_first({envelope}, root.school));
  TRY_DONE(write_all_keys(options, people, clock.now()));
  TRY_DONE(make_school(options.folder, verified, envelope));
  tell_next_steps(options, root);
  return ok();
}

}  // namespace caretaker::agent
