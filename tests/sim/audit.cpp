#include "tests/sim/audit.h"

#include <algorithm>
#include <cctype>
#include <functional>

#include "platform/sqlite.h"
#include "sync/limits.h"
#include "sync/server/retention.h"

namespace caretaker::sim {
namespace {

struct Row {
  std::uint64_t from = 0;
  std::uint64_t to = 0;
  Hash link{};
  Bytes body;
  Bytes sealed;
};

struct Hole {
  std::uint64_t from = 0;
  std::uint64_t to = 0;
  std::string lost_by;
};

struct Epoch {
  sync::ChainHead head;
  SecretKey key;  // of the next entry
  std::vector<Row> rows;
  std::vector<Hole> holes;
  std::vector<sync::Batch> batches;
  [[nodiscard]] const Row* row_of(std::uint64_t seq) const {
    for (const Row& row : rows) {
      if (row.from <= seq && seq <= row.to) return &row;
    }
    return nullptr;
  }
  [[nodiscard]] bool has_hole(std::uint64_t seq) const {
    return std::ranges::any_of(holes, [seq](const Hole& hole) { return hole.from <= seq && seq <= hole.to; });
  }
};

using Epochs = std::map<EpochOf, Epoch>;

std::uint64_t seq_at(const platform::Statement& row, int column) {
  return static_cast<std::uint64_t>(row.integer(column));
}

Result<EpochOf> epoch_at(const platform::Statement& row) {
  TRY(device, to_array<32>(row.blob(0)));
  TRY(epoch, to_array<16>(row.blob(1)));
  return EpochOf{device, epoch};
}

using Visit = std::function<Status(const platform::Statement&, Epoch&)>;
Status for_rows(platform::Database& database, std::string_view sql, Epochs& epochs, const Visit& visit) {
  TRY(query, database.prepare(sql));
  for (;;) {
    TRY(found, query.step());
    if (!found) return ok();
    TRY(of, epoch_at(query));
    TRY_DONE(visit(query, epochs[of]));
  }
}

Result<Bytes> signed_payload(ByteView envelope, const PublicKey& key) {
  TRY(opened, sync::open_envelope(envelope, sync::PayloadType::kBatch, {{sync::key_id(key), key}}));
  return std::move(opened.payload);
}

Result<Epochs> read_book(platform::Database& database, const std::map<sync::DeviceId, PublicKey>& keys) {
  Epochs epochs;
  TRY_DONE(for_rows(database, "SELECT device, epoch, last_seq, head, ratchet_key FROM epochs", epochs,
                    [](const auto& row, Epoch& epoch) -> Status {
                      TRY(link, to_array<32>(row.blob(3)));
                      TRY(key, to_array<32>(row.blob(4)));
                      epoch.head = {seq_at(row, 2), link};
                      epoch.key = SecretKey(key);
                      return ok();
                    }));
  TRY_DONE(for_rows(database, "SELECT device, epoch, seq_from, seq_to, link, body, details FROM events LEFT JOIN sealed ON event = id "
                    "ORDER BY device, epoch, seq_to", epochs,
                    [](const auto& row, Epoch& epoch) -> Status {
                      TRY(link, to_array<32>(row.blob(4)));
                      epoch.rows.push_back({seq_at(row, 2), seq_at(row, 3), link, row.blob(5), row.blob(6)});
                      return ok();
                    }));
  TRY_DONE(for_rows(database, "SELECT device, epoch, seq_from, seq_to, lost_by FROM holes", epochs,
                    [](const auto& row, Epoch& epoch) -> Status {
                      epoch.holes.push_back({seq_at(row, 2), seq_at(row, 3), row.text(4)});
                      return ok();
                    }));
  TRY_DONE(for_rows(database, "SELECT device, epoch, envelope FROM batches ORDER BY id", epochs,
                    [&](const auto& row, Epoch& epoch) -> Status {
                      TRY(device, to_array<32>(row.blob(0)));
                      const auto key = keys.find(device);
                      if (key == keys.end()) return make_error(ErrorCode::kNotFound, "a batch of a device that never was");
                      TRY(payload, signed_payload(row.blob(2), key->second));
                      TRY(batch, sync::parse_batch(payload));
                      epoch.batches.push_back(std::move(batch));
                      return ok();
                    }));
  return epochs;
}

class EpochAudit {
 public:
  EpochAudit(const EpochOf& of, const Epoch& epoch, const School& school, Ledger& ledger, bool forgets)
      : of_(of), epoch_(epoch), school_(school), ledger_(ledger), forgets_(forgets) {}

