#include "agent/guard/policy_store.h"

#include <algorithm>

#include "platform/base/json.h"
#include "platform/base/log.h"
#include "sync/limits.h"

namespace caretaker::agent {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxHistory = 1u << 20;  // of thirty days
constexpr std::size_t kMaxFloors = 4096;

std::int64_t int_or_zero(const Json& json, std::string_view key) {
  const std::int64_t* value = json[key].as_int();
  return value == nullptr ? 0 : *value;
}

// A whole chain, from the pinned root on.
Result<std::vector<sync::VerifiedRoot>> open_roots(const sync::SchoolId& school, const std::vector<Bytes>& roots) {
  std::vector<sync::VerifiedRoot> verified;
  for (const Bytes& envelope : roots) {
    const sync::RawBlob blob{envelope};
    TRY(next, verified.empty() ? sync::VerifiedRoot::open_first(blob, school) : verified.back().open_next(blob));
    verified.push_back(std::move(next));
  }
  if (verified.empty()) return make_error(ErrorCode::kInvalidInput, "the server sent no root");
  return verified;
}

}  // namespace

Result<PolicyStore> PolicyStore::open(fs::path folder) {
  TRY_DONE(platform::make_folder(folder / "roots", 0700));
  return PolicyStore(std::move(folder));
}

TwoFiles PolicyStore::root_files(std::int64_t version) const {
  const std::string name = std::to_string(version) + ".json";
  return {folder_ / "roots" / name, folder_ / "roots.copy" / name};
}

bool PolicyStore::had_school() const {
  if (!roots_.empty()) return true;
  for (const char* name : {"roots", "roots.copy"}) {
    std::error_code failed;
    const bool is_empty = fs::is_empty(folder_ / name, failed);
    if (!failed && !is_empty) return true;
  }
  return false;
}

fs::path PolicyStore::set_file(const sync::ListsManifest& manifest) const {
  return folder_ / ("set." + to_hex(ByteView(manifest.content).first(16)));
}

Result<platform::OpenFile> PolicyStore::open_set_file() const {
  if (!set_ || !lists_) return make_error(ErrorCode::kNotFound, "no set file is in force");
  return platform::open_read_only(set_file(lists_->verified.manifest()));
}

const ListsInForce* PolicyStore::wanted_set() const {
  if (waiting_) return &*waiting_;
  return lists_ && !set_ ? &*lists_ : nullptr;
}

std::int64_t PolicyStore::lists_floor() const {
  std::int64_t floor = lists_floor_;
  for (const auto* lists : {&lists_, &waiting_}) {
    if (!*lists || (*lists)->verified.manifest().generation != lists_generation_) continue;
    floor = std::max(floor, (*lists)->verified.manifest().version);
  }
  return floor;
}

// What an earlier generation signed, its versions and its times, binds the next in nothing: it may be a thief's.
void PolicyStore::settle_generations() {
  const sync::Root& root = roots_.back().root();
  if (root.policy_generation > policy_generation_) {
    policy_generation_ = root.policy_generation;
    policy_floor_ = 0;
    time_floor_ = root.issued;
  }
  if (root.lists_generation > lists_generation_) {
    lists_generation_ = root.lists_generation;
    lists_floor_ = 0;
  }
  if (waiting_ && waiting_->verified.manifest().generation != lists_generation_) waiting_.reset();
}

UnixSeconds PolicyStore::stale_since(UnixSeconds clock) const {
  const UnixSeconds now = judged_time(clock);
  UnixSeconds since = 0;
  const auto consider = [&](UnixSeconds expires) {
    if (expires <= now && (since == 0 || expires < since)) since = expires;
  };
  if (!roots_.empty()) consider(roots_.back().root().expires);
  if (policy_) consider(policy_->verified.bundle().expires);
  if (lists_) consider(lists_->verified.manifest().expires);
  return since;
}

std::set<std::string> PolicyStore::health(UnixSeconds clock) const {
  const UnixSeconds now = judged_time(clock);
  std::set<std::string> codes = damage_;
  if (roots_.empty()) codes.insert("root-missing");
  if (!roots_.empty() && roots_.back().root().expires <= now) codes.insert("root-stale");
  if (!policy_) codes.insert("policy-missing");
  if (policy_ && policy_->verified.bundle().generation == policy_generation_ && policy_->verified.bundle().version < policy_floor_) codes.insert("policy-behind");
  if (policy_ && policy_->verified.bundle().expires <= now) codes.insert("policy-stale");
  if (!set_) codes.insert("lists-missing");
  if (set_ && waiting_) codes.insert("lists-waiting");
  if (lists_ && lists_->verified.manifest().expires <= now) codes.insert("lists-stale");
  return codes;
}

