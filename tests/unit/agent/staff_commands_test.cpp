// The commands of the school's people, as far as they go without a server.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "agent/cli/check_words.h"
#include "agent/cli/device.h"
#include "agent/cli/event_rows.h"
#include "agent/cli/policy_push.h"
#include "agent/cli/policy_sign.h"
#include "agent/cli/school_folder.h"
#include "agent/cli/school_new.h"
#include "agent/cli/staff_client.h"
#include "agent/cli/table.h"
#include "agent/cli/token.h"
#include "platform/files.h"
#include "sync/bundle.h"
#include "sync/event.h"

using namespace caretaker;
using namespace caretaker::agent;

namespace {

class FixedClock : public Clock {
 public:
  [[nodiscard]] UnixSeconds now() const override { return 1'800'000'000; }
  [[nodiscard]] MonotonicMs monotonic_ms() const override { return 0; }
};

constexpr std::string_view kPolicy = R"(school = "Test School"
[groups.pupils]
default = true
blocked_categories = ["gambling"]
[recipients]
"*" = ["safeguarding"]
)";

// A temporary folder with a school in it, made by the command itself.
struct Workshop {
  std::filesystem::path folder = std::filesystem::temp_directory_path() / ("caretaker-test-" + to_hex(random_array<8>()));
  FixedClock clock;
  SchoolNewOptions made;

  Workshop() {
    std::filesystem::create_directories(folder);
    write("passphrase", "open sesame, once more\nignored");
    write("policy.toml", kPolicy);
    const Hash key = hash(as_bytes("server"));
    write("server.json", Json(Json::Object{{"v", 1}, {"url", "https://127.0.0.1:1"}, {"sign_public", to_hex(make_signing_key(SecretKey(key)).public_key)},
                                           {"box_public", to_hex(key)}, {"tls_pin", to_hex(key)}}).dump());
    made.folder = folder / "school";
    made.name = "Test School";
    made.server_info = folder / "server.json";
    made.passphrase_file = folder / "passphrase";
    made.cost = {1, 8192};
  }
  ~Workshop() { std::filesystem::remove_all(folder); }
  Workshop(const Workshop&) = delete;
  Workshop& operator=(const Workshop&) = delete;

  void write(const std::string& name, std::string_view text) const { std::ofstream(folder / name, std::ios::binary) << text; }
  [[nodiscard]] std::filesystem::path key(const std::string& holder) const { return made.folder / "keys" / (holder + ".key"); }
  [[nodiscard]] PolicySignOptions sign_options(const std::string& holder) const {
    PolicySignOptions options;
    options.school = made.folder;
    options.keys = {key(holder)};
    options.passphrase_file = made.passphrase_file;
    options.out = folder / "signed";
    return options;
  }
  [[nodiscard]] Bytes signed_bytes() const { return *platform::read_file(folder / "signed", 1u << 20); }
};

std::string message(const Status& status) { return status ? "" : status.error().message; }

}  // namespace

TEST_CASE("one command makes a school whose root opens and whose keys are each under the passphrase", "[R7]") {
  const Workshop shop;
  REQUIRE(message(run_school_new(shop.made, shop.clock)).empty());
  const auto school = open_school(shop.made.folder);
  REQUIRE(school);
  const sync::Root& root = school->root.root();
  CHECK(root.roles.at(sync::Role::kRoot).threshold == 2);
  CHECK(root.roles.at(sync::Role::kRoot).keys.size() == 3);
  CHECK(root.roles.at(sync::Role::kWipe).threshold == 2);
  CHECK(root.recipients.size() == 3);
  for (const auto& file : std::filesystem::directory_iterator(shop.made.folder / "keys")) {
    const auto bytes = platform::read_file(file.path(), 1u << 20);
    REQUIRE(bytes);
    CHECK(sync::open_key_file(*bytes, "open sesame, once more"));
    CHECK_FALSE(sync::open_key_file(*bytes, "ignored"));
    CHECK((file.status().permissions() & std::filesystem::perms(0077)) == std::filesystem::perms::none);
  }
  CHECK(run_school_new(shop.made, shop.clock).error().code == ErrorCode::kConflict);
}

