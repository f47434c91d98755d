#include "agent/cli/root_words.h"

#include <algorithm>

#include "agent/cli/offices.h"
#include "agent/cli/table.h"

namespace caretaker::agent {
namespace {

using sync::KeyId;
using sync::Role;
using sync::Root;

constexpr UnixSeconds kDay = 86'400;
constexpr UnixSeconds kRenewBefore = 60 * kDay;

// What one name has in a root.
struct Person {
  std::set<KeyId> keys;
  std::set<KeyId> boxes;
  std::set<Role> roles;
  std::set<std::string> kinds;
};
using People = std::map<std::string, Person>;

People people_of(const Root& root) {
  People people;
  for (const auto& [id, key] : root.keys) people[key.holder].keys.insert(id);
  for (const auto& [role, rule] : root.roles) {
    for (const KeyId& id : rule.keys) people[root.keys.at(id).holder].roles.insert(role);
  }
  for (const auto& [id, recipient] : root.recipients) {
    people[recipient.holder].boxes.insert(id);
    people[recipient.holder].kinds.insert(recipient.kind);
  }
  return people;
}

std::string joined(const std::vector<std::string>& words, const char* between) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : between) + word;
  return out;
}

std::string words_of(const std::set<Role>& roles) {
  std::vector<std::string> words;
  for (const Role role : roles) words.emplace_back(role_words(role));
  return joined(words, "; ");
}

std::string kinds_of(const std::set<std::string>& kinds) { return printable(joined({kinds.begin(), kinds.end()}, ", ")); }

template <typename T>
std::set<T> without(const std::set<T>& all, const std::set<T>& taken) {
  std::set<T> out;
  std::set_difference(all.begin(), all.end(), taken.begin(), taken.end(), std::inserter(out, out.end()));
  return out;
}

std::string short_ids(const std::set<KeyId>& ids) {
  std::vector<std::string> words;
  for (const KeyId& id : ids) words.push_back(id.substr(0, 8));
  return joined(words, ", ");
}

std::string all_powers(const Person& person) {
  std::vector<std::string> words;
  if (!person.roles.empty()) words.push_back("may " + words_of(person.roles));
  if (!person.kinds.empty()) words.push_back("opens records that are sealed for: " + kinds_of(person.kinds));
  return words.empty() ? "may do nothing" : joined(words, "; ");
}

void compare_person(std::vector<std::string>& out, const std::string& name, const Person& before, const Person& after) {
  if (before.keys != after.keys || before.boxes != after.boxes) {
    const auto gone = without(before.keys, after.keys), come = without(after.keys, before.keys);
    if (!gone.empty() && !come.empty()) out.push_back(name + " has a new key " + short_ids(come) + "; the old one, " + short_ids(gone) + ", counts no more");
    else if (!come.empty()) out.push_back(name + " has one more key: " + short_ids(come));
    else if (!gone.empty()) out.push_back("the key " + short_ids(gone) + " of " + name + " counts no more");
    const auto boxes = without(after.boxes, before.boxes);
    if (!boxes.empty() && !before.boxes.empty()) out.push_back(name + " reads records with a new key from now on; older ones need `caretaker records rewrap`");
  }
  const auto more = without(after.roles, before.roles), less = without(before.roles, after.roles);
  if (!more.empty()) out.push_back(name + " may from now on: " + words_of(more));
  if (!less.empty()) out.push_back(name + " may no longer: " + words_of(less));
  const auto reads = without(after.kinds, before.kinds), closed = without(before.kinds, after.kinds);
  if (!reads.empty()) out.push_back(name + " opens sealed records from now on, those for: " + kinds_of(reads));
  if (!closed.empty()) out.push_back("new records are no longer sealed for " + name + " as " + kinds_of(closed));
}

void compare_people(std::vector<std::string>& out, const Root& before, const Root& after) {
  const People old = people_of(before), now = people_of(after);
  for (const auto& [holder, person] : now) {
    const std::string name = printable(holder);
    const auto known = old.find(holder);
    if (known == old.end()) out.push_back(name + " is new, with the key " + short_ids(person.keys.empty() ? person.boxes : person.keys) + ": " + all_powers(person));
    else compare_person(out, name, known->second, person);
  }
  for (const auto& [holder, person] : old) {
    if (now.contains(holder)) continue;
    out.push_back(printable(holder) + " is removed, and could until now: " + all_powers(person));
    if (!person.kinds.empty()) out.push_back("(whoever has " + printable(holder) + "'s key and passphrase can still open the older records that were sealed for it)");
  }
}

std::string threshold_words(Role role, int threshold) {
  return std::string(role_words(role)) + ": " + std::to_string(threshold) + (threshold == 1 ? " person" : " people together");
}

