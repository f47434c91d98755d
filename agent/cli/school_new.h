// `caretaker school new`: the keys of the school's people, the first root, and the school's folder.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "platform/base/clock.h"
#include "sync/key_file.h"
#include "sync/root.h"

namespace caretaker::agent {

struct SchoolNewOptions {
  std::filesystem::path folder;
  std::string name;
  std::filesystem::path server_info;      // server-public.json, as `caretaker-server init` writes it
  std::filesystem::path passphrase_file;  // empty: each holder types one
  std::vector<std::string> root_holders = {"head", "deputy-head", "chair-of-governors"};
  std::vector<std::string> technicians = {"technician"};
  std::vector<std::string> safeguarding = {"safeguarding-lead", "deputy-safeguarding-lead"};
  std::vector<std::string> heads;     // who lock, and wipe with another person, beside root holders and technicians
  std::vector<std::string> teachers;
  std::string lists_holder = "list-publisher";
  std::filesystem::path backups;  // folder for a page to print of each key; empty: none
  PasswordCost cost;
};

// What the server tells about itself.
struct ServerInfo {
  std::string url;
  PublicKey sign_public{};
  BoxPublicKey box_public{};
  std::vector<Hash> tls_pins;
};
[[nodiscard]] Result<ServerInfo> parse_server_info(ByteView file);

// Somebody with a new key and the office that goes with it (offices.h).
struct NewPerson {
  sync::PersonKey key;
  std::string_view office;
};
// Root 1: two of the root's holders change it, two people together wipe, everything else one. Pure.
[[nodiscard]] Result<sync::Root> make_first_root(const std::string& name, const std::vector<NewPerson>& people, const ServerInfo& server,
                                                 UnixSeconds now);

// Does it all and tells the person what happened and what comes next. Without a name, a folder or a server's file it asks
// (school_guide.h), where there is a terminal.
[[nodiscard]] Status run_school_new(const SchoolNewOptions& options, const Clock& clock);

}  // namespace caretaker::agent