  void run() {
    if (epoch_.rows.empty()) return;
    check_links();
    check_tags();
    check_sealed();
  }

 private:
  void fail(const std::string& what) { ledger_.fail("server, epoch " + to_hex(of_.second).substr(0, 8) + ": " + what); }

  // The link before a row that does not follow from the one before: a batch that begins there says it, and its tags prove it.
  [[nodiscard]] std::optional<Hash> link_before(std::uint64_t seq) const {
    for (const sync::Batch& batch : epoch_.batches) {
      if (batch.seq_from == seq) return batch.prev;
    }
    return std::nullopt;
  }

  void check_links() {
    sync::ChainHead at = sync::first_head(school_.id(), of_.first, of_.second);
    for (const Row& row : epoch_.rows) {
      if (row.from <= at.seq) return fail("seq " + std::to_string(row.from) + " is there twice");
      if (row.from != at.seq + 1) {
        const auto before = link_before(row.from);
        if (!before || !epoch_.has_hole(at.seq + 1) || !epoch_.has_hole(row.from - 1)) {
          return fail("seq " + std::to_string(at.seq + 1) + " to " + std::to_string(row.from - 1) + " are missing and no hole is noted");
        }
        at = {row.from - 1, *before};
      }
      at = row.body.empty() ? sync::ChainHead{row.to, row.link} : sync::next_head(at, row.body);
      if (at != sync::ChainHead{row.to, row.link}) return fail("the link of seq " + std::to_string(row.to) + " does not follow");
    }
    if (at != epoch_.head) fail("the place is seq " + std::to_string(epoch_.head.seq) + ", the last event " + std::to_string(at.seq));
  }

  // From the first key on, as only the device and we have it.
  void check_tags() {
    std::map<std::uint64_t, Hash> tags;
    std::optional<sync::RatchetKey> key;
    for (const sync::Batch& batch : epoch_.batches) {
      for (const auto& entry : batch.entries) tags[entry.to] = entry.tag;
      if (!batch.epoch_start || key) continue;
      const auto opened = box_open(school_.server_box(), batch.epoch_start->sealed_key);
      if (!opened) return fail("the first key does not open");
      key = sync::RatchetKey{1, SecretKey(*to_array<32>(*opened))};
    }
    if (!key) return fail("no batch has the first key");
    for (const Row& row : epoch_.rows) {
      if (!sync::advance_to(*key, row.to, sync::kMaxStubSpan)) return fail("too far for the ratchet");
      if (sync::make_tag(key->key, row.link) != tags[row.to]) return fail("the tag of seq " + std::to_string(row.to) + " does not fit");
      sync::advance(*key);
    }
    if (!equal_constant_time(key->key.view(), epoch_.key.view())) fail("the next key is not the one that follows");
  }

  // A receipt tells the device that it may forget: whatever the body names must be here, and it must be that.
  void check_sealed() {
    for (const Row& row : epoch_.rows) {
      const auto body = row.body.empty() ? Result<sync::EventBody>(Error{}) : sync::parse_event_body(row.body);
      if (!body || (row.sealed.empty() && (!body->sealed || forgets_))) continue;
      const auto sealed = sync::parse_sealed_json(row.sealed);
      if (!sealed || !body->sealed || hash(sealed->ciphertext) != *body->sealed || sealed->keys.empty()) {
        return fail("the sealed part of seq " + std::to_string(row.to) + " is missing or not its own");
      }
    }
  }

