#include "agent/guard/store_recovery.h"

#include <algorithm>
#include <map>

#include "platform/base/log.h"
#include "platform/files.h"
#include "sync/limits.h"

namespace caretaker::agent {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t kChunk = 500;  // entries read at a time

struct Loaded {
  EventRows rows;
  std::vector<EpochRow> epochs;
  ToldGroups told;
  bool is_foreign = false;  // another device's, or of another school
  std::size_t given_up = 0;
};

Error damaged(const EpochRow& epoch, const char* what) {
  return make_error(ErrorCode::kDamaged, "epoch " + to_hex(epoch.id) + ": " + what);
}

using Visit = std::function<Status(const EntryRow&)>;
Status for_each_entry(EventRows& rows, const EpochRow& epoch, std::uint64_t from_seq, const Visit& visit) {
  for (;;) {
    TRY(chunk, rows.entries(epoch.number, from_seq, kChunk));
    for (const EntryRow& row : chunk) TRY_DONE(visit(row));
    if (chunk.size() < kChunk) return ok();
    from_seq = chunk.back().entry.to + 1;
  }
}

struct Spoilt {
  std::vector<StubPlan> plans;
  std::size_t waiting = 0;  // of them, what the server does not have
};

// Every body is the one that was linked, and nothing is missing in between. An event whose body or sealed part is another goes to `spoilt`
// alone, where the entry after it, or the epoch's head, proves its link.
Status check_chain(EventRows& rows, const EpochRow& epoch, const EventStoreSettings& settings, Spoilt& spoilt) {
  sync::ChainHead head = sync::first_head(settings.school, settings.device, epoch.id);
  bool was_linked = true;
  TRY_DONE(for_each_entry(rows, epoch, 1, [&](const EntryRow& row) -> Status {
    if (row.entry.from != head.seq + 1 || row.entry.to < row.entry.from) return damaged(epoch, "an entry is missing");
    const bool is_stub = row.entry.is_stub();
    const bool is_linked = is_stub || sync::next_head(head, row.entry.body).link == row.entry.link;
    if ((!is_linked && row.entry.to == 1) || (!was_linked && (is_stub || !is_linked))) return damaged(epoch, "an entry is not what was linked");
    if (!is_linked || !sealed_part(row)) {
      spoilt.plans.push_back({epoch.number, row.entry.from, row.entry.to});
      if (!row.acknowledged) ++spoilt.waiting;
    }
    was_linked = is_linked;
    head = {row.entry.to, row.entry.link};
    return ok();
  }));
  return head == epoch.head ? ok() : Status(damaged(epoch, "the last entry is missing"));
}

Status check_head(EventRows& rows, const EpochRow& epoch) {
  TRY(end, rows.end_before(epoch.number, INT64_MAX));
  return end == epoch.head ? ok() : Status(damaged(epoch, "the last entry is missing"));
}

Status check_epochs(Loaded& loaded, const EventStoreSettings& settings, bool thoroughly) {
  Spoilt spoilt;
  for (const EpochRow& epoch : loaded.epochs) {
    TRY_DONE(thoroughly ? check_chain(loaded.rows, epoch, settings, spoilt) : check_head(loaded.rows, epoch));
  }
  loaded.given_up = spoilt.waiting;
  if (spoilt.plans.empty()) return ok();
  log_error("events", std::to_string(spoilt.plans.size()) + " events are damaged, and are given up");
  return loaded.rows.transaction([&]() -> Status {
    for (const StubPlan& plan : spoilt.plans) TRY_DONE(loaded.rows.make_stub(plan));
    return ok();
  });
}

Result<Loaded> load(const EventStoreSettings& settings, bool thoroughly) {
  TRY(rows, EventRows::open(settings.folder / "events.db", thoroughly));
  const BookOwner us{settings.school, settings.device};
  TRY(owner, rows.owner());
  if (!owner) TRY_DONE(rows.set_owner(us));
  TRY(epochs, rows.epochs());
  TRY(told, rows.told());
  Loaded loaded{std::move(rows), std::move(epochs), std::move(told), owner && *owner != us};
  if (!loaded.is_foreign) TRY_DONE(check_epochs(loaded, settings, thoroughly));
  return loaded;
}

// What stands under set-aside/ for one occasion: a book with its log, or a single thing.
struct AsideGroup {
  std::vector<fs::path> parts;
  std::uint64_t bytes = 0;
  fs::file_time_type time = fs::file_time_type::min();
};

std::uint64_t bytes_of(const fs::path& path) {
  std::error_code failed;
  if (!fs::is_directory(path, failed)) {
    const auto size = platform::file_size(path);
    return size ? *size : 0;
  }
  std::uint64_t bytes = 0;
  for (const auto& entry : fs::directory_iterator(path, failed)) bytes += bytes_of(entry.path());
  return bytes;
}

std::string aside_group(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.substr(0, name.find(".db"));
}

// The newest stays, and the one before it where both together are no larger than the book itself may be.
void prune_aside(const fs::path& aside, const std::string& newest, std::uint64_t max_bytes) {
  std::map<std::string, AsideGroup> groups;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(aside, failed)) {
    AsideGroup& group = groups[aside_group(entry.path())];
    group.parts.push_back(entry.path());
    group.bytes += bytes_of(entry.path());
    group.time = std::max(group.time, entry.last_write_time(failed));
  }
  const auto latest = std::max_element(groups.begin(), groups.end(), [&](const auto& a, const auto& b) {
    return std::pair(a.first != newest, a.second.time) < std::pair(b.first != newest, b.second.time);
  });
  for (const auto& [name, group] : groups) {
    const bool fits = groups[newest].bytes + group.bytes <= max_bytes;
    if (name == newest || (name == latest->first && fits)) continue;
    for (const fs::path& part : group.parts) fs::remove_all(part, failed);  // what stays is tried again the next time
  }
}