Status PolicyStore::adopt(const sync::SchoolId& school, const std::vector<Bytes>& roots) {
  TRY(verified, open_roots(school, roots));
  std::error_code failed;
  fs::remove_all(folder_, failed);
  if (failed) return make_error(ErrorCode::kUnavailable, "clear " + folder_.string() + ": " + failed.message());
  *this = PolicyStore(folder_);
  TRY_DONE(platform::make_folder(folder_ / "roots", 0700));
  for (std::size_t i = 0; i < roots.size(); ++i) TRY_DONE(append_root(std::move(verified[i]), roots[i]));
  return ok();
}

Status PolicyStore::restore(const sync::SchoolId& school, const std::vector<Bytes>& roots) {
  TRY(verified, open_roots(school, roots));
  for (std::size_t i = 0; i < roots.size(); ++i) TRY_DONE(write_twice(root_files(verified[i].root().version), roots[i]));
  return load(school);
}

Status PolicyStore::append_root(sync::VerifiedRoot root, ByteView envelope) {
  TRY_DONE(write_twice(root_files(root.root().version), envelope));
  time_floor_ = std::max(time_floor_, root.root().issued);
  roots_.push_back(std::move(root));
  settle_generations();
  damage_.erase("root-damaged");
  return write_floors();
}

Status PolicyStore::replace_policy(PolicyInForce policy) {
  // The one before stays beside it: what is unreadable tomorrow falls back to it, not to nothing.
  if (policy_) TRY_DONE(platform::replace_file(folder_ / "policy.previous.json", policy_->envelope, 0600));
  TRY_DONE(write_twice(with_copy(folder_ / "policy.json"), policy.envelope));
  policy_floor_ = std::max(policy_floor_, policy.verified.bundle().version);
  time_floor_ = std::max(time_floor_, policy.verified.bundle().issued);
  policy_ = std::move(policy);
  damage_.erase("policy-damaged");
  damage_.erase("floors-damaged");
  damage_.erase("policy-signer-gone");
  // The policy is in force; a floor that could not be written is read from it at the next start.
  if (auto written = write_floors(); !written) log_warning("policy", written.error().message);
  return ok();
}

Status PolicyStore::replace_lists(ListsInForce lists, UnixSeconds now) {
  const bool same_set = set_ && lists_ && lists_->verified.manifest().content == lists.verified.manifest().content;
  if (!same_set) {
    TRY_DONE(platform::replace_file(folder_ / "lists.waiting.json", lists.envelope, 0600));
    waiting_ = std::move(lists);
    return ok();
  }
  sync::ListsHistory history = lists_history_;
  history.taken = std::max(history.taken, now);
  TRY_DONE(write_lists_history(history));
  lists_history_ = std::move(history);
  TRY_DONE(write_twice(with_copy(folder_ / "lists.json"), lists.envelope));
  lists_ = std::move(lists);
  waiting_.reset();
  damage_.erase("lists-signer-gone");
  return platform::remove_file(folder_ / "lists.waiting.json");
}

Status PolicyStore::install_set(const fs::path& file, SetInForce set, sync::ListsHistory history) {
  const ListsInForce* wanted = wanted_set();
  if (wanted == nullptr) return make_error(ErrorCode::kNotFound, "no set file is waited for");
  // First what it costs: cut off in between, the same lists come again and cost nothing more.
  TRY_DONE(write_lists_history(history));
  lists_history_ = std::move(history);
  // The manifest's own replacement is the moment of change: until then the old pair of manifest and file is whole.
  TRY_DONE(platform::rename_file(file, set_file(wanted->verified.manifest())));
  TRY_DONE(write_twice(with_copy(folder_ / "lists.json"), wanted->envelope));
  if (waiting_) lists_ = std::exchange(waiting_, std::nullopt);
  set_ = std::move(set);
  lists_floor_ = lists_floor();
  damage_.erase("lists-damaged");
  damage_.erase("lists-signer-gone");
  remove_other_sets();
  if (auto written = write_floors(); !written) log_warning("policy", written.error().message);
  return platform::remove_file(folder_ / "lists.waiting.json");
}

void PolicyStore::remove_other_sets() const {
  const fs::path kept = set_file(lists_->verified.manifest());
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder_, ignored)) {
    if (entry.path().filename().string().starts_with("set.") && entry.path() != kept) {
      fs::remove(entry.path(), ignored);  // a leftover costs space only, and the next install tries again
    }
  }
}

