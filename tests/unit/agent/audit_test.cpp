// `caretaker audit`, without its server.
#include "agent/cli/audit.h"

#include <catch2/catch.hpp>

#include "agent/cli/log_head.h"
#include "sync/staff_request.h"
#include "tests/unit/platform/temporary_folder.h"
#include "tests/unit/sync/fixture.h"

using namespace caretaker;
using namespace caretaker::agent;
using sync::AuditEntry;

namespace {

struct Room {
  sync::test::TestSchool school;
  std::vector<AuditEntry> entries;

  void add(const std::string& action, const std::string& about, bool is_linked = true) {
    const SigningKey& lead = school.safeguarding;
    const sync::StaffRequest staff{school.root.school, action, Json::Object{}, to_hex(random_array<16>()), 1'000};
    const auto number = static_cast<std::int64_t>(entries.size()) + 1;
    AuditEntry entry{number, 1'010, sync::key_id(lead.public_key) + " lead", action + about, "done",
                     sync::test::envelope_of(sync::PayloadType::kStaffRequest, sync::make_staff_payload(staff), {&lead}), {}, {}};
    if (is_linked) {
      entry.request_hash = hash(entry.request);
      const bool is_first = entries.empty() || entries.back().link == Hash{};
      entry.link = sync::next_audit_link(is_first ? sync::first_audit_link(school.root.school) : entries.back().link, entry);
    } else {
      entry.request.clear();
    }
    entries.push_back(std::move(entry));
  }
  [[nodiscard]] Result<ShownAudit> show(bool all = false) const {
    return show_audit(entries, sync::AuditWalk(school.root.school, school.root.keys), all, {{std::string(64, 'a'), "laptop-7"}});
  }
};

}  // namespace

TEST_CASE("who opened which records is shown in words, and the rest only on demand", "[R26]") {
  Room room;
  room.add("devices.list", "");
  room.add("evidence.open", " " + std::string(64, 'a') + " " + std::string(32, 'e') + " 3 9\x1b[2J");
  room.add("events.list", " 1-57 sealed 12");
  const auto shown = room.show();
  REQUIRE(shown);
  CHECK(Catch::Contains("opened records as evidence  laptop-7 eeeeeeeeeeee 3 9").match(shown->text));
  CHECK(Catch::Contains("1-57 sealed 12").match(shown->text));
  CHECK(shown->text.find("devices.list") == std::string::npos);
  CHECK(shown->text.find('\x1b') == std::string::npos);
  CHECK(Catch::Contains("3 requests, each signed by whom it says").match(shown->text));
  CHECK(Catch::Contains("devices.list").match(room.show(true)->text));
  CHECK(Catch::Contains("Nobody has asked").match(Room().show()->text));
}

TEST_CASE("entries from before requests were kept are told apart, and come before all others", "[R26]") {
  Room room;
  room.add("events.list", "", false);
  room.add("events.list", " 1-57 sealed 12");
  REQUIRE(room.show());
  CHECK(Catch::Contains("1 more by the server's word alone").match(room.show()->text));
  room.add("events.list", "", false);  // nothing is without a link any more
  CHECK(room.show().error().message.substr(0, 2) == "G2");
  room.entries.pop_back();
  room.entries.erase(room.entries.begin());
  CHECK(room.show().error().message.substr(0, 2) == "G1");  // and none of the old ones goes
}

TEST_CASE("what was seen of the audit before must still be there", "[R26]") {
  const TemporaryFolder folder;
  const auto file = folder.path() / "head.json";
  const std::vector<Hash> links{Hash{1}, Hash{2}, Hash{3}};
  const auto refusal = [&](const std::vector<Hash>& now) {
    const auto seen = check_seen_head(file, now, sync::Check::kAuditHead);
    return seen ? "" : seen.error().message.substr(0, 2);
  };
  CHECK(refusal(links).empty());
  REQUIRE(keep_seen_head(file, links));
  CHECK(refusal(links).empty());
  CHECK(refusal({Hash{1}, Hash{2}, Hash{3}, Hash{4}}).empty());
  CHECK(refusal({Hash{1}, Hash{2}}) == "G5");
  CHECK(refusal({Hash{1}, Hash{2}, Hash{4}}) == "G5");
  CHECK(refusal({}) == "G5");
}