  const EpochOf& of_;
  const Epoch& epoch_;
  const School& school_;
  Ledger& ledger_;
  bool forgets_;  // the server has counted the days after which sealed parts go
};

void check_receipts(const Epochs& epochs, Ledger& ledger) {
  for (const auto& [of, head] : ledger.receipts()) {
    const auto found = epochs.find(of);
    const std::string what = "receipt for seq " + std::to_string(head.seq) + " of epoch " + to_hex(of.second).substr(0, 8);
    if (head.seq == 0) continue;
    if (found == epochs.end() || found->second.head.seq < head.seq) return ledger.fail(what + ", and the server does not have it");
    for (const Row& row : found->second.rows) {
      if (row.to == head.seq && row.link != head.link) return ledger.fail(what + ", and the server has another link there");
    }
  }
}

struct Place {
  EpochOf epoch;
  std::uint64_t seq = 0;
  bool is_sealed = false;
};

// Two machines with one disk each write down anew, in an epoch of its own, what was not sent yet when they parted; it may have been written down
// anew before that.
bool was_copied(const std::string& rule, const Ledger& ledger) {
  return std::ranges::any_of(ledger.told(), [&](const Told& told) {
    const bool was_carried = ledger.was_refused({told.device, told.epoch}, told.seq) && ledger.has_excuses(told.device);
    return "s" + std::to_string(told.number) == rule && (ledger.is_excused(told) || was_carried);
  });
}

bool may_stand_in_both(const Place& one, const Place& other, const std::string& rule, const Ledger& ledger) {
  const auto may_come = [&](const Place& place) { return ledger.is_excused(place.epoch) || ledger.may_come_twice(place.epoch, place.seq); };
  return one.epoch != other.epoch && (may_come(one) || may_come(other) || was_copied(rule, ledger));
}

// Where each rule stands; one that stands twice is an error.
std::map<std::string, Place> places_of_rules(const Epochs& epochs, Ledger& ledger) {
  std::map<std::string, Place> places;
  for (const auto& [of, epoch] : epochs) {
    for (const Row& row : epoch.rows) {
      const auto body = row.body.empty() ? Result<sync::EventBody>(Error{}) : sync::parse_event_body(row.body);
      if (!body || body->rule.size() < 2 || body->rule[0] != 's' || !std::isdigit(body->rule[1])) continue;
      const std::string rule = body->rule.substr(0, body->rule.find(' '));
      const auto [place, is_first] = places.try_emplace(rule, Place{of, row.to, body->sealed.has_value()});
      if (!is_first && !may_stand_in_both(place->second, Place{of, row.to}, rule, ledger)) {
        ledger.fail("event " + rule + " is on the server twice: seq " + std::to_string(place->second.seq) + " of epoch " + to_hex(place->second.epoch.second).substr(0, 8) +
                    ", seq " + std::to_string(row.to) + " of epoch " + to_hex(of.second).substr(0, 8));
      }
    }
  }
  return places;
}

void check_told(const Epochs& epochs, MonotonicMs now, Ledger& ledger) {
  const auto places = places_of_rules(epochs, ledger);
  for (const Told& told : ledger.told()) {
    const std::string rule = "s" + std::to_string(told.number);
    const auto place = places.find(rule);
    if (place != places.end() && place->second.is_sealed != told.is_sealed) {
      return ledger.fail("event " + rule + " has come without its sealed part");
    }
    if (place != places.end() || ledger.is_excused(told)) continue;
    if (ledger.was_refused({told.device, told.epoch}, told.seq) && ledger.may_be_stub(told, now)) continue;  // of where it stands anew
    const std::string what = "event " + rule + " (seq " + std::to_string(told.seq) + " of epoch " +
                             to_hex(told.epoch).substr(0, 8) + ") was stored and is not on the server";
    const auto found = epochs.find({told.device, told.epoch});
    // It asks for an epoch when it has the beginning of the next, and that was refused in its name.
    if (found == epochs.end() && ledger.server_was_restored() && ledger.has_refused(told.device)) continue;
    if (found == epochs.end()) return ledger.fail(what + ", which does not know the epoch");
    const Row* row = found->second.row_of(told.seq);
    const bool is_stub = row != nullptr && row->body.empty();
    if (is_stub && ledger.may_be_stub(told, now)) continue;
    return ledger.fail(what + (is_stub ? ": a stub, and there was room" : found->second.has_hole(told.seq) ? ": a hole" : ""));
  }
}

Status audit(const std::string& path, const School& school, const std::map<sync::DeviceId, PublicKey>& keys, MonotonicMs now,
             Ledger& ledger) {
  TRY(database, platform::Database::open(path));
  TRY_DONE(database.check());
  TRY(epochs, read_book(database, keys));
  TRY(days, database.prepare("SELECT COALESCE(MAX(counted), 0) FROM retention_days"));
  TRY(counted, days.step());
  const bool forgets = counted && days.integer(0) >= server::kKeepSealedSeconds;
  for (const auto& [of, epoch] : epochs) EpochAudit(of, epoch, school, ledger, forgets).run();
  check_receipts(epochs, ledger);
  check_told(epochs, now, ledger);
  TRY(query, database.prepare("SELECT count(*) FROM quarantine"));
  TRY(found, query.step());
  if (found && !ledger.forks().empty() && query.integer(0) == 0 && !ledger.server_was_restored()) {
    ledger.fail("a fork was reported and nothing is in quarantine");
  }
  return ok();
}

}  // namespace

void audit_server(const std::string& database, const School& school, const std::map<sync::DeviceId, PublicKey>& keys, MonotonicMs now,
                  Ledger& ledger) {
  if (auto done = audit(database, school, keys, now, ledger); !done) ledger.fail("the server's database: " + done.error().message);
}

}  // namespace caretaker::sim
