// The next root, changed step by step before anybody signs it. Pure; any thread.
#pragma once

#include "agent/cli/offices.h"
#include "agent/cli/school_new.h"
#include "platform/base/clock.h"
#include "sync/key_file.h"

namespace caretaker::agent {

inline constexpr UnixSeconds kRootLifetime = 2 * 365 * 86'400;

// Names of people, machines and schools: not empty, not too long, without control characters.
[[nodiscard]] Status check_name(std::string_view what, std::string_view name);

// The same as `current`, one version further and good for two years from now.
[[nodiscard]] sync::Root start_next_root(const sync::Root& current, UnixSeconds now);

// A holder that is there already gets the office besides, with the same key; kConflict where the key is another one.
[[nodiscard]] Status add_person(sync::Root& root, const sync::PublicPerson& person, const Office& office);
// Every key of this holder loses every office. kNotFound; kInvalidInput where a role would be left without enough holders.
[[nodiscard]] Status remove_person(sync::Root& root, const std::string& holder);
// The holder's offices go to new keys: the old ones were lost, stolen, or their passphrase forgotten. `person` may have another
// holder's name: a successor.
[[nodiscard]] Status replace_person(sync::Root& root, const std::string& holder, const sync::PublicPerson& person);
[[nodiscard]] Status set_threshold(sync::Root& root, sync::Role role, int holders);
// Address and TLS keys as the server's own file says; `keep_old`: devices also look at the old address, after the new one.
[[nodiscard]] Status move_server(sync::Root& root, const ServerInfo& server, bool keep_old);
// "policy" or "lists": what was signed until now counts no more on a device that has this root.
[[nodiscard]] Status start_generation(sync::Root& root, const std::string& kind);

// What every device will check of a root's sense, said before anybody signs.
[[nodiscard]] Status check_sense(const sync::Root& root);

}  // namespace caretaker::agent