// A name that nothing has yet; the clock may have said the same before.
std::string aside_name(const fs::path& aside, std::string name, UnixSeconds now) {
  name += "-" + to_rfc3339(now);
  std::erase(name, ':');
  std::error_code failed;
  const auto is_free = [&](const std::string& tried) {
    return !platform::file_size(aside / (tried + ".db")) && !fs::exists(aside / (tried + ".db"), failed) && !fs::exists(aside / tried, failed);
  };
  if (is_free(name)) return name;
  int number = 2;
  while (!is_free(name + "-" + std::to_string(number))) ++number;
  return name + "-" + std::to_string(number);
}

// What has this name with each of these endings, in this order, under a name of its own; the path of that.
Result<fs::path> set_aside(const EventStoreSettings& settings, const std::string& what, std::initializer_list<const char*> endings, UnixSeconds now) {
  const fs::path aside = settings.folder / "set-aside";
  TRY_DONE(platform::make_folder(aside, 0700));
  const std::string name = aside_name(aside, what, now);
  for (const char* ending : endings) {
    const auto moved = platform::rename_file(settings.folder / (what + ending), aside / (name + ending));
    if (!moved && moved.error().code != ErrorCode::kNotFound) return moved.error();
  }
  prune_aside(aside, name, settings.quota.max_bytes);
  return aside / name;
}

// The log goes first: a main file without its log is merely older, a new main file with an old log would be filled from
// it.
Status set_book_aside(const EventStoreSettings& settings, UnixSeconds now) {
  TRY(where, set_aside(settings, "events", {".db-wal", ".db-shm", ".db"}, now));
  log_error("events", "the book of events was set aside as " + where.string() + ".db");
  return ok();
}

bool is_there_and_no(const fs::path& path, fs::file_type wanted) {
  std::error_code failed;
  return fs::exists(fs::symlink_status(path, failed)) && fs::status(path, failed).type() != wanted;
}

// A repaired file system may have given a file of ours another's place, or a folder's.
Status set_strangers_aside(const EventStoreSettings& settings, UnixSeconds now) {
  const fs::path& folder = settings.folder;
  if (is_there_and_no(folder, fs::file_type::directory)) {
    const fs::path aside = folder.string() + ".set-aside";
    std::error_code failed;
    fs::remove_all(aside, failed);
    TRY_DONE(platform::rename_file(folder, aside));
    log_error("events", folder.string() + " was no folder, and is set aside");
  }
  TRY_DONE(platform::make_folder(folder, 0700));
  const auto is_strange = [&](const char* name) { return is_there_and_no(folder / name, fs::file_type::regular); };
  if (is_strange("events.db") || is_strange("events.db-wal") || is_strange("events.db-shm")) TRY_DONE(set_book_aside(settings, now));
  for (const char* name : {"events.key", "events.ballast", "events.clean"}) {
    if (!is_strange(name)) continue;
    TRY(where, set_aside(settings, name, {""}, now));
    log_error("events", std::string(name) + " was no file, and is set aside as " + where.string());
  }
  return ok();
}

// A key for entry 1 may have been prepared for an epoch that never came to be.
bool was_used(const RatchetState& state) {
  return state.next.seq > 1;
}

LastKnown last_known(const std::vector<EpochRow>& epochs, const std::vector<RatchetState>& states) {
  LastKnown known;
  if (!epochs.empty()) known = {epochs.back().id, epochs.back().head};
  for (const RatchetState& state : states) {
    const bool is_later = known.epoch == state.epoch ? state.head().seq > known.head.seq : !known.epoch.has_value();
    if (was_used(state) && is_later) known = {state.epoch, state.head()};
  }
  return known;
}

// Brings the key to the book's head, checking each tag on the way: the book was written without it for a moment only.
Status catch_up(EventRows& rows, const EpochRow& epoch, RatchetState& key) {
  return for_each_entry(rows, epoch, key.next.seq, [&](const EntryRow& row) -> Status {
    TRY_DONE(sync::advance_to(key.next, row.entry.to, sync::kMaxStubSpan));
    if (!equal_constant_time(sync::make_tag(key.next.key, row.entry.link), row.entry.tag)) {
      return damaged(epoch, "an entry is not tagged with the key that follows from the kept one");
    }
    sync::advance(key.next);
    key.link = row.entry.link;
    return ok();
  });
}

