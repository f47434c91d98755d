// SQLite 3, wrapped just enough that errors are Results and statements end themselves. One connection per file, one
// thread per connection. There is no mock of it: tests open a temporary file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "platform/base/bytes.h"
#include "platform/base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace caretaker::platform {

class StatementShelf;

class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;
  ~Statement();

  // Parameters count from 1 and hold until the next reset().
  Statement& bind(int index, std::int64_t value);
  Statement& bind(int index, std::string_view text);
  Statement& bind(int index, ByteView blob);
  Statement& bind_null(int index);

  // true: a row stands ready; false: done. kFull (disk), kDamaged (corrupt), kConflict (constraint), kUnavailable.
  [[nodiscard]] Result<bool> step();
  // step() for statements without rows; resets afterwards.
  [[nodiscard]] Status run();
  void reset();

  // Columns of the current row count from 0.
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] std::string text(int column) const;
  [[nodiscard]] Bytes blob(int column) const;
  [[nodiscard]] bool is_null(int column) const;

 private:
  friend class Database;
  Statement(sqlite3_stmt* statement, std::shared_ptr<StatementShelf> shelf);
  Statement& bound(int result);
  sqlite3_stmt* statement_ = nullptr;
  std::shared_ptr<StatementShelf> shelf_;  // where it goes back to
  int bind_error_ = 0;  // of a parameter that could not be bound; step() returns it
};

class Database {
 public:
  // Opens or creates. Sets WAL, synchronous=FULL, locking_mode=EXCLUSIVE, foreign_keys, trusted_schema=OFF,
  // secure_delete (what is deleted is overwritten); no triggers, no views, no extensions, no further files attached.
  // kDamaged when the file is not a usable database, kConflict when another process has it.
  [[nodiscard]] static Result<Database> open(const std::filesystem::path& path);
  Database(Database&& other) noexcept;
  Database& operator=(Database&& other) noexcept;
  ~Database();

  [[nodiscard]] Status execute(const char* sql);  // one or several statements without rows
  // Compiling costs more than most statements take to run: what was prepared before is used again when it is free.
  // The first column of the first row, for a statement that has one.
  [[nodiscard]] Result<std::int64_t> number_of(std::string_view sql);
  [[nodiscard]] Result<Statement> prepare(std::string_view sql);
  [[nodiscard]] std::int64_t changes() const;  // rows changed by the last statement

  // Runs `work` between BEGIN IMMEDIATE and COMMIT; any error rolls back and is returned.
  [[nodiscard]] Status transaction(const std::function<Status()>& work);
  // One commit for several transactions: from begin_group() on each is a part that fails by itself, and what the others did
  // is durable when commit_group() says so. Its error: nothing of the group is stored. Without a group it does nothing.
  [[nodiscard]] Status begin_group();  // one that is open already goes on
  [[nodiscard]] Status commit_group();

  // quick_check: kDamaged with SQLite's first complaint.
  [[nodiscard]] Status check();
  // Moves the log (WAL) into the file; it is written from its beginning again. It keeps its size, also when the
  // database is closed: what it occupies is ours when the disk is full. A copy of the database needs both files.
  [[nodiscard]] Status checkpoint();

 private:
  explicit Database(sqlite3* database);
  [[nodiscard]] Status end(Status done, const char* commit, const char* undo);
  sqlite3* database_ = nullptr;
  std::shared_ptr<StatementShelf> shelf_;
  bool in_group_ = false;
};

// Every row that is left, as `read` makes it of the statement that stands at it (a Result); the first error ends it.
template <typename Read>
[[nodiscard]] auto read_rows(Statement& rows, const Read& read)
    -> Result<std::vector<std::decay_t<decltype(*read(std::as_const(rows)))>>> {
  std::vector<std::decay_t<decltype(*read(std::as_const(rows)))>> out;
  while (true) {
    TRY(found, rows.step());
    if (!found) return out;
    TRY(row, read(std::as_const(rows)));
    out.push_back(std::move(row));
  }
}

// Numbered schema steps, each applied once and in order inside one transaction; user_version holds the number.
// A database newer than the last step is kUnsupported. Steps are never edited once released (tests hold their hashes).
struct Migration {
  int number;
  const char* sql;
};
[[nodiscard]] Status migrate(Database& database, std::span<const Migration> steps);

// kDamaged where something that these steps make is not there as they make it: a name that lost a bit is no damage to SQLite's own check().
// What somebody has added (an index, what ANALYZE keeps) is theirs.
[[nodiscard]] Status check_tables(Database& database, std::span<const Migration> steps);

}  // namespace caretaker::platform
