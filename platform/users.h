// Users and groups as the operating system knows them. Port. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "platform/base/result.h"

namespace caretaker::platform {

struct User {
  std::uint32_t uid = 0;
  std::string name;
  std::vector<std::string> groups;
  bool is_person = false;  // false for root, system accounts, services and nobody; true for directory users
};

[[nodiscard]] Result<User> find_user(std::uint32_t uid);
[[nodiscard]] Result<User> find_user(const std::string& name);

// People with an account of this machine's own; not those of a directory.
[[nodiscard]] std::vector<User> local_people();

// Who this process runs as.
[[nodiscard]] std::uint32_t own_uid();

// Users with an active session on a seat or a remote one (logind). Empty when nobody is logged in or nobody can tell.
[[nodiscard]] std::vector<std::uint32_t> active_users();

}  // namespace caretaker::platform
