#include "platform/sqlite.h"

#include <sqlite3.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <string>

#include "platform/base/text.h"

namespace caretaker::platform {
namespace {

bool is_full_disk(int number) {
#ifdef EDQUOT
  if (number == EDQUOT) return true;
#endif
  return number == ENOSPC || number == EFBIG;
}

ErrorCode code_of(int extended, int system_error) {
  switch (extended) {
    case SQLITE_IOERR_SHORT_READ:
    case SQLITE_IOERR_READ:  // a disk that cannot give back what it took
    case SQLITE_IOERR_CORRUPTFS:
    case SQLITE_IOERR_DATA: return ErrorCode::kDamaged;
    default: break;
  }
  switch (extended & 0xff) {
    case SQLITE_FULL: return ErrorCode::kFull;
    // Every statement is written in this program: one that does not fit the tables finds tables that are not as they were made,
    // at once or when SQLite reads them anew in the middle.
    case SQLITE_ERROR:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return ErrorCode::kDamaged;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_CONSTRAINT: return ErrorCode::kConflict;
    case SQLITE_TOOBIG: return ErrorCode::kTooLarge;
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_READONLY: return ErrorCode::kPermissionDenied;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN: return is_full_disk(system_error) ? ErrorCode::kFull : ErrorCode::kUnavailable;
    case SQLITE_NOMEM: return ErrorCode::kUnavailable;
    default: return ErrorCode::kInternal;
  }
}

Error sqlite_error(sqlite3* database, int extended) {
  const int system_error = database == nullptr ? 0 : sqlite3_system_errno(database);
  const char* text = database == nullptr ? sqlite3_errstr(extended) : sqlite3_errmsg(database);
  return make_error(code_of(extended, system_error), "SQLite (" + std::to_string(extended) + "): " + clean_text(text));  // it quotes what it read
}

// Against what a file from a hostile hand could use to run more than the statements written here, and against a full
// disk.
void set_defences(sqlite3* database) {
  sqlite3_extended_result_codes(database, 1);
  for (const auto& [option, value] : {std::pair{SQLITE_DBCONFIG_DEFENSIVE, 1},
                                      {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
                                      {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
                                      {SQLITE_DBCONFIG_DQS_DDL, 0},
                                      {SQLITE_DBCONFIG_DQS_DML, 0},
                                      {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
                                      {SQLITE_DBCONFIG_ENABLE_VIEW, 0},
                                      {SQLITE_DBCONFIG_ENABLE_FKEY, 1}}) {
    sqlite3_db_config(database, option, value, nullptr);
  }
  int keep_log = 1;
  sqlite3_file_control(database, "main", SQLITE_FCNTL_PERSIST_WAL, &keep_log);
  sqlite3_limit(database, SQLITE_LIMIT_ATTACHED, 0);
  sqlite3_limit(database, SQLITE_LIMIT_LENGTH, 64 << 20);
}

// The lock is exclusive before the file becomes WAL, so that no shared-memory file is ever made; the empty transaction
// takes it at once, so that a second process fails here and not in the middle of its work.
constexpr const char* kSettings =
    "PRAGMA locking_mode=EXCLUSIVE;"
    "PRAGMA journal_mode=WAL;"
    "PRAGMA synchronous=FULL;"
    "PRAGMA cell_size_check=ON;"
    "PRAGMA secure_delete=ON;"
    "PRAGMA temp_store=MEMORY;"
    "PRAGMA mmap_size=0;"
    "BEGIN IMMEDIATE; COMMIT;";

}  // namespace

// Statements that nobody uses at the moment, by their text. One of each is kept.
class StatementShelf {
 public:
  ~StatementShelf() { close(); }
  [[nodiscard]] sqlite3_stmt* take(std::string_view sql) {
    const auto found = free_.find(sql);
    return found == free_.end() ? nullptr : std::exchange(found->second, nullptr);
  }
  void put(sqlite3_stmt* statement) {
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    if (is_open_) std::swap(statement, free_[sqlite3_sql(statement)]);
    sqlite3_finalize(statement);  // null: there was none
  }
  // The database goes: who still has a statement ends it.
  void close() {
    for (const auto& [sql, statement] : free_) sqlite3_finalize(statement);
    free_.clear();
    is_open_ = false;
  }

 private:
  std::map<std::string, sqlite3_stmt*, std::less<>> free_;
  bool is_open_ = true;
};

Statement::Statement(sqlite3_stmt* statement, std::shared_ptr<StatementShelf> shelf)
    : statement_(statement), shelf_(std::move(shelf)) {}

Statement::Statement(Statement&& other) noexcept
    : statement_(std::exchange(other.statement_, nullptr)),
      shelf_(std::move(other.shelf_)),
      bind_error_(other.bind_error_) {}

Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(statement_, other.statement_);
  std::swap(shelf_, other.shelf_);
  std::swap(bind_error_, other.bind_error_);
  return *this;
}

Statement::~Statement() {
  if (statement_ != nullptr) shelf_->put(statement_);
}

Statement& Statement::bound(int result) {
  if (result != SQLITE_OK) bind_error_ = result;
  return *this;
}

Statement& Statement::bind(int index, std::int64_t value) {
  return bound(sqlite3_bind_int64(statement_, index, value));
}

Statement& Statement::bind(int index, std::string_view text) {
  const char* data = text.data() == nullptr ? "" : text.data();  // a null pointer would bind NULL
  return bound(sqlite3_bind_text64(statement_, index, data, text.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
}

Statement& Statement::bind(int index, ByteView blob) {
  if (blob.empty()) return bound(sqlite3_bind_zeroblob(statement_, index, 0));
  return bound(sqlite3_bind_blob64(statement_, index, blob.data(), blob.size(), SQLITE_TRANSIENT));
}

Statement& Statement::bind_null(int index) {
  return bound(sqlite3_bind_null(statement_, index));
}

Result<bool> Statement::step() {
  sqlite3* database = sqlite3_db_handle(statement_);
  if (bind_error_ != SQLITE_OK) return sqlite_error(nullptr, bind_error_);
  const int result = sqlite3_step(statement_);
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) return false;
  return sqlite_error(database, result);
}

Status Statement::run() {
  auto result = step();
  reset();
  if (!result) return result.error();
  if (*result) return make_error(ErrorCode::kInternal, "a statement without rows gave one");
  return ok();
}

void Statement::reset() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
  bind_error_ = SQLITE_OK;
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}

std::string Statement::text(int column) const {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  return data == nullptr ? std::string()
                         : std::string(data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)));
}

Bytes Statement::blob(int column) const {
  const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_, column));
  return data == nullptr ? Bytes() : Bytes(data, data + sqlite3_column_bytes(statement_, column));
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

