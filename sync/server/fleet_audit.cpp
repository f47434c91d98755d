// FleetStore: what the school's people have asked.
#include "sync/server/fleet_store.h"

namespace caretaker::server {
namespace {

constexpr std::size_t kMaxKeptRequest = 16u << 10;  // larger ones publish something, which is kept elsewhere

Hash hash_of(const Bytes& blob) { return to_array<32>(blob).value_or({}); }

}  // namespace

Result<std::optional<Hash>> FleetStore::last_audit_link() {
  TRY(query, database_.prepare("SELECT link FROM audit WHERE link IS NOT NULL ORDER BY id DESC LIMIT 1"));
  TRY(found, query.step());
  if (!found) return std::optional<Hash>();
  TRY(link, to_array<32>(query.blob(0)));
  return std::optional<Hash>(link);
}

Status FleetStore::add_audit(UnixSeconds now, std::string_view by, std::string_view action, std::string_view outcome, ByteView request) {
  if (!changes_of_) return make_error(ErrorCode::kInternal, "nobody can ask before there is a school");
  TRY(last, last_audit_link());
  TRY(next, database_.prepare("SELECT IFNULL((SELECT seq FROM sqlite_sequence WHERE name = 'audit'), 0) + 1"));
  TRY(found, next.step());
  sync::AuditEntry entry{found ? next.integer(0) : 1, now, std::string(by), std::string(action), std::string(outcome), {}, hash(request), {}};
  entry.link = sync::next_audit_link(last ? *last : sync::first_audit_link(*changes_of_), entry);
  if (request.size() <= kMaxKeptRequest) entry.request = to_bytes(request);
  TRY(insert, database_.prepare("INSERT INTO audit (id, time, signers, action, outcome, request, request_hash, link) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"));
  insert.bind(1, entry.number).bind(2, now).bind(3, by).bind(4, action).bind(5, outcome).bind(6, ByteView(entry.request));
  return insert.bind(7, ByteView(entry.request_hash)).bind(8, ByteView(entry.link)).run();
}

Result<std::vector<AuditRow>> FleetStore::audit(std::int64_t after, std::int64_t limit) {
  TRY(query, database_.prepare("SELECT id, time, signers, action, outcome, request, request_hash, link FROM audit WHERE id > ? ORDER BY id LIMIT ?"));
  query.bind(1, after).bind(2, limit);
  return platform::read_rows(query, [](const platform::Statement& row) -> Result<AuditRow> {
    const Bytes link = row.blob(7);
    return AuditRow{{row.integer(0), row.integer(1), row.text(2), row.text(3), row.text(4), row.blob(5), hash_of(row.blob(6)), hash_of(link)}, !link.empty()};
  });
}

}  // namespace caretaker::server
