#include "policy/weakening.h"

#include <catch2/catch.hpp>
#include <functional>
#include <random>

using namespace caretaker::policy;

namespace {

Group make_group(const std::string& name, const NameSet& categories) {
  Group group;
  group.name = name;
  group.blocked_categories = categories;
  group.blocked_bypass = {Bypass::kVpn};
  return group;
}

// Staff may open games; pupils and everybody else may not.
Policy school() {
  Policy policy;
  policy.groups = {make_group("staff", {"adult"}), make_group("pupils", {"adult", "gaming"}),
                   make_group("device", {"adult", "gaming"})};
  policy.groups[0].users = {"anna"};
  policy.groups[0].os_groups = {"teachers"};
  policy.groups[1].users = {"ben"};
  policy.groups[1].os_groups = {"pupils"};
  policy.groups[2].is_default = true;
  policy.recipients = {{"*", {"safeguarding", "escrow"}}};
  return policy;
}

PolicyChange after(const std::function<void(Policy&)>& edit) {
  Policy changed = school();
  edit(changed);
  return compare_policies(school(), changed);
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("a policy that did not change opens and closes nothing", "[R7]") {
  CHECK(after([](Policy&) {}).opens.empty());
  CHECK(after([](Policy&) {}).closes.empty());
  CHECK(after([](Policy& p) { p.school = "Other"; }).opens.empty());
}

TEST_CASE("a policy that has every name asked of somebody else says so, and wants two people", "[R7]") {
  const PolicyChange elsewhere = after([](Policy& p) { p.upstreams = {"203.0.113.9"}; });
  CHECK(elsewhere.opens == Lines{"every name is now asked of 203.0.113.9, which sees them all and may answer as it likes"});
  CHECK(elsewhere.closes == Lines{"names are no longer asked of the resolvers of whatever network the device is in"});
  Policy before = school(), changed = school();
  before.upstreams = {"192.0.2.1", "192.0.2.2"};
  changed.upstreams = {"192.0.2.1", "203.0.113.9"};
  CHECK(compare_policies(before, changed).opens == Lines{"every name is now asked of 203.0.113.9, which sees them all and may answer as it likes"});
  CHECK(compare_policies(before, changed).closes == Lines{"names are no longer asked of 192.0.2.2"});
  changed.upstreams = {"192.0.2.2", "192.0.2.1"};
  CHECK(compare_policies(before, changed).opens.empty());  // the same two
  changed.upstreams.clear();
  CHECK(compare_policies(before, changed).opens == Lines{"names are now asked of the resolvers of whatever network the device is in"});
}

TEST_CASE("a zone that is asked of another server, and a block page at another address, show in the change", "[R7]") {
  Policy before = school(), changed = school();
  before.forwarded_zones = {{"school.example", {"10.0.0.1"}}};
  changed.forwarded_zones = {{"school.example", {"10.0.0.2"}}};
  CHECK(compare_policies(before, changed).opens == Lines{"school.example and everything under it is now asked of 10.0.0.2"});
  CHECK(compare_policies(before, changed).closes == Lines{"school.example and everything under it is no longer asked of 10.0.0.1"});
  before = school();
  changed = school();
  changed.block_address_v4 = "203.0.113.9";  // not used while blocked names get no address
  CHECK(compare_policies(before, changed).opens.empty());
  changed.block_answer = BlockAnswer::kAddress;
  CHECK(compare_policies(before, changed).opens == Lines{"blocked names now lead to 203.0.113.9, and to what is shown there"});
  before = changed;
  changed.block_address_v6 = "2001:db8::9";
  CHECK(compare_policies(before, changed).opens == Lines{"blocked names now lead to 2001:db8::9, and to what is shown there"});
  CHECK(compare_policies(changed, school()).closes == Lines{"blocked names no longer lead to 2001:db8::9", "blocked names no longer lead to 203.0.113.9"});
}

TEST_CASE("each setting opens in one direction and closes in the other", "[R7]") {
  const auto both_ways = [](const std::function<void(Policy&)>& edit, const Lines& opens, const Lines& closes) {
    CHECK(after(edit).opens == opens);
    CHECK(after(edit).closes.empty());
    Policy changed = school();
    edit(changed);
    const PolicyChange back = compare_policies(changed, school());
    CHECK(back.opens.empty());
    CHECK(back.closes == closes);
  };
  both_ways([](Policy& p) { p.groups[1].blocked_categories.erase("gaming"); },
            {"pupils: category gaming is no longer blocked"}, {"pupils: category gaming is now blocked"});
  both_ways([](Policy& p) { p.groups[1].allowed_names = {"a.example"}; }, {"pupils: a.example is now allowed"},
            {"pupils: a.example is no longer allowed by name"});
  both_ways([](Policy& p) { p.groups[1].safe_search = false; }, {"pupils: safe search is now off"},
            {"pupils: safe search is now on"});
  both_ways([](Policy& p) { p.groups[0].youtube = YouTube::kModerate; }, {"staff: YouTube is now \"moderate\""},
            {"staff: YouTube is now \"strict\""});
  both_ways([](Policy& p) { p.groups[2].blocked_bypass = {}; }, {"device: vpn as a way round is no longer blocked"},
            {"device: vpn as a way round is now blocked"});
  both_ways(
      [](Policy& p) {
        p.forwarded_zones = {{"zone.example", {"192.0.2.1"}}};
      },
      {"zone.example and everything under it is now forwarded past the categories"},
      {"zone.example is no longer forwarded past the categories"});
  const auto zoned = [](Policy& p) { p.forwarded_zones = {{"zone.example", {"192.0.2.1"}}}; };
  Policy all = school();
  zoned(all);
  Policy some = all;
  some.groups[1].forwarded_zones = NameSet{};
  CHECK(compare_policies(some, all).opens == Lines{"pupils: zone.example is now forwarded past the categories"});
  CHECK(compare_policies(all, some).closes == Lines{"pupils: zone.example is no longer forwarded past the categories"});
  both_ways([](Policy& p) { p.event_quota_bytes = 16 << 20; }, {"events may now take 16 MiB"},
            {"events may now take 256 MiB"});
  const PolicyChange denied = after([](Policy& p) { p.groups[1].denied_names = {"a.example"}; });
  CHECK(denied.opens.empty());
  CHECK(denied.closes == Lines{"pupils: a.example is now denied"});
}

TEST_CASE("somebody who moves to a group that may do more is noticed, whatever the groups' own settings", "[R7]") {
  const Lines opened = {"people of pupils who are now in staff: category gaming is no longer blocked"};
  CHECK(after([](Policy& p) {
          p.groups[1].users = {};
          p.groups[0].users.insert("ben");
        }).opens == opened);
  CHECK(after([](Policy& p) {
          p.groups[1].os_groups = {};
          p.groups[0].os_groups.insert("pupils");
        }).opens == opened);
  CHECK(after([](Policy& p) { p.groups[0].users.erase("anna"); }).opens.empty());  // now where her OS groups put her
}

TEST_CASE("a user named anew is compared with every group that OS groups may have given", "[R7]") {
  const PolicyChange change = after([](Policy& p) { p.groups[0].users.insert("cleo"); });
  CHECK(change.opens == Lines{"people of device who are now in staff: category gaming is no longer blocked",
                              "people of pupils who are now in staff: category gaming is no longer blocked"});
  CHECK(change.closes.empty());
}

TEST_CASE("the order of groups, a group that is gone and a new default are changes", "[R7]") {
  // Somebody in both OS groups was with the teachers and is now with the pupils: nothing opens; the other way round it
  // does.
  Policy reversed = school();
  std::swap(reversed.groups[0], reversed.groups[1]);
  CHECK(compare_policies(school(), reversed).opens.empty());
  CHECK(compare_policies(school(), reversed).closes ==
        Lines{"people of staff who are now in pupils: category gaming is now blocked"});
  CHECK(compare_policies(reversed, school()).opens ==
        Lines{"people of pupils who are now in staff: category gaming is no longer blocked"});
  const PolicyChange gone = after([](Policy& p) {
    p.groups[2].blocked_categories = {"adult"};
    p.groups.erase(p.groups.begin() + 1);
  });
  CHECK(gone.opens ==
        Lines{"device: category gaming is no longer blocked",
              "people of pupils who are now in device: category gaming is no longer blocked",
              "people of pupils who are now in staff: category gaming is no longer blocked"});  // ben, if a teacher
  const PolicyChange other = after([](Policy& p) {
    p.groups[2].is_default = false;
    p.groups[0].is_default = true;
  });
  CHECK(other.opens == Lines{"people of device who are now in staff: category gaming is no longer blocked"});
}

TEST_CASE("whoever may read a child's records, and whoever no longer may, is a change that two decide", "[R7][R13]") {
  CHECK(after([](Policy& p) { p.recipients["*"].push_back("technician"); }).opens ==
        Lines{"details can now be read: other events by technician"});
  CHECK(after([](Policy& p) { p.recipients["*"] = {"escrow"}; }).opens ==
        Lines{"details can no longer be read: other events by safeguarding"});
  CHECK(after([](Policy& p) {
          p.recipients["web.blocked"] = {"safeguarding", "escrow"};
        }).opens.empty());  // as "*" said before
  CHECK(after([](Policy& p) {
          p.recipients["web.blocked"] = {"technician", "escrow"};
        }).opens == Lines{"details can no longer be read: web.blocked by safeguarding",
                          "details can now be read: web.blocked by technician"});
}

TEST_CASE("what opens is found for every person, however users and OS groups are put together", "[R7]") {
  std::mt19937 random(7);
  const std::vector<std::string> users = {"u0", "u1", "nobody"};
  const std::vector<std::string> os_groups = {"g0", "g1", "g2"};
  const auto draw = [&] {
    Policy policy;
    for (int i = 0; i < 3; ++i) {
      Group group = make_group("group" + std::to_string(i), {});
      for (const char* category : {"a", "b"})
        if (random() % 2 == 0) group.blocked_categories.insert(category);
      for (int k = 0; k < 2; ++k)
        if (random() % 3 == 0) group.users.insert(users[k]);
      for (const auto& name : os_groups)
        if (random() % 3 == 0) group.os_groups.insert(name);
      policy.groups.push_back(group);
    }
    policy.groups[random() % 3].is_default = true;
    return policy;
  };
  int weaker = 0;
  for (int round = 0; round < 2000; ++round) {
    const Policy before = draw();
    const Policy changed = draw();
    bool opens = false;
    for (const auto& user : users) {
      for (unsigned subset = 0; subset < 8; ++subset) {
        std::vector<std::string> in;
        for (std::size_t k = 0; k < 3; ++k)
          if ((subset >> k & 1) != 0) in.push_back(os_groups[k]);
        for (const auto& category : group_of(before, user, in).blocked_categories) {
          opens = opens || !group_of(changed, user, in).blocked_categories.contains(category);
        }
      }
    }
    CHECK(opens == !find_weakenings(before, changed).empty());
    weaker += opens ? 1 : 0;
  }
  CHECK(weaker > 100);
  CHECK(weaker < 2000);
}

TEST_CASE("looser rules for removable media, and a further allowed one, open", "[R2][R7]") {
  const PolicyChange looser = after([](Policy& p) { p.groups[1].plain_media = PlainMedia::kReadOnly; });
  CHECK(looser.opens == Lines{"pupils: removable media that are not encrypted: now \"read_only\""});
  CHECK(looser.closes.empty());
  const PolicyChange more = after([](Policy& p) { p.allowed_media = {{"0951:1666", "A1", ""}}; });
  CHECK(more.opens == Lines{"removable medium 0951:1666 A1 is now allowed"});
  Policy open = school();
  open.allowed_media = {{"0951:1666", "A1", ""}};
  open.groups[1].plain_media = PlainMedia::kWarn;
  const PolicyChange stricter = compare_policies(open, school());
  CHECK(stricter.opens.empty());
  CHECK(stricter.closes == Lines{"pupils: removable media that are not encrypted: now \"keep_out\"",
                                 "removable medium 0951:1666 A1 is no longer allowed"});
}

TEST_CASE("what teachers may open is a change that opens or closes", "[R6]") {
  Group everybody;
  everybody.name = "everybody";
  everybody.is_default = true;
  Policy before;
  before.groups = {everybody};
  before.exceptions = ExceptionRules{{"pupils"}, {"gaming"}, false, 480, 960, 60};
  const auto opens = [&](auto change) {
    Policy after = before;
    change(*after.exceptions);
    return std::pair(compare_policies(before, after).opens.size(), compare_policies(after, before).opens.size());
  };
  using Counts = std::pair<std::size_t, std::size_t>;
  CHECK(opens([](ExceptionRules&) {}) == Counts(0, 0));
  CHECK(opens([](ExceptionRules& rules) { rules.opened_for.insert("staff"); }) == Counts(1, 0));
  CHECK(opens([](ExceptionRules& rules) { rules.categories.insert("chat"); }) == Counts(1, 0));
  CHECK(opens([](ExceptionRules& rules) { rules.youtube = true; }) == Counts(1, 0));
  CHECK(opens([](ExceptionRules& rules) { rules.from_minute = 420; }) == Counts(1, 0));
  CHECK(opens([](ExceptionRules& rules) { rules.to_minute = 1000; }) == Counts(1, 0));
  CHECK(opens([](ExceptionRules& rules) { rules.max_minutes = 90; }) == Counts(1, 0));
  Policy none;
  none.groups = {everybody};
  CHECK(compare_policies(none, before).opens.size() >= 2);
  CHECK(compare_policies(before, none).opens.empty());
}
