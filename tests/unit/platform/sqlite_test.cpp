#include "platform/sqlite.h"

#include <fstream>

#include "platform/base/text.h"
#include "tests/unit/platform/temporary_folder.h"

using namespace caretaker;
using namespace caretaker::platform;

namespace {

Database open_with_table(const std::filesystem::path& path) {
  auto database = Database::open(path);
  REQUIRE(database);
  REQUIRE(database->execute("CREATE TABLE IF NOT EXISTS t(id INTEGER PRIMARY KEY, name TEXT UNIQUE, data BLOB)"));
  return std::move(*database);
}

std::string pragma(Database& database, const char* name) {
  auto statement = database.prepare(std::string("PRAGMA ") + name);
  REQUIRE(statement);
  REQUIRE(statement->step().value_or(false));
  return statement->text(0);
}

}  // namespace

TEST_CASE("a database is opened with the settings that its promises rest on") {
  const TemporaryFolder folder;
  Database database = open_with_table(folder / "a.db");
  CHECK(pragma(database, "journal_mode") == "wal");
  CHECK(pragma(database, "synchronous") == "2");
  CHECK(pragma(database, "locking_mode") == "exclusive");
  CHECK(pragma(database, "foreign_keys") == "1");
  CHECK(pragma(database, "trusted_schema") == "0");
  CHECK(pragma(database, "secure_delete") == "1");
  CHECK_FALSE(std::filesystem::exists(folder / "a.db-shm"));
  CHECK_FALSE(database.execute("ATTACH ':memory:' AS other"));
}

TEST_CASE("values of every type come back as they were bound") {
  const TemporaryFolder folder;
  Database database = open_with_table(folder / "a.db");
  auto insert = database.prepare("INSERT INTO t(id, name, data) VALUES(?, ?, ?)");
  REQUIRE(insert);
  const Bytes blob{0, 1, 255};
  CHECK(insert->bind(1, std::int64_t{1}).bind(2, std::string_view("a\0b", 3)).bind(3, ByteView(blob)).run());
  CHECK(insert->bind(1, INT64_MAX).bind(2, std::string_view()).bind(3, ByteView()).run());
  CHECK(insert->bind(1, INT64_MIN).bind_null(2).bind_null(3).run());
  auto select = database.prepare("SELECT id, name, data FROM t ORDER BY id DESC");
  REQUIRE(select);
  REQUIRE(*select->step());
  CHECK(select->integer(0) == INT64_MAX);
  CHECK_FALSE(select->is_null(1));
  CHECK_FALSE(select->is_null(2));
  CHECK(select->blob(2).empty());
  REQUIRE(*select->step());
  CHECK(select->text(1) == std::string("a\0b", 3));
  CHECK(select->blob(2) == blob);
  REQUIRE(*select->step());
  CHECK(select->is_null(1));
  CHECK_FALSE(*select->step());
}

TEST_CASE("a parameter that does not exist is an error of the step, not silence") {
  const TemporaryFolder folder;
  Database database = open_with_table(folder / "a.db");
  auto insert = database.prepare("INSERT INTO t(name) VALUES(?)");
  REQUIRE(insert);
  CHECK_FALSE(insert->bind(1, std::string_view("a")).bind(2, std::string_view("b")).run());
  CHECK(insert->bind(1, std::string_view("a")).run());
}

TEST_CASE("a failed transaction leaves nothing, and the next one works") {
  const TemporaryFolder folder;
  Database database = open_with_table(folder / "a.db");
  const auto failed = database.transaction([&]() -> Status {
    TRY_DONE(database.execute("INSERT INTO t(name) VALUES('a')"));
    return database.execute("INSERT INTO t(name) VALUES('a')");
  });
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == ErrorCode::kConflict);
  CHECK(database.transaction([&] { return database.execute("INSERT INTO t(name) VALUES('a')"); }));
  CHECK(database.changes() == 1);
}

TEST_CASE("a second connection is turned away at once") {
  const TemporaryFolder folder;
  Database database = open_with_table(folder / "a.db");
  const auto second = Database::open(folder / "a.db");
  REQUIRE_FALSE(second);
  CHECK(second.error().code == ErrorCode::kConflict);
}