Result<Database> Database::open(const std::filesystem::path& path) {
  sqlite3* raw = nullptr;
  constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  const int result = sqlite3_open_v2(path.string().c_str(), &raw, kFlags, nullptr);
  Database database(raw);
  if (result != SQLITE_OK) return sqlite_error(raw, result).with_context(path.string());
  const bool may_write = sqlite3_db_readonly(raw, "main") == 0;  // so far the file system's word alone
  set_defences(raw);
  if (auto set = database.execute(kSettings); !set) return set.error().with_context(path.string());
  if (may_write && sqlite3_db_readonly(raw, "main") != 0) {
    return make_error(ErrorCode::kDamaged, path.string() + ": its header asks for a way of writing that no SQLite knows");
  }
  return database;
}

Database::Database(sqlite3* database) : database_(database), shelf_(std::make_shared<StatementShelf>()) {}

Database::Database(Database&& other) noexcept
    : database_(std::exchange(other.database_, nullptr)),
      shelf_(std::move(other.shelf_)),
      in_group_(std::exchange(other.in_group_, false)) {}

Database& Database::operator=(Database&& other) noexcept {
  std::swap(database_, other.database_);
  std::swap(shelf_, other.shelf_);
  std::swap(in_group_, other.in_group_);
  return *this;
}

Database::~Database() {
  if (shelf_) shelf_->close();
  sqlite3_close_v2(database_);
}