void compare_thresholds(std::vector<std::string>& out, const Root& before, const Root& after) {
  for (const auto& [role, rule] : after.roles) {
    const auto old = before.roles.find(role);
    if (old == before.roles.end() || old->second.threshold == rule.threshold) continue;
    out.push_back("needed to " + threshold_words(role, rule.threshold) + ", until now " + std::to_string(old->second.threshold));
  }
}

std::vector<std::string> pins_of(const Root& root) {
  std::vector<std::string> out;
  for (const Hash& pin : root.tls_pins) out.push_back(to_hex(pin).substr(0, 8));
  return out;
}

void compare_server(std::vector<std::string>& out, const Root& before, const Root& after) {
  if (before.servers != after.servers) {
    out.push_back("devices look for their server at " + printable(joined(after.servers, ", then ")) + "; until now at " + printable(joined(before.servers, ", then ")));
  }
  if (before.tls_pins != after.tls_pins) {
    out.push_back("TLS keys that devices accept: " + joined(pins_of(after), ", ") + "; until now " + joined(pins_of(before), ", "));
  }
  if (before.server_box != after.server_box) out.push_back("the server has a new box key");
}

void compare_generation(std::vector<std::string>& out, const char* what, std::int64_t before, std::int64_t after) {
  if (before == after) return;
  out.push_back(std::string("whatever ") + what + " were signed until now count no more where this root is known; devices keep what they obey until new ones are signed");
}

void warn_roles(std::vector<std::string>& out, const Root& root) {
  for (const auto& [role, rule] : root.roles) {
    if (role == Role::kReceipts || role == Role::kLists) continue;
    std::set<std::string> holders;
    for (const KeyId& id : rule.keys) holders.insert(root.keys.at(id).holder);
    const auto spare = static_cast<int>(holders.size()) - rule.threshold;
    if (role == Role::kRoot && spare < 1) {
      out.push_back("if one of the root's keys is lost, nobody can ever change this root again: name one holder more");
    }
    if (role == Role::kPolicy && holders.size() < 2) {
      out.push_back("only " + printable(*holders.begin()) + " signs policies: one that opens something needs two people, so name a second");
    }
  }
}

}  // namespace

std::string show_root(const Root& root, UnixSeconds now) {
  std::string out = printable(root.school_name) + ", root " + std::to_string(root.version) + " of " + to_rfc3339(root.issued) + ", good until " +
                    to_rfc3339(root.expires) + "\nSchool id " + to_hex(root.school) + "\n\n";
  Table table({"WHO", "KEY", "MAY", "OPENS RECORDS FOR"});
  for (const auto& [holder, person] : people_of(root)) {
    table.add({holder, short_ids(person.keys.empty() ? person.boxes : person.keys), person.roles.empty() ? "-" : words_of(person.roles),
               person.kinds.empty() ? "-" : kinds_of(person.kinds)});
  }
  out += table.text() + "\n";
  for (const auto& [role, rule] : root.roles) out += "needed to " + threshold_words(role, rule.threshold) + "\n";
  out += "server: " + printable(joined(root.servers, ", then ")) + "; its TLS keys: " + joined(pins_of(root), ", ") + "\n";
  for (const std::string& warning : root_warnings(root, now)) out += "warning: " + warning + "\n";
  return out;
}

std::vector<std::string> describe_change(const Root& before, const Root& after) {
  std::vector<std::string> out;
  if (before.school_name != after.school_name) out.push_back("the school is called " + printable(after.school_name) + " from now on");
  compare_people(out, before, after);
  compare_thresholds(out, before, after);
  compare_server(out, before, after);
  compare_generation(out, "policies", before.policy_generation, after.policy_generation);
  compare_generation(out, "lists", before.lists_generation, after.lists_generation);
  return out;
}

std::vector<std::string> root_warnings(const Root& root, UnixSeconds now) {
  std::vector<std::string> out;
  if (root.expires <= now) out.push_back("this root has expired: machines go on, and say that they are stale; `caretaker school renew`");
  else if (root.expires - now < kRenewBefore) out.push_back("this root expires in " + std::to_string((root.expires - now) / kDay) + " days: `caretaker school renew`");
  warn_roles(out, root);
  const std::vector<std::string> leads = {"safeguarding"};
  if (sync::recipients_of(root, leads).size() < 2) {
    out.push_back("only one key opens the sealed records: name a second safeguarding lead, or print an escrow key");
  }
  if (root.tls_pins.size() < 2) out.push_back("no spare TLS key: if the server's is lost, no device will speak to it again");
  return out;
}

}  // namespace caretaker::agent