TEST_CASE("a file that is no database is damaged, a folder that is not there is not") {
  const TemporaryFolder folder;
  std::ofstream(folder / "a.db") << std::string(8192, 'x');
  const auto damaged = Database::open(folder / "a.db");
  REQUIRE_FALSE(damaged);
  CHECK(damaged.error().code == ErrorCode::kDamaged);
  const auto missing = Database::open(folder / "none/a.db");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == ErrorCode::kUnavailable);
}

TEST_CASE("a header with a bit turned that would make the database one to read only is damage") {
  const TemporaryFolder folder;
  { const Database database = open_with_table(folder / "a.db"); }
  std::filesystem::remove(folder / "a.db-wal");  // it would mend the page
  constexpr int kWriteVersion = 18;  // SQLite's file format, 1.3.3
  std::fstream file(folder / "a.db", std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(kWriteVersion);
  file.put(3);
  file.close();
  const auto database = Database::open(folder / "a.db");
  REQUIRE_FALSE(database);
  CHECK(database.error().code == ErrorCode::kDamaged);
}

TEST_CASE("tables that are not as they were made are damage") {
  const TemporaryFolder folder;
  Database database = open_with_table(folder / "a.db");
  REQUIRE(database.execute("ALTER TABLE t RENAME COLUMN name TO nane"));
  const auto query = database.prepare("SELECT name FROM t");
  REQUIRE_FALSE(query);
  CHECK(query.error().code == ErrorCode::kDamaged);
}

TEST_CASE("what is quoted of a damaged file is text") {
  const TemporaryFolder folder;
  { const Database database = open_with_table(folder / "a.db"); }
  std::ifstream made(folder / "a.db", std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(made)), {});
  for (auto at = bytes.find("PRIMARY KEY"); at != std::string::npos; at = bytes.find("PRIMARY KEY")) bytes.replace(at, 11, "PRIMAR\xac\x1bKEY");
  std::filesystem::remove(folder / "a.db-wal");
  std::ofstream(folder / "a.db", std::ios::binary) << bytes;
  const auto database = Database::open(folder / "a.db");
  REQUIRE_FALSE(database);
  CHECK(database.error().code == ErrorCode::kDamaged);
  CHECK(database.error().message.find('\x1b') == std::string::npos);
  CHECK(is_clean_text(database.error().message, Lines::kMany));
}

TEST_CASE("quick_check finds pages that were overwritten") {
  const TemporaryFolder folder;
  {
    Database database = open_with_table(folder / "a.db");
    REQUIRE(
        database.execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<2000) "
                         "INSERT INTO t(name) SELECT printf('name %d', i) FROM n"));
    CHECK(database.check());
    REQUIRE(database.checkpoint());
  }
  std::filesystem::remove(folder / "a.db-wal");  // it would mend the page
  std::fstream file(folder / "a.db", std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(4096 * 2);
  file << std::string(4096, '\xee');
  file.close();
  auto database = Database::open(folder / "a.db");
  REQUIRE(database);
  const auto check = database->check();
  REQUIRE_FALSE(check);
  CHECK(check.error().code == ErrorCode::kDamaged);
}

TEST_CASE("migrations run once, in order, all or none, and never backwards") {
  const TemporaryFolder folder;
  auto database = Database::open(folder / "a.db");
  REQUIRE(database);
  const Migration one{1, "CREATE TABLE a(x)"};
  const Migration two{2, "CREATE TABLE b(x); INSERT INTO b VALUES(1)"};
  const Migration broken{2, "CREATE TABLE b(x); INSERT INTO nowhere VALUES(1)"};
  REQUIRE(migrate(*database, std::array{one}));
  CHECK_FALSE(migrate(*database, std::array{one, broken}));
  REQUIRE(migrate(*database, std::array{one, two}));
  REQUIRE(migrate(*database, std::array{one, two}));
  CHECK(pragma(*database, "user_version") == "2");
  const auto older_program = migrate(*database, std::array{one});
  REQUIRE_FALSE(older_program);
  CHECK(older_program.error().code == ErrorCode::kUnsupported);
}

