// What the guard trusts and obeys, on disk: the chain of roots, the policy and the lists in force, the set file, a lists
// manifest whose set file has not come yet, and the floors. Nothing gets in unverified (trust_updates.h), and at start
// everything is verified again, the names of the set file while it is in force already (check_set_part()). Files: roots/N.json, policy.json, policy.previous.json, lists.json, lists.waiting.json,
// set.<content hash>, lists.history.json, floors.json; roots.copy/N.json, policy.copy.json, lists.copy.json and floors.copy.json, because a
// disk that loses bits of one of them must not put the machine back, or make it refuse what comes. One thread.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "agent/guard/kept_twice.h"
#include "agent/guard/set_in_force.h"
#include "policy/policy.h"
#include "sync/bundle.h"
#include "sync/lists_bounds.h"

namespace caretaker::agent {

struct PolicyInForce {
  sync::VerifiedPolicy verified;
  policy::Policy rules;
  Bytes envelope;
};
struct ListsInForce {
  sync::VerifiedLists verified;
  Bytes envelope;
};

class PolicyStore {
 public:
  // Makes the folder; knows nothing until load() or adopt().
  [[nodiscard]] static Result<PolicyStore> open(std::filesystem::path folder);

  // Reads back what is there for this school. What does not verify is left out and named in damage(); an error only where the
  // disk itself fails.
  [[nodiscard]] Status load(const sync::SchoolId& school);
  // Starts with a school's verified roots (envelopes from root 1 on); what was there for another school goes.
  [[nodiscard]] Status adopt(const sync::SchoolId& school, const std::vector<Bytes>& roots);
  // Where load() found no root, though there has been one: with the same roots from elsewhere, everything else is in force again.
  [[nodiscard]] Status restore(const sync::SchoolId& school, const std::vector<Bytes>& roots);
  // There has been a school, whatever has become of its files.
  [[nodiscard]] bool had_school() const;

  [[nodiscard]] const sync::VerifiedRoot* root() const { return roots_.empty() ? nullptr : &roots_.back(); }
  // All that are kept, from the first on; the last is root().
  [[nodiscard]] const std::vector<sync::VerifiedRoot>& roots() const { return roots_; }
  [[nodiscard]] const PolicyInForce* policy() const { return policy_ ? &*policy_ : nullptr; }
  [[nodiscard]] const ListsInForce* lists() const { return lists_ ? &*lists_ : nullptr; }
  [[nodiscard]] const policy::SetView* set() const { return set_ ? &set_->view() : nullptr; }
  [[nodiscard]] Result<platform::OpenFile> open_set_file() const;
  // Whether the set file has been gone over since the start or check_set_again(), and the next part of that, some milliseconds'
  // worth. A set that proves damaged is no longer in force, is named in damage(), and is wanted again.
  [[nodiscard]] bool is_set_checked() const { return !set_ || set_->is_checked(); }
  void check_set_part();
  void check_set_again() {
    if (set_ && set_->is_checked()) set_->check_again();
  }
  // How many have proved so since the start.
  [[nodiscard]] std::uint32_t sets_damaged() const { return sets_damaged_; }
  // The lists whose set file is missing, waiting or in force; nullptr when it is all here.
  [[nodiscard]] const ListsInForce* wanted_set() const;

  // The highest version accepted in the newest root's generation.
  [[nodiscard]] std::int64_t policy_floor() const { return policy_floor_; }
  [[nodiscard]] std::int64_t lists_floor() const;
  // The larger of the clock and the highest time that people's keys have signed.
  [[nodiscard]] UnixSeconds judged_time(UnixSeconds clock) const { return std::max(clock, time_floor_); }
  // What ended before can come no more: people's keys have signed a later time, and the clock says the same. Neither a clock that was set
  // ahead nor a key that signed far ahead makes anybody forget what was used.
  [[nodiscard]] UnixSeconds surely_past(UnixSeconds clock) const { return std::min(clock, time_floor_); }
  // Since when the root, the policy or the lists in force are expired; 0 when none is.
  [[nodiscard]] UnixSeconds stale_since(UnixSeconds clock) const;
  // Stable health codes: what is missing, stale or damaged.
  [[nodiscard]] std::set<std::string> health(UnixSeconds clock) const;

  // Each durable when it returns; on an error what was in force still is.
  [[nodiscard]] Status append_root(sync::VerifiedRoot root, ByteView envelope);
  [[nodiscard]] Status replace_policy(PolicyInForce policy);
  // To wait for its set file, unless the set in force is the same.
  [[nodiscard]] Status replace_lists(ListsInForce lists, UnixSeconds now);
  // The set file for wanted_set(), copied into the folder already; SetInForce has been opened on it. `history`: with this change.
  [[nodiscard]] Status install_set(const std::filesystem::path& file, SetInForce set, sync::ListsHistory history);
  // What the list publisher's key has changed here, and when.
  [[nodiscard]] const sync::ListsHistory& lists_history() const { return lists_history_; }
  void settle_lists_history(UnixSeconds now);
  [[nodiscard]] std::filesystem::path incoming_set() const { return folder_ / "set.incoming"; }

 private:
  explicit PolicyStore(std::filesystem::path folder) : folder_(std::move(folder)) {}
  [[nodiscard]] TwoFiles root_files(std::int64_t version) const;
  [[nodiscard]] std::filesystem::path set_file(const sync::ListsManifest& manifest) const;
  void read(const TwoFiles& files, const char* code, const std::function<Status(ByteView)>& open);
  void load_roots(const sync::SchoolId& school);
  void load_policy();
  void load_lists();
  void load_lists_history();
  [[nodiscard]] Status write_lists_history(const sync::ListsHistory& history) const;
  void on_damaged_set(const Error& error);
  void load_floors();
  [[nodiscard]] Status reopen_policy(ByteView envelope);
  [[nodiscard]] std::optional<ListsInForce> reopen_lists(const TwoFiles& files, const char* code);
  [[nodiscard]] Status write_floors() const;
  void settle_generations();
  void remove_other_sets() const;

  std::filesystem::path folder_;
  std::vector<sync::VerifiedRoot> roots_;
  std::optional<PolicyInForce> policy_;
  std::optional<ListsInForce> lists_;
  std::optional<ListsInForce> waiting_;
  std::optional<SetInForce> set_;
  sync::ListsHistory lists_history_;
  std::int64_t policy_floor_ = 0;
  std::int64_t lists_floor_ = 0;
  UnixSeconds time_floor_ = 0;
  std::int64_t policy_generation_ = 0;  // of which policy_floor_ and time_floor_ speak
  std::int64_t lists_generation_ = 0;   // of which lists_floor_ speaks
  std::uint32_t sets_damaged_ = 0;
  std::set<std::string> damage_;
};

}  // namespace caretaker::agent
