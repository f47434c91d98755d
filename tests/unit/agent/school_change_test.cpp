// From one root to the next, as far as it goes without a server; and what people are told and asked on the way.
#include <catch2/catch.hpp>
#include <fstream>

#include "agent/cli/key.h"
#include "agent/cli/passphrase_strength.h"
#include "agent/cli/records_rewrap.h"
#include "agent/cli/root_draft.h"
#include "agent/cli/root_edit.h"
#include "agent/cli/root_words.h"
#include "agent/cli/school_guide.h"
#include "platform/files.h"
#include "sync/event.h"
#include "sync/key_backup.h"
#include "tests/unit/platform/temporary_folder.h"

using namespace caretaker;
using namespace caretaker::agent;
using sync::Role;

namespace {

constexpr UnixSeconds kNow = 1'800'000'000;

struct SmallSchool {
  std::vector<NewPerson> people;
  sync::Root root;

  SmallSchool() {
    for (const char* holder : {"head", "deputy", "governor"}) people.push_back({sync::make_person_key(holder), "root-holder"});
    for (const char* holder : {"anna", "bert"}) people.push_back({sync::make_person_key(holder), "technician"});
    for (const char* holder : {"lead", "second lead"}) people.push_back({sync::make_person_key(holder), "safeguarding"});
    people.push_back({sync::make_person_key("publisher"), "lists"});
    ServerInfo server{"https://one.example", make_signing_key(random_key()).public_key, make_box_key(random_key()).public_key, {Hash{1}, Hash{2}}};
    root = *make_first_root("Test School", people, server, kNow);
  }
  [[nodiscard]] sync::VerifiedRoot verified() const {
    const Bytes envelope = sync::make_envelope(sync::PayloadType::kRoot, sync::make_root_payload(root),
                                               std::vector<const SigningKey*>{&people[0].key.signing, &people[1].key.signing});
    return *sync::VerifiedRoot::open_first({envelope}, root.school);
  }
  [[nodiscard]] ServerInfo server() const {
    return {root.servers.front(), root.keys.at(*root.roles.at(Role::kReceipts).keys.begin()).public_key, root.server_box, root.tls_pins};
  }
};

sync::PublicPerson open_half(const sync::PersonKey& key) { return {key.holder, key.signing.public_key, key.box.public_key}; }
sync::PublicPerson new_person(const std::string& holder) { return open_half(sync::make_person_key(holder)); }

const Office& office(std::string_view name) { return **find_office(name); }

bool says(const std::vector<std::string>& lines, const std::string& part) {
  return std::any_of(lines.begin(), lines.end(), [&](const std::string& line) { return line.find(part) != std::string::npos; });
}

ErrorCode code_of(const Status& status) { return status ? ErrorCode::kInternal : status.error().code; }

}  // namespace

TEST_CASE("a root is drafted, signed by two holders on machines of their own, and opens", "[R7]") {
  const SmallSchool school;
  const sync::VerifiedRoot current = school.verified();
  sync::Root next = start_next_root(school.root, kNow + 5);
  REQUIRE(add_person(next, new_person("carla"), office("technician")));
  const Bytes draft = make_draft(next);
  auto opened = open_draft(draft, current);
  REQUIRE(opened);
  CHECK(missing_signatures(*opened, current).starts_with("2 more"));
  const Bytes once = *sign_draft(draft, school.people[0].key.signing);
  opened = open_draft(once, current);
  REQUIRE(opened);
  CHECK(missing_signatures(*opened, current).starts_with("1 more"));
  CHECK(missing_signatures(*opened, current).find("head") == std::string::npos);
  CHECK_FALSE(current.open_next({once}));
  const Bytes twice = *sign_draft(once, school.people[2].key.signing);
  CHECK(missing_signatures(*open_draft(twice, current), current).empty());
  const auto verified = current.open_next({twice});
  REQUIRE(verified);
  CHECK(verified->root().roles.at(Role::kPolicy).keys.size() == 3);
}

TEST_CASE("a draft that was spoilt, is another school's or comes too late is refused") {
  const SmallSchool school, other;
  const sync::VerifiedRoot current = school.verified();
  const Bytes draft = make_draft(start_next_root(school.root, kNow));
  CHECK(open_draft(make_draft(start_next_root(other.root, kNow)), current).error().code == ErrorCode::kUnauthentic);
  CHECK(open_draft(make_draft(school.root), current).error().code == ErrorCode::kStale);
  CHECK_FALSE(open_draft(as_bytes("{}"), current));
  Bytes spoilt = *sign_draft(draft, school.people[0].key.signing);
  const auto sig = as_text(spoilt).find("\"sig\":\"") + 7;
  spoilt[sig] = spoilt[sig] == 'A' ? 'B' : 'A';
  CHECK(open_draft(spoilt, current).error().code == ErrorCode::kUnauthentic);
}

