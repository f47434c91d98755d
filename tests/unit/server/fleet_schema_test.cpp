#include "sync/server/fleet_schema.h"

#include "platform/files.h"
#include "tests/unit/server/test_school.h"

using namespace caretaker;
using namespace caretaker::test;

TEST_CASE("a released step of the schema is never edited") {
  const std::vector<std::string> frozen = {"f0f1aca41baf794b941cebece282543dfbbc62db5df1eafe9ae8ae6123cce156",
                                           "11f96777a5bcb3065f0c7d551b82fab2d7b866b87660823f2e4ecae308ee814f",
                                           "a1ea393ae47a044e8f66f2c59895452ca1e6579b327b56537f52aa67679e3253",
                                           "1208ca7b2d17b6eac593b246a84b88b14960eb4ab2306169301851a2684a94a1",
                                           "6a168819919802c3a507a8b35da0d1d086c3d7f5365cad5d7a11441e7a976f68",
                                           "a0c5eacc215d10cef950198b66ed89272c1d32ffb457cc9a1cc3240f79a69b98",
                                           "44c8c317a3ea7cd021f865fbc77c5d3b8deca4099fd353d7366e4c5551deb607",
                                           "4737edb82f48976120c6e5231f023754aac8dc1d3eca5193fa7fea9f166aff56"};
  const auto steps = server::fleet_schema();
  REQUIRE(steps.size() == frozen.size());
  for (std::size_t i = 0; i < steps.size(); ++i) {
    CHECK(steps[i].number == static_cast<int>(i) + 1);
    CHECK(to_hex(hash(as_bytes(steps[i].sql))) == frozen[i]);
  }
}

TEST_CASE("the schema is applied once, and a database of a newer server is left alone") {
  TempFolder folder;
  const auto path = folder.path() / "fleet.db";
  { REQUIRE(server::FleetStore::open(path)); }
  { REQUIRE(server::FleetStore::open(path)); }
  { must(must(platform::Database::open(path)).execute("PRAGMA user_version = 99")); }
  auto newer = server::FleetStore::open(path);
  REQUIRE_FALSE(newer);
  CHECK(newer.error().code == ErrorCode::kUnsupported);
  CHECK(std::filesystem::status(path).permissions() == (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
}

TEST_CASE("one server at a time has the database, and rubbish is not one") {
  TempFolder folder;
  auto first = must(server::FleetStore::open(folder.path() / "fleet.db"));
  CHECK(server::FleetStore::open(folder.path() / "fleet.db").error().code == ErrorCode::kConflict);
  must(platform::replace_file(folder.path() / "rubbish.db", as_bytes(std::string(8192, 'x')), 0600));
  CHECK(server::FleetStore::open(folder.path() / "rubbish.db").error().code == ErrorCode::kDamaged);
}

TEST_CASE("what a server of each earlier release has kept is still there after the upgrade") {
  const auto steps = server::fleet_schema();
  for (std::size_t earlier = 1; earlier < steps.size(); ++earlier) {
    INFO("a database of step " << earlier);
    TempFolder folder;
    const auto path = folder.path() / "fleet.db";
    {
      auto old = must(platform::Database::open(path));
      must(platform::migrate(old, steps.first(earlier)));
      must(old.execute("INSERT INTO roots VALUES (1, x'aa');"
                       "INSERT INTO devices VALUES (x'01', x'02', 'cart 3', 'uuid', 'serial', 7, NULL, '{}', '', NULL);"
                       "INSERT INTO epochs VALUES (x'01', x'03', 7, 'enrolled', NULL, NULL, NULL, 1, x'04', x'05', 0);"
                       "INSERT INTO batches (id, device, epoch, seq_from, seq_to, received, envelope) VALUES (1, x'01', x'03', 1, 1, 8, x'06');"
                       "INSERT INTO events VALUES (1, x'01', x'03', 1, 1, x'07', x'08', 1, 8);"
                       "INSERT INTO sealed VALUES (1, x'09');"
                       "INSERT INTO audit (id, time, signers, action, outcome) VALUES (1, 8, 'd.lead', 'open', 'done');"));
    }
    { REQUIRE(server::FleetStore::open(path)); }
    auto now = must(platform::Database::open(path));
    for (const char* table : {"roots", "devices", "epochs", "batches", "events", "sealed", "audit"}) {
      INFO(table);
      auto rows = must(now.prepare(std::string("SELECT count(*) FROM ") + table));
      REQUIRE(must(rows.step()));
      CHECK(rows.integer(0) == 1);
    }
  }
}