Status PolicyStore::write_floors() const {
  const Json json = with_sum({{"v", 1},
                              {"policy", policy_floor_},
                              {"policy_generation", policy_generation_},
                              {"lists", lists_floor_},
                              {"lists_generation", lists_generation_},
                              {"time", time_floor_}});
  return write_twice(with_copy(folder_ / "floors.json"), as_bytes(json.dump()));
}

Status PolicyStore::load(const sync::SchoolId& school) {
  *this = PolicyStore(folder_);
  // A process that was killed may have renamed a file and not synced its folder; what is in force from here on must not be
  // gone after a power cut, or the device would be back at an older policy.
  for (const fs::path& folder : {folder_, folder_ / "roots", folder_ / "roots.copy"}) {
    const auto synced = platform::sync_folder(folder);
    if (!synced && synced.error().code != ErrorCode::kNotFound) log_warning("policy", synced.error().message);
  }
  load_floors();
  load_roots(school);
  if (roots_.empty()) return ok();
  settle_generations();
  load_policy();
  load_lists();
  return ok();
}

// The envelope that `open` takes, of the file or else of its copy; what is there and not taken is damage.
void PolicyStore::read(const TwoFiles& files, const char* code, const std::function<Status(ByteView)>& open) {
  const auto read = read_twice(files, sync::kMaxEnvelopeBytes, open);
  if (read || read.error().code == ErrorCode::kNotFound) return;
  log_error("policy", read.error().message);
  damage_.insert(code);
}

void PolicyStore::load_roots(const sync::SchoolId& school) {
  for (std::int64_t version = 1;; ++version) {
    std::optional<sync::VerifiedRoot> root;
    const auto found = read_twice(root_files(version), sync::kMaxEnvelopeBytes, [&](ByteView envelope) -> Status {
      const sync::RawBlob blob{to_bytes(envelope)};
      TRY(opened, roots_.empty() ? sync::VerifiedRoot::open_first(blob, school) : roots_.back().open_next(blob));
      root = std::move(opened);
      return ok();
    });
    if (!found && found.error().code == ErrorCode::kNotFound) return;
    if (!found) {
      log_error("policy", "stored root " + std::to_string(version) + ": " + found.error().message);
      damage_.insert("root-damaged");
      return;
    }
    time_floor_ = std::max(time_floor_, root->root().issued);
    roots_.push_back(std::move(*root));
  }
}

// A key that a later root took away counted when this was accepted: what is in force stays in force, and it shows.
Status PolicyStore::reopen_policy(ByteView envelope) {
  const sync::RawBlob blob{to_bytes(envelope)};
  for (auto root = roots_.rbegin(); root != roots_.rend(); ++root) {
    auto verified = sync::open_policy(blob, *root, 0, 0);
    if (!verified) continue;
    auto parsed = policy::parse_policy(verified->bundle().policy_toml, policy::Strictness::kDevice);
    if (!parsed.usable()) break;
    if (root != roots_.rbegin()) damage_.insert("policy-signer-gone");
    policy_ = PolicyInForce{std::move(*verified), std::move(parsed.policy), blob.bytes};
    return ok();
  }
  return make_error(ErrorCode::kDamaged, "it does not verify any more");
}

void PolicyStore::load_policy() {
  const auto reopen = [this](ByteView envelope) { return reopen_policy(envelope); };
  read(with_copy(folder_ / "policy.json"), "policy-damaged", reopen);
  const fs::path previous = folder_ / "policy.previous.json";
  if (!policy_) read({previous, previous}, "policy-damaged", reopen);
  if (!policy_ || policy_->verified.bundle().generation != policy_generation_) return;
  policy_floor_ = std::max(policy_floor_, policy_->verified.bundle().version);
  time_floor_ = std::max(time_floor_, policy_->verified.bundle().issued);
}

std::optional<ListsInForce> PolicyStore::reopen_lists(const TwoFiles& files, const char* code) {
  std::optional<ListsInForce> lists;
  read(files, code, [&](ByteView envelope) -> Status {
    const sync::RawBlob blob{to_bytes(envelope)};
    for (auto root = roots_.rbegin(); root != roots_.rend(); ++root) {
      auto verified = sync::open_lists(blob, *root, std::nullopt, 0);
      if (!verified) continue;
      if (root != roots_.rbegin()) damage_.insert("lists-signer-gone");
      lists = ListsInForce{std::move(*verified), blob.bytes};
      return ok();
    }
    return make_error(ErrorCode::kDamaged, "it does not verify any more");
  });
  return lists;
}