Result<FoundBook> continue_book(Loaded loaded, const std::vector<RatchetState>& states) {
  FoundBook book{std::move(loaded.rows), std::move(loaded.epochs), std::nullopt, "", {}, std::move(loaded.told), loaded.given_up};
  book.last_known = last_known(book.epochs, states);
  const KeyChoice choice = decide_key(book.epochs, states);
  if (choice.verdict == KeyVerdict::kContinues) {
    RatchetState key = *choice.state;
    const auto caught_up = catch_up(book.rows, book.epochs.back(), key);
    if (caught_up)
      book.key = std::move(key);
    else if (caught_up.error().code != ErrorCode::kDamaged)
      return caught_up.error();
  }
  book.reason = choice.verdict == KeyVerdict::kAhead ? "rollback" : "damage";
  return book;
}

}  // namespace

Status leave_clean(const fs::path& folder) {
  return platform::replace_file(folder / "events.clean", {}, 0600);
}

KeyChoice decide_key(const std::vector<EpochRow>& epochs, const std::vector<RatchetState>& states) {
  const EpochRow& last = epochs.back();
  KeyChoice choice;
  bool is_ahead = false;
  bool knows_other = false;
  for (const RatchetState& state : states) {
    const bool is_ours =
        std::any_of(epochs.begin(), epochs.end(), [&](const EpochRow& e) { return e.id == state.epoch; });
    if (!is_ours) {
      knows_other = knows_other || was_used(state);
    } else if (state.epoch == last.id) {
      if (state.head().seq > last.head.seq)
        is_ahead = true;
      else if (choice.state == nullptr || state.next.seq > choice.state->next.seq)
        choice.state = &state;
    }
  }
  if (is_ahead || (choice.state == nullptr && knows_other)) return {KeyVerdict::kAhead, nullptr};
  choice.verdict = choice.state == nullptr ? KeyVerdict::kMissing : KeyVerdict::kContinues;
  return choice;
}

Result<std::optional<sync::SealedDetails>> sealed_part(const EntryRow& row) {
  if (row.entry.is_stub()) return std::optional<sync::SealedDetails>();
  const Error damaged = make_error(ErrorCode::kDamaged, "seq " + std::to_string(row.entry.to) + " and its sealed part");
  const auto body = sync::parse_event_body(row.entry.body);
  if (!body || body->sealed.has_value() == row.sealed.empty()) return damaged;
  if (row.sealed.empty()) return std::optional<sync::SealedDetails>();
  auto sealed = sync::parse_sealed_json(row.sealed);
  if (!sealed || hash(sealed->ciphertext) != *body->sealed) return damaged;
  return std::optional(std::move(*sealed));
}

std::string epoch_rule(const std::string& reason, const LastKnown& last_known) {
  if (!last_known.epoch) return reason;
  return reason + " epoch=" + to_hex(*last_known.epoch) + " seq=" + std::to_string(last_known.head.seq) +
         " link=" + to_hex(last_known.head.link);
}

Result<FoundBook> find_book(const EventStoreSettings& settings, const RatchetFile& key_file, UnixSeconds now) {
  TRY_DONE(set_strangers_aside(settings, now));
  const bool was_clean = platform::file_size(settings.folder / "events.clean").has_value();
  TRY_DONE(platform::remove_file(settings.folder / "events.clean"));
  const std::vector<RatchetState> states = key_file.read();
  auto loaded = load(settings, !was_clean);
  // A disk that could not give a page may give it when it is asked again, and what looks damaged after a clean stop is looked at whole.
  if (!loaded && loaded.error().code == ErrorCode::kDamaged) loaded = load(settings, true);
  const bool is_unusable =
      !loaded && (loaded.error().code == ErrorCode::kDamaged || loaded.error().code == ErrorCode::kUnsupported);
  if (!loaded && !is_unusable) return loaded.error();
  if (is_unusable) log_error("events", loaded.error().message);
  if (is_unusable || loaded->is_foreign) {
    const std::string reason = is_unusable ? "damage" : "re-enrolment";
    const LastKnown known = last_known(is_unusable ? std::vector<EpochRow>() : loaded->epochs, states);
    loaded = make_error(ErrorCode::kInternal, "closed");  // before its files are renamed
    TRY_DONE(set_book_aside(settings, now));
    TRY(fresh, load(settings, false));
    return FoundBook{std::move(fresh.rows), {}, std::nullopt, reason, known};
  }
  if (!loaded->epochs.empty()) return continue_book(std::move(*loaded), states);
  const LastKnown known = last_known({}, states);
  return FoundBook{std::move(loaded->rows), {}, std::nullopt, known.epoch ? "damage" : "enrolment", known, std::move(loaded->told)};
}

}  // namespace caretaker::agent
