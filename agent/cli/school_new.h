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
  std::string lists_holder = "list-publisher";
  std::vector<std::string> teachers;      // may open a site for a lesson
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

struct SchoolPeople {
  std::vector<sync::PersonKey> root_holders;
  std::vector<sync::PersonKey> technicians;
  std::vector<sync::PersonKey> safeguarding;
  std::vector<sync::PersonKey> lists;   // one
  std::vector<sync::PersonKey> escrow;  // one where there is a single safeguarding lead
  std::vector<sync::PersonKey> teachers = {};
};
// Root 1: root 2 of the holders, everybody else as DESIGN says. Pure but for the keys.
[[nodiscard]] sync::Root make_first_root(const std::string& name, const SchoolPeople& people, const ServerInfo& server,
                                         UnixSeconds now);

// Does it all and tells the person what happened and what comes next.
[[nodiscard]] Status run_school_new(const SchoolNewOptions& options, const Clock& clock);

}  // namespace caretaker::agent