TEST_CASE("a school with one safeguarding lead gets an escrow key") {
  Workshop shop;
  shop.made.safeguarding = {"lead"};
  REQUIRE(run_school_new(shop.made, shop.clock));
  CHECK(std::filesystem::exists(shop.key("escrow")));
  shop.write("policy.toml", kPolicy);
  PolicySignOptions options = shop.sign_options("technician");
  options.policy = shop.folder / "policy.toml";
  CHECK(message(run_policy_sign(options, shop.clock)).empty());
}

TEST_CASE("a school that could not work is refused before a key is written") {
  Workshop shop;
  SECTION("two root holders") { shop.made.root_holders.pop_back(); }
  SECTION("one person twice") { shop.made.technicians = {"head"}; }
  SECTION("two names, one file") { shop.made.technicians = {"Anna/B", "Anna.B"}; }
  SECTION("no technician") { shop.made.technicians.clear(); }
  SECTION("a name that is nothing") { shop.made.technicians = {""}; }
  SECTION("no server") { shop.made.server_info = shop.folder / "nothing"; }
  SECTION("a server's file that is none") { shop.made.server_info = shop.folder / "policy.toml"; }
  CHECK_FALSE(run_school_new(shop.made, shop.clock));
  CHECK_FALSE(std::filesystem::exists(shop.made.folder));
}