TEST_CASE("a statement that is prepared again is free of what was bound before") {
  const TemporaryFolder folder;
  Database database = open_with_table(folder / "a.db");
  for (const std::int64_t a : {1, 2}) {
    auto insert = database.prepare("INSERT INTO t (id, name) VALUES (?, ?)");
    REQUIRE(insert);
    if (a == 1) insert->bind(2, std::string_view("only once"));
    REQUIRE(insert->bind(1, a).run());
  }
  auto query = database.prepare("SELECT count(*) FROM t WHERE name IS NULL");
  REQUIRE(query);
  REQUIRE(*query->step());
  CHECK(query->integer(0) == 1);
}

TEST_CASE("two statements of one text do not disturb each other") {
  const TemporaryFolder folder;
  Database database = open_with_table(folder / "a.db");
  REQUIRE(database.execute("INSERT INTO t (id) VALUES (1), (2)"));
  auto first = database.prepare("SELECT id FROM t ORDER BY id");
  auto second = database.prepare("SELECT id FROM t ORDER BY id");
  REQUIRE((first && second));
  REQUIRE(*first->step());
  REQUIRE(*first->step());
  REQUIRE(*second->step());
  CHECK(first->integer(0) == 2);
  CHECK(second->integer(0) == 1);
}

TEST_CASE("a query left in the middle holds up nobody later") {
  const TemporaryFolder folder;
  Database database = open_with_table(folder / "a.db");
  REQUIRE(database.execute("INSERT INTO t (id) VALUES (1), (2)"));
  {
    auto query = database.prepare("SELECT id FROM t");
    REQUIRE(query);
    REQUIRE(*query->step());
  }
  REQUIRE(database.execute("DROP TABLE t"));
}

TEST_CASE("a statement may outlive its database") {
  const TemporaryFolder folder;
  auto opened = std::make_unique<Database>(open_with_table(folder / "a.db"));
  REQUIRE(opened->execute("INSERT INTO t (id) VALUES (1)"));
  auto query = opened->prepare("SELECT id FROM t");
  REQUIRE(query);
  REQUIRE(*query->step());
  opened.reset();
  CHECK(query->integer(0) == 1);
}

TEST_CASE("in a group one part may fail and the others are stored with one commit") {
  const TemporaryFolder folder;
  const auto add = [](Database& database, std::int64_t id, Status result) {
    return database.transaction([&]() -> Status {
      TRY(insert, database.prepare("INSERT INTO t (id) VALUES (?)"));
      TRY_DONE(insert.bind(1, id).run());
      return result;
    });
  };
  {
    Database database = open_with_table(folder / "a.db");
    REQUIRE(database.begin_group());
    REQUIRE(database.begin_group());
    CHECK(add(database, 1, ok()));
    CHECK(add(database, 2, make_error(ErrorCode::kInvalidInput, "not this one")).error().code == ErrorCode::kInvalidInput);
    CHECK(add(database, 1, ok()).error().code == ErrorCode::kConflict);
    CHECK(add(database, 3, ok()));
    REQUIRE(database.commit_group());
    REQUIRE(database.commit_group());
    REQUIRE(database.begin_group());
    CHECK(add(database, 4, ok()));  // and never committed
  }
  Database database = open_with_table(folder / "a.db");
  auto query = database.prepare("SELECT group_concat(id) FROM t");
  REQUIRE(query);
  REQUIRE(*query->step());
  CHECK(query->text(0) == "1,3");
}

TEST_CASE("a group that the database has rolled back says so at its end") {
  const TemporaryFolder folder;
  Database database = open_with_table(folder / "a.db");
  REQUIRE(database.begin_group());
  REQUIRE(database.transaction([&] { return database.execute("INSERT INTO t (id) VALUES (1)"); }));
  CHECK_FALSE(database.transaction([&] { return database.execute("INSERT OR ROLLBACK INTO t (id) VALUES (1)"); }));
  CHECK_FALSE(database.commit_group());
  REQUIRE(database.transaction([&] { return database.execute("INSERT INTO t (id) VALUES (5)"); }));
}