TEST_CASE("what a root changes is said in words", "[R7]") {
  const SmallSchool school;
  sync::Root next = start_next_root(school.root, kNow);
  CHECK(describe_change(school.root, next).empty());
  CHECK_FALSE(add_person(next, new_person("carla\x1b[2J"), office("safeguarding")));
  REQUIRE(add_person(next, new_person("carla"), office("safeguarding")));
  REQUIRE(remove_person(next, "bert"));
  REQUIRE(replace_person(next, "lead", new_person("lead")));
  next.roles.at(Role::kWipe).threshold = 3;  // by other hands than ours
  REQUIRE(move_server(next, {"https://two.example", school.server().sign_public, school.server().box_public, {Hash{3}}}, true));
  REQUIRE(start_generation(next, "policy"));
  REQUIRE(check_sense(next));
  const auto lines = describe_change(school.root, next);
  CHECK(says(lines, "carla is new"));
  CHECK(says(lines, "bert is removed"));
  CHECK(says(lines, "lead has a new key"));
  CHECK(says(lines, "records rewrap"));
  CHECK(says(lines, "wipe a lost machine: 3 people together, until now 2"));
  CHECK(says(lines, "https://two.example, then https://one.example"));
  CHECK(says(lines, "count no more"));
  CHECK(show_root(next, kNow).find("carla") != std::string::npos);
  CHECK(says(root_warnings(next, kNow), "only anna signs policies"));
  CHECK(says(root_warnings(next, next.expires - 86'400), "expires in 1 days"));
}

TEST_CASE("no threshold is set for which nobody could gather the signatures", "[R7]") {
  const SmallSchool school;
  sync::Root next = start_next_root(school.root, kNow);
  next.roles.try_emplace(Role::kLock, next.roles.at(Role::kPolicy));
  next.roles.try_emplace(Role::kException, next.roles.at(Role::kPolicy));
  CHECK(code_of(set_threshold(next, Role::kLock, 2)) == ErrorCode::kInvalidInput);
  CHECK(code_of(set_threshold(next, Role::kException, 2)) == ErrorCode::kInvalidInput);
  CHECK(code_of(set_threshold(next, Role::kWipe, 3)) == ErrorCode::kInvalidInput);
  CHECK(next.roles.at(Role::kLock).threshold == 1);
  CHECK(set_threshold(next, Role::kLock, 1));
  CHECK(set_threshold(next, Role::kException, 1));
  CHECK(set_threshold(next, Role::kWipe, 2));
  CHECK(set_threshold(next, Role::kPolicy, 2));
  CHECK(set_threshold(next, Role::kRoot, 3));
  CHECK(next.roles.at(Role::kRoot).threshold == 3);
}

TEST_CASE("an office that is lost, doubled or makes no sense is refused before anybody signs") {
  const SmallSchool school;
  sync::Root next = start_next_root(school.root, kNow);
  CHECK(code_of(add_person(next, new_person("anna"), office("teacher"))) == ErrorCode::kConflict);
  CHECK(add_person(next, open_half(school.people[3].key), office("teacher")));  // anna, with her own key
  CHECK(check_sense(next));
  CHECK(code_of(add_person(next, new_person("server"), office("teacher"))) == ErrorCode::kInvalidInput);
  CHECK(code_of(remove_person(next, "nobody")) == ErrorCode::kNotFound);
  CHECK(code_of(remove_person(next, "server")) == ErrorCode::kInvalidInput);
  CHECK(code_of(replace_person(next, "bert", open_half(school.people[3].key))) == ErrorCode::kConflict);
  CHECK(code_of(replace_person(next, "bert", open_half(school.people[4].key))) == ErrorCode::kConflict);
  const ServerInfo stranger{"https://two.example", Hash{8}, Hash{9}, {Hash{3}}};
  sync::Root moved = next;
  CHECK(code_of(move_server(moved, stranger, false)) == ErrorCode::kInvalidInput);
  CHECK(add_person(next, open_half(school.people[7].key), office("technician")));  // the list publisher
  CHECK_FALSE(check_sense(next));
  sync::Root few = start_next_root(school.root, kNow);
  REQUIRE(remove_person(few, "head"));
  CHECK(check_sense(few));
  CHECK(says(root_warnings(few, kNow), "nobody can ever change this root again"));
  REQUIRE(remove_person(few, "deputy"));
  CHECK_FALSE(check_sense(few));
  CHECK_FALSE(find_office("caretaker"));
}

TEST_CASE("a weak passphrase is refused with a reason, a good one is not") {
  for (const char* weak : {"", "short", "elevenchars", "aaaaaaaaaaaaaaaa", "abababababab", "Password123456", "qwertyuiop1234", "abcdefghijklmnop",
                           "passwort!!!!", "Anna Smith 2026", "school123456", "11112222333344"}) {
    INFO(weak);
    CHECK(why_weak(weak, "Anna Smith"));
  }
  for (const char* good : {"open sesame, once more", "f3a9c1d07be2846a", "four words nothing together", "\xc3\xa4pfel und zw\xc3\xb6lf birnen",
                           "a passphrase for one scenario"}) {
    INFO(good);
    CHECK_FALSE(why_weak(good, "Anna Smith"));
  }
}

TEST_CASE("a person who has never heard of a key is led through a school's making", "[R7]") {
  const TemporaryFolder folder;
  const auto info = folder / "server-public.json";
  std::ofstream(info) << R"({"v":1,"url":"https://one.example","sign_public":")" << to_hex(Hash{1}) << R"(","box_public":")" << to_hex(Hash{2})
                      << R"(","tls_pin":")" << to_hex(Hash{3}) << "\"}";
  std::vector<std::string> answers = {"", "Hill\x07 School", " Hill School ", (folder / "school").string(), "nothing there", info.string(),
                                      "head, deputy", "head,deputy ,, governor", "", "lead", "", "perhaps", "yes"};
  std::size_t asked = 0;
  std::string shown;
  const auto ask = [&](const std::string& prompt) -> Result<std::string> {
    shown += prompt;
    if (asked == answers.size()) return make_error(ErrorCode::kUnavailable, "no more answers");
    return answers[asked++];
  };
  SchoolNewOptions options;
  CHECK(wants_guide(options));
  const Status guided = guide(options, ask);
  REQUIRE(guided);
  CHECK(asked == answers.size());
  CHECK_FALSE(wants_guide(options));
  CHECK(options.name == "Hill School");
  CHECK(options.server_info == info);
  CHECK(options.root_holders == std::vector<std::string>{"head", "deputy", "governor"});
  CHECK(options.technicians == std::vector<std::string>{"technician", "second-technician"});
  CHECK(options.safeguarding == std::vector<std::string>{"lead"});
  CHECK(options.teachers.empty());
  CHECK(options.backups == options.folder / "to-print");
  CHECK(shown.find("control character") != std::string::npos);
  SchoolNewOptions again;
  CHECK_FALSE(guide(again, [](const std::string&) { return Result<std::string>(""); }));
}

TEST_CASE("the page that is printed holds the key, and a name cannot add to it") {
  sync::PersonKey key = sync::make_person_key("head <script>alert(1)</script>");
  const std::string page = make_key_page(key, "A & B", "does \"this\"", kNow);
  CHECK(page.find("<script") == std::string::npos);
  CHECK(page.find("A &amp; B") != std::string::npos);
  const auto begin = page.find("<pre>\n") + 6;
  const auto opened = sync::open_backup(page.substr(begin, page.find("</pre>") - begin), "head");
  REQUIRE(opened);
  CHECK(opened->signing.public_key == key.signing.public_key);
}

TEST_CASE("old records are wrapped anew for a new lead, and only what is proven to be the record's key", "[R13]") {
  const BoxKey old_lead = make_box_key(random_key()), new_lead = make_box_key(random_key()), stranger = make_box_key(random_key());
  const auto sealing = sync::seal_details({{{"name", "example.com"}}}, {{sync::key_id(old_lead.public_key), old_lead.public_key}});
  const sync::EventBody body{"web.blocked", 5, sync::Severity::kLow, "category", 2, sealing.hash, sealing.commitment};
  const auto row = [&](const sync::SealedDetails& sealed) {
    return Json(Json::Object{{"id", 7}, {"body", to_base64(sync::make_event_body(body))}, {"sealed", sync::sealed_json(sealed)}});
  };
  const std::map<sync::KeyId, BoxPublicKey> readers{{sync::key_id(new_lead.public_key), new_lead.public_key}};
  const Json::Array rows{row(sealing.sealed), Json(Json::Object{{"id", 8}, {"body", "AA=="}})};
  const auto wrapped = rewrap_rows(rows, old_lead, readers);
  REQUIRE(wrapped);
  REQUIRE(wrapped->keys.size() == 1);
  sync::SealedDetails more = sealing.sealed;
  more.keys.push_back({sync::key_id(new_lead.public_key), *wrapped->keys[0].base64_at("wrapped")});
  const auto details = sync::open_details(more, body, new_lead);
  REQUIRE(details);
  CHECK(details->fields.at("name") == "example.com");
  CHECK(rewrap_rows({row(more)}, old_lead, readers)->keys.empty());  // there already
  const auto closed = rewrap_rows(rows, stranger, readers);
  CHECK((closed && closed->keys.empty() && closed->closed == 1));
  sync::SealedDetails spoilt = sealing.sealed;
  spoilt.keys[0].wrapped = box_seal(old_lead.public_key, random_key().view());
  CHECK(rewrap_rows({row(spoilt)}, old_lead, readers)->keys.empty());
}