void PolicyStore::load_lists() {
  load_lists_history();
  lists_ = reopen_lists(with_copy(folder_ / "lists.json"), "lists-damaged");
  if (lists_) {
    const sync::ListsManifest& manifest = lists_->verified.manifest();
    auto set = SetInForce::open_installed(set_file(manifest));
    if (set) set_.emplace(std::move(*set));
    else on_damaged_set(set.error());
  }
  // What it changes was judged when it was accepted. One that is no newer than the lists in force was overtaken by them.
  const fs::path waiting = folder_ / "lists.waiting.json";
  waiting_ = reopen_lists({waiting, waiting}, "lists-waiting-damaged");
  const auto is_newer = [](const sync::ListsManifest& a, const sync::ListsManifest& b) { return a.generation != b.generation || a.version > b.version; };
  if (waiting_ && lists_ && !is_newer(waiting_->verified.manifest(), lists_->verified.manifest())) waiting_.reset();
  settle_generations();
}

Status PolicyStore::write_lists_history(const sync::ListsHistory& history) const {
  Json::Array changes;
  for (const sync::ListsChange& change : history.changes) {
    Json::Object categories;
    for (const auto& [name, names] : change.categories) categories[name] = names;
    changes.push_back(Json::Object{{"taken", change.taken}, {"content", to_hex(change.content)}, {"names", change.names}, {"categories", std::move(categories)}});
  }
  const Json json(Json::Object{{"v", 1}, {"taken", history.taken}, {"changes", std::move(changes)}});
  return platform::replace_file(folder_ / "lists.history.json", as_bytes(json.dump()), 0600);
}

void PolicyStore::settle_lists_history(UnixSeconds now) {
  sync::ListsHistory history = sync::settled(lists_history_, now);
  const bool is_same = history.taken == lists_history_.taken && std::ranges::equal(history.changes, lists_history_.changes, {}, &sync::ListsChange::taken, &sync::ListsChange::taken);
  if (is_same) return;
  lists_history_ = std::move(history);
  if (auto written = write_lists_history(lists_history_); !written) log_warning("policy", written.error().message);
}

// What cannot be read is not guessed: the publisher may change a day's worth, and what is written from then on counts.
void PolicyStore::load_lists_history() {
  const auto bytes = platform::read_file(folder_ / "lists.history.json", kMaxHistory);
  const auto json = bytes ? parse_json(as_text(*bytes)) : Result<Json>(bytes.error());
  const auto rows = json ? json->array_at("changes") : Result<const Json::Array*>(json.error());
  if (!rows) {
    if (rows.error().code != ErrorCode::kNotFound || bytes) log_error("policy", "lists.history.json: " + rows.error().message);
    return;
  }
  lists_history_.taken = int_or_zero(*json, "taken");
  for (const Json& row : **rows) {
    const auto content = row.hex_array_at<32>("content");
    if (!content) continue;
    sync::ListsChange change{int_or_zero(row, "taken"), *content, static_cast<std::uint64_t>(int_or_zero(row, "names")), {}};
    if (row["categories"].as_object() != nullptr) {
      for (const auto& [name, names] : *row["categories"].as_object()) change.categories[name] = static_cast<std::uint64_t>(int_or_zero(row["categories"], name));
    }
    lists_history_.changes.push_back(std::move(change));
  }
}

void PolicyStore::on_damaged_set(const Error& error) {
  log_error("policy", "stored set file: " + error.message);
  damage_.insert("lists-damaged");
  set_.reset();
  ++sets_damaged_;
}

void PolicyStore::check_set_part() {
  if (is_set_checked()) return;
  if (auto checked = set_->check_part(lists_->verified.manifest()); !checked) on_damaged_set(checked.error());
}

// What cannot be read is not guessed: the floors are then those of what verifies.
void PolicyStore::load_floors() {
  const auto parse = [this](ByteView bytes) -> Status {
    TRY(json, parse_json(as_text(bytes)));
    TRY_DONE(check_sum(json));
    policy_floor_ = int_or_zero(json, "policy");
    policy_generation_ = int_or_zero(json, "policy_generation");
    lists_floor_ = int_or_zero(json, "lists");
    lists_generation_ = int_or_zero(json, "lists_generation");
    time_floor_ = int_or_zero(json, "time");
    return ok();
  };
  const auto read = read_twice(with_copy(folder_ / "floors.json"), kMaxFloors, parse);
  if (read || read.error().code == ErrorCode::kNotFound) return;
  log_error("policy", read.error().message);
  damage_.insert("floors-damaged");
}

}  // namespace caretaker::agent
