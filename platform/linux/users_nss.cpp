// Users by the name service switch (local files, directory services), sessions by logind.
#include <grp.h>
#include <pwd.h>
#include <systemd/sd-login.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string_view>

#include "platform/linux/posix_error.h"
#include "platform/users.h"

namespace caretaker::platform {
namespace {

constexpr std::size_t kMaxLocalPeople = 4096;

// The getpw*_r and getgr*_r calls ask for a larger buffer with ERANGE.
int with_buffer(const std::function<int(std::vector<char>&)>& call) {
  std::vector<char> buffer(1024);
  for (;;) {
    const int failed = call(buffer);
    if (failed == EINTR) continue;
    if (failed != ERANGE || buffer.size() > (1u << 20)) return failed;
    buffer.resize(buffer.size() * 2);
  }
}

// systemd's UIDS-GIDS table: people are 1000 to 60513; then come services with dynamic ids and nobody; directory
// services hand out ids from 65536 on. Ids of containers have no entry in the user database, so they never come this
// far.
bool is_person(uid_t uid) {
  return (uid >= 1000 && uid <= 60513) || (uid >= 65536 && uid != UINT32_MAX);
}

std::string group_name(gid_t id) {
  std::string name;
  (void)with_buffer([&](std::vector<char>& buffer) {
    group entry{};
    group* found = nullptr;
    const int failed = ::getgrgid_r(id, &entry, buffer.data(), buffer.size(), &found);
    if (failed == 0 && found != nullptr) name = entry.gr_name;
    return failed;
  });
  return name;
}

std::vector<std::string> groups_of(const passwd& user) {
  std::vector<gid_t> ids(32);
  int count = static_cast<int>(ids.size());
  while (::getgrouplist(user.pw_name, user.pw_gid, ids.data(), &count) < 0 && count > static_cast<int>(ids.size())) {
    ids.resize(static_cast<std::size_t>(count));
  }
  ids.resize(static_cast<std::size_t>(count));
  std::vector<std::string> names;
  for (const gid_t id : ids) {
    if (std::string name = group_name(id); !name.empty()) names.push_back(std::move(name));
  }
  return names;
}

using Lookup = std::function<int(passwd&, std::vector<char>&, passwd*&)>;

Result<User> look_up(const std::string& whom, const Lookup& lookup) {
  passwd entry{};
  passwd* found = nullptr;
  std::vector<char> kept;  // what `entry` points into
  const int failed = with_buffer([&](std::vector<char>& buffer) {
    const int result = lookup(entry, buffer, found);
    if (result == 0) kept = std::move(buffer);
    return result;
  });
  // Name services say "no such user" in several ways; see getpwnam(3).
  if (found == nullptr && (failed == 0 || failed == ENOENT || failed == ESRCH || failed == EBADF || failed == EPERM)) {
    return make_error(ErrorCode::kNotFound, "no user " + whom);
  }
  if (failed != 0) return posix_error(failed, "look up user " + whom);
  return User{entry.pw_uid, entry.pw_name, groups_of(entry), is_person(entry.pw_uid)};
}

}  // namespace

Result<User> find_user(std::uint32_t uid) {
  return look_up(std::to_string(uid), [uid](passwd& entry, std::vector<char>& buffer, passwd*& found) {
    return ::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found);
  });
}

Result<User> find_user(const std::string& name) {
  return look_up(name, [&name](passwd& entry, std::vector<char>& buffer, passwd*& found) {
    return ::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  });
}

std::vector<User> local_people() {
  std::vector<User> people;
  const std::unique_ptr<FILE, int (*)(FILE*)> accounts(std::fopen("/etc/passwd", "re"), &std::fclose);
  if (!accounts) return people;
  while (const passwd* entry = ::fgetpwent(accounts.get())) {
    if (people.size() < kMaxLocalPeople && is_person(entry->pw_uid)) people.push_back({entry->pw_uid, entry->pw_name, groups_of(*entry), true});
  }
  return people;
}

std::uint32_t own_uid() { return ::geteuid(); }

std::vector<std::uint32_t> active_users() {
  uid_t* raw = nullptr;
  const int count = ::sd_get_uids(&raw);
  const std::unique_ptr<uid_t, decltype(&std::free)> owned(raw, &std::free);
  std::vector<std::uint32_t> active;
  for (int i = 0; i < count; ++i) {
    char* state = nullptr;
    if (::sd_uid_get_state(raw[i], &state) < 0) continue;
    if (std::string_view(state) == "active") active.push_back(raw[i]);
    std::free(state);
  }
  return active;
}

}  // namespace caretaker::platform