Status Database::execute(const char* sql) {
  const int result = sqlite3_exec(database_, sql, nullptr, nullptr, nullptr);
  if (result != SQLITE_OK) return sqlite_error(database_, sqlite3_extended_errcode(database_));
  return ok();
}

Result<Statement> Database::prepare(std::string_view sql) {
  if (sqlite3_stmt* kept = shelf_->take(sql)) return Statement(kept, shelf_);
  sqlite3_stmt* statement = nullptr;
  const int result = sqlite3_prepare_v3(database_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                        &statement, nullptr);
  if (result != SQLITE_OK) return sqlite_error(database_, result);
  return Statement(statement, shelf_);
}

Result<std::int64_t> Database::number_of(std::string_view sql) {
  TRY(query, prepare(sql));
  TRY(row, query.step());
  if (!row) return make_error(ErrorCode::kInternal, "no row: " + std::string(sql));
  return query.integer(0);
}

std::int64_t Database::changes() const {
  return sqlite3_changes64(database_);
}

Status Database::end(Status done, const char* commit, const char* undo) {
  if (done) done = execute(commit);
  // A full disk may have rolled back already, the group and all.
  if (!done && sqlite3_get_autocommit(database_) == 0) {
    if (auto undone = execute(undo); !undone) return undone.error().with_context(done.error().message);
  }
  return done;
}

Status Database::transaction(const std::function<Status()>& work) {
  TRY_DONE(execute(in_group_ ? "SAVEPOINT part" : "BEGIN IMMEDIATE"));
  if (in_group_) return end(work(), "RELEASE part", "ROLLBACK TO part; RELEASE part");
  return end(work(), "COMMIT", "ROLLBACK");
}

Status Database::begin_group() {
  if (in_group_) return ok();
  TRY_DONE(execute("BEGIN IMMEDIATE"));
  in_group_ = true;
  return ok();
}

Status Database::commit_group() {
  if (!std::exchange(in_group_, false)) return ok();
  return end(ok(), "COMMIT", "ROLLBACK");
}

Status Database::check() {
  TRY(statement, prepare("PRAGMA quick_check(1)"));
  TRY(row, statement.step());
  std::string complaint = row ? statement.text(0) : "quick_check gave no answer";
  if (complaint == "ok") return ok();
  std::replace(complaint.begin(), complaint.end(), '\n', ' ');
  return make_error(ErrorCode::kDamaged, "SQLite: " + clean_text(complaint));
}

Status Database::checkpoint() {
  const int result = sqlite3_wal_checkpoint_v2(database_, nullptr, SQLITE_CHECKPOINT_RESTART, nullptr, nullptr);
  if (result != SQLITE_OK) return sqlite_error(database_, result);
  return ok();
}

Status migrate(Database& database, std::span<const Migration> steps) {
  TRY(version, database.number_of("PRAGMA user_version"));
  if (!steps.empty() && version > steps.back().number) {
    return make_error(ErrorCode::kUnsupported, "the database is of version " + std::to_string(version) +
                                                   ", this program knows " + std::to_string(steps.back().number));
  }
  return database.transaction([&]() -> Status {
    for (const Migration& step : steps) {
      if (step.number <= version) continue;
      TRY_DONE(database.execute(step.sql));
      TRY_DONE(database.execute(("PRAGMA user_version=" + std::to_string(step.number)).c_str()));
    }
    return ok();
  });
}

Status check_tables(Database& database, std::span<const Migration> steps) {
  const auto tables_of = [](Database& one) -> Result<std::vector<std::string>> {
    TRY(query, one.prepare("SELECT name || ' ' || COALESCE(sql, '') AS made FROM sqlite_schema ORDER BY made"));
    return read_rows(query, [](const Statement& row) -> Result<std::string> { return row.text(0); });
  };
  TRY(model, Database::open(":memory:"));
  TRY_DONE(migrate(model, steps));
  TRY(wanted, tables_of(model));
  TRY(found, tables_of(database));
  if (std::ranges::includes(found, wanted)) return ok();
  return make_error(ErrorCode::kDamaged, "SQLite: the tables are not as they were made");
}

}  // namespace caretaker::platform
