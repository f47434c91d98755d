#include "tests/sim/book_files.h"

#include "platform/sqlite.h"

namespace caretaker::sim {
namespace {

constexpr const char* kBook = "state/events/events.db";
constexpr const char* kLog = "state/events/events.db-wal";
constexpr const char* kClean = "state/events/events.clean";

// Pages in use: twice the quota where rows leave half of a page empty, and the tables that are not counted (epochs with their
// receipts, groups, the schema), ...
constexpr std::uint64_t kOtherTables = 256u << 10;
// ... and what the file keeps ready inside, so that a full disk finds room in it.
constexpr std::uint64_t kMostSpare = 2u << 20;
// SQLite writes its log back at a thousand pages; one transaction more may come on top.
constexpr std::uint64_t kMostLog = 6u << 20;

std::uint64_t number_at(const Bytes& bytes, std::size_t at, std::size_t size) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < size; ++i) number = number << 8 | bytes[at + i];
  return number;
}

std::string too_much(const char* what, std::uint64_t bytes, std::uint64_t bound, const agent::QuotaLimits& quota) {
  return std::string("the book's ") + what + " " + std::to_string(bytes) + " bytes of the disk, more than the " + std::to_string(bound) +
         " that a quota of " + std::to_string(quota.max_bytes) + " explains";
}

Result<std::uint64_t> bytes_of_rows(const std::string& path) {
  TRY(database, platform::Database::open(path));
  // A link and a tag of 32 bytes, and a byte at least for each number.
  TRY(query, database.prepare("SELECT (SELECT COALESCE(SUM(COALESCE(LENGTH(body), 0) + LENGTH(link) + LENGTH(tag) + 8), 0) FROM entry)"
                              " + (SELECT COALESCE(SUM(LENGTH(details) + 4), 0) FROM sealed)"));
  TRY(found, query.step());
  return found ? static_cast<std::uint64_t>(query.integer(0)) : 0;
}

}  // namespace

std::optional<std::string> check_book_files(Disk& disk, const agent::QuotaLimits& quota) {
  const File* book = disk.file(kBook);
  const File* log = disk.file(kLog);
  if (disk.is_dead() || disk.file(kClean) == nullptr || book == nullptr || book->bytes.size() < 100) return std::nullopt;
  const std::uint64_t page = number_at(book->bytes, 16, 2);
  const std::uint64_t used = (number_at(book->bytes, 28, 4) - number_at(book->bytes, 36, 4)) * page;
  const std::uint64_t bound = 2 * quota.max_bytes + kOtherTables;
  if (used > bound) return too_much("pages in use take", used, bound, quota);
  if (book->bytes.size() > bound + kMostSpare) return too_much("file takes", book->bytes.size(), bound + kMostSpare, quota);
  if (log != nullptr && log->bytes.size() > kMostLog) return too_much("log takes", log->bytes.size(), kMostLog, quota);
  return std::nullopt;
}

std::optional<std::string> check_book_rows(Disk& disk, const agent::QuotaLimits& quota) {
  if (disk.is_dead() || disk.file(kClean) == nullptr || disk.file(kBook) == nullptr) return std::nullopt;
  const auto bytes = bytes_of_rows(disk.path(kBook));
  // Pages that were spoilt and that nobody has read since. Where nobody has spoilt any, the device itself would have found it.
  if (!bytes) return std::nullopt;
  if (*bytes > quota.max_bytes) return too_much("rows have", *bytes, quota.max_bytes, quota);
  return std::nullopt;
}

}  // namespace caretaker::sim