TEST_CASE("a policy is signed with the next version and opens as a device opens it") {
  const Workshop shop;
  REQUIRE(run_school_new(shop.made, shop.clock));
  PolicySignOptions options = shop.sign_options("technician");
  options.policy = shop.folder / "policy.toml";
  REQUIRE(message(run_policy_sign(options, shop.clock)).empty());
  REQUIRE(run_policy_sign(options, shop.clock));
  const auto school = open_school(shop.made.folder);
  const auto policy = sync::open_policy({shop.signed_bytes()}, school->root, 1, shop.clock.now());
  REQUIRE(policy);
  CHECK(policy->bundle().version == 2);
  CHECK(policy->bundle().expires == shop.clock.now() + 30 * 86'400);
  CHECK(policy->bundle().policy_toml == kPolicy);
}

TEST_CASE("what must not be signed is not, and its version is not used up") {
  const Workshop shop;
  REQUIRE(run_school_new(shop.made, shop.clock));
  PolicySignOptions options = shop.sign_options("technician");
  options.policy = shop.folder / "policy.toml";
  SECTION("a policy with an error") { shop.write("policy.toml", "school = 7\n"); }
  SECTION("records that only one key could open") {
    std::string text(kPolicy);
    shop.write("policy.toml", text.replace(text.find("safeguarding"), 12, "technician"));
  }
  SECTION("a recipient who does not exist") {
    std::string text(kPolicy);
    shop.write("policy.toml", text.replace(text.find("\"safeguarding\""), 14, "\"safeguarding\", \"governor\""));
  }
  SECTION("a key of another role") { options.keys = {shop.key("safeguarding-lead")}; }
  SECTION("a wrong passphrase") { shop.write("passphrase", "open barley, once more"); }
  SECTION("an empty passphrase") { shop.write("passphrase", "\nopen sesame, once more"); }
  CHECK_FALSE(run_policy_sign(options, shop.clock));
  CHECK_FALSE(std::filesystem::exists(options.out));
  CHECK(*next_version(shop.made.folder, "policy") == 1);
}

TEST_CASE("lists are signed by the publisher, and by a technician besides") {
  const Workshop shop;
  REQUIRE(run_school_new(shop.made, shop.clock));
  sync::ListsManifest draft;
  draft.names = 2;
  draft.categories["gambling"] = {2, false};
  shop.write("lists.json", as_text(sync::make_lists_draft(draft)));
  PolicySignOptions options = shop.sign_options("list-publisher");
  options.lists = shop.folder / "lists.json";
  REQUIRE(message(run_policy_sign(options, shop.clock)).empty());
  PolicySignOptions second = shop.sign_options("technician");
  second.also = options.out;
  REQUIRE(message(run_policy_sign(second, shop.clock)).empty());
  const auto school = open_school(shop.made.folder);
  const auto lists = sync::open_lists({shop.signed_bytes()}, school->root, {}, shop.clock.now());
  REQUIRE(lists);
  CHECK(lists->countersigned());
}

TEST_CASE("without a server the commands fail with one clear line and leave nothing behind") {
  const Workshop shop;
  REQUIRE(run_school_new(shop.made, shop.clock));
  const TokenNewOptions token{shop.made.folder, shop.key("technician"), shop.made.passphrase_file, shop.folder / "token"};
  CHECK(run_token_new(token, shop.clock).error().code == ErrorCode::kUnavailable);
  CHECK_FALSE(std::filesystem::exists(token.out));
  PolicyPushOptions push{shop.made.folder, shop.key("technician"), shop.made.passphrase_file, {}, {}, {}, {}};
  CHECK(run_policy_push(push, shop.clock).error().code == ErrorCode::kInvalidInput);
  CHECK(open_school(shop.folder).error().code == ErrorCode::kNotFound);
}

TEST_CASE("a row is opened for its recipient, and says why for anybody else", "[R13]") {
  const BoxKey lead = make_box_key(random_key());
  const auto sealing = sync::seal_details({{{"name", "example.com"}}}, {{sync::key_id(lead.public_key), lead.public_key}});
  const sync::EventBody body{"web.blocked", 5, sync::Severity::kLow, "category", 2, sealing.hash, sealing.commitment};
  Json::Object row{{"id", 1}, {"device", "d"}, {"label", "laptop"}, {"epoch", "e"}, {"from", 7}, {"to", 7}, {"received", 9},
                   {"body", to_base64(sync::make_event_body(body))}, {"sealed", sync::sealed_json(sealing.sealed)}};
  const auto opened = open_row(row, &lead);
  REQUIRE(opened);
  CHECK(*(*opened)["details"]["name"].as_string() == "example.com");
  CHECK(*(*opened)["count"].as_int() == 2);
  const BoxKey stranger = make_box_key(random_key());
  const auto closed = open_row(row, &stranger);
  REQUIRE(closed);
  CHECK((*closed)["details"].is_null());
  CHECK(*(*closed)["sealed"].as_string() == "sealed, not to this key");
  row.erase("sealed");
  CHECK(open_row(row, &lead)->dump().find("retention") != std::string::npos);
  row["body"] = "AA==";
  CHECK(*(*open_row(row, &lead))["kind"].as_string() == "unreadable");
  row.erase("body");
  row["from"] = 5;
  CHECK(*(*open_row(row, &lead))["dropped"].as_int() == 3);
  row["from"] = -9'223'372'036'854'775'807;
  CHECK_FALSE(open_row(row, &lead));
  row["from"] = 8;
  CHECK_FALSE(open_row(row, &lead));
  row.erase("to");
  CHECK_FALSE(open_row(row, &lead));
}

TEST_CASE("devices are shown, and what a stranger named his laptop cannot steer the terminal") {
  const Json device = Json::Object{{"device", std::string(64, 'a')}, {"label", "lap\x1b[2Jtop\xc2\x9b"}, {"last_seen", 0}, {"problem", ""}, {"seq", 4},
                                   {"state", Json::Object{{"policy", 3}}}};
  const auto text = show_devices(Json::Object{{"devices", Json::Array{device}}}, 0);
  REQUIRE(text);
  CHECK(text->find("lap?[2Jtop?") != std::string::npos);
  CHECK(text->find("never") != std::string::npos);
  CHECK(text->find('\x1b') == std::string::npos);
  CHECK(show_devices(Json::Object{{"devices", Json::Array{}}}, 0)->find("No machine") == 0);
  CHECK_FALSE(show_devices(Json::Object{}, 0));
}

TEST_CASE("the list of devices calls a machine wiped on its own certificate, or says whose word it is", "[R21][R22]") {
  const std::string id(64, 'a'), order(32, 'b');
  const Json device = Json::Object{{"device", id}, {"label", "laptop"}, {"last_seen", 0}, {"problem", ""}, {"seq", 4}, {"state", Json::Object{}},
                                   {"order", Json::Object{{"order", order}, {"kind", "wipe"}, {"state", "verified"}}}};
  const Json answer = Json::Object{{"devices", Json::Array{device}}};
  CHECK(show_devices(answer, 0)->find("wipe: verified (the server says)") != std::string::npos);
  CHECK(show_devices(answer, 0, {{id, {order, "verified"}}})->find("the server says") == std::string::npos);
  CHECK(show_devices(answer, 0, {{id, {std::string(32, 'c'), "verified"}}})->find("the server says") != std::string::npos);
}

TEST_CASE("a device's row tells what is in force, what is on its way and what was refused, in words", "[R7]") {
  const auto shown = [](Json::Object sent, Json::Object refused, Json::Array health = {}) {
    const Json device = Json::Object{{"device", std::string(64, 'a')}, {"label", "laptop"}, {"last_seen", 1'790'000'000}, {"problem", ""}, {"seq", 4},
                                     {"state", Json::Object{{"policy", 3}, {"lists", 8}, {"health", std::move(health)}, {"stale_since", 1'780'000'000}}},
                                     {"sent", std::move(sent)}, {"refused", std::move(refused)}};
    return *show_devices(Json::Object{{"devices", Json::Array{device}}}, 1'790'000'000);
  };
  const Json::Object sent{{"policy", Json::Object{{"version", 4}, {"time", 1'790'000'000}}}};
  CHECK(shown(sent, {}).find("3; 4 sent 2026-09-21T") != std::string::npos);
  CHECK(shown({}, {}).find("2026-05-28T") != std::string::npos);  // stale since
  const Json::Object refused{{"policy", Json::Object{{"version", 4}, {"check", "A2"}, {"time", 1'790'000'000}}}};
  CHECK(shown(sent, refused).find("3; 4 refused: A2 (it opens something") != std::string::npos);
  CHECK(shown({}, {}, {"lists-waiting"}).find("8 verified, waits for its file") != std::string::npos);
  CHECK(shown({}, {}, {"lists-waiting", "inspect-blind", "gate-silent"}).find("  inspect-blind, gate-silent\n") != std::string::npos);
  CHECK(in_words("B5") == "B5 (not newer than what was accepted before)");
  CHECK(in_words("Z9") == "Z9");
}

TEST_CASE("columns line up by characters") {
  Table table({"A", "B"});
  table.add({"\xc3\xa9t\xc3\xa9", "x"});
  CHECK(table.text() == "A    B\n\xc3\xa9t\xc3\xa9  x\n");
}

TEST_CASE("the server's refusal comes back as its own error") {
  const auto error_of = [](int status, std::string_view body) { return parse_staff_answer({status, to_bytes(body), {}}).error(); };
  CHECK(error_of(409, R"({"error":"stale","message":"B5: old"})").code == ErrorCode::kStale);
  CHECK(error_of(409, R"({"error":"stale","message":"B5: old"})").message.find("B5: old") != std::string::npos);
  CHECK(error_of(409, R"({"error":"stale","message":"\u001b[2Jold"})").message.find("?[2Jold") != std::string::npos);
  CHECK(error_of(502, "<html>").code == ErrorCode::kUnavailable);
  CHECK(error_of(404, "").code == ErrorCode::kInvalidInput);
  CHECK_FALSE(parse_staff_answer({200, to_bytes("<html>"), {}}));
  CHECK(parse_staff_answer({200, to_bytes("{}"), {}}));
}
