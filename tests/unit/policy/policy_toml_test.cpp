#include <algorithm>
#include <array>
#include <catch2/catch.hpp>

#include "policy/address.h"
#include "policy/policy.h"
#include "policy/suggestion.h"

using namespace caretaker::policy;

namespace {

const std::string kSmallest = R"(school = "Test"
[groups.everybody]
default = true
blocked_categories = ["adult"]
[recipients]
"*" = ["safeguarding"]
)";

// "4:9 error groups.x.youtube: expected ..."
std::string line_of(const Diagnostic& d) {
  return std::to_string(d.line) + ":" + std::to_string(d.column) +
         (d.level == Diagnostic::Level::kError ? " error " : " warning ") + d.field + ": " + d.message;
}

std::vector<std::string> lines(std::string_view toml, Strictness strictness = Strictness::kTechnician) {
  std::vector<std::string> out;
  for (const Diagnostic& d : parse_policy(toml, strictness).diagnostics) out.push_back(line_of(d));
  return out;
}

// The one complaint about the smallest policy with `more` lines in its group.
std::string complaint(const std::string& more) {
  std::string toml = kSmallest;
  toml.insert(toml.find("[recipients]"), more + "\n");
  const auto found = lines(toml);
  CAPTURE(found);
  REQUIRE(found.size() == 1);
  return found.front();
}

std::string complaint_at_top(const std::string& more) {
  const auto found = lines(kSmallest + more + "\n");
  CAPTURE(found);
  REQUIRE(found.size() == 1);
  return found.front();
}

}  // namespace

TEST_CASE("the smallest policy is as strict as can be", "[R5][R9][R11]") {
  const ParsedPolicy parsed = parse_policy(kSmallest, Strictness::kTechnician);
  REQUIRE(parsed.diagnostics.empty());
  REQUIRE(parsed.policy.groups.size() == 1);
  const Group& group = parsed.policy.groups[0];
  CHECK(group.name == "everybody");
  CHECK(group.is_default);
  CHECK(group.safe_search);
  CHECK(group.youtube == YouTube::kStrict);
  CHECK(group.blocked_bypass.size() == 4);
  CHECK(group.blocked_categories == NameSet{"adult"});
  CHECK(parsed.policy.upstreams.empty());
  CHECK(parsed.policy.block_answer == BlockAnswer::kNxdomain);
}

TEST_CASE("every setting reaches the policy", "[R5]") {
  const ParsedPolicy parsed = parse_policy(R"(school = "Hillside"
[groups.zebra]
users = ["anna"]
os_groups = ["pupils", "year5"]
blocked_categories = ["adult", "gaming"]
allow = ["Bücher.example"]
deny = ["bad.bücher.example."]
safe_search = false
youtube = "blocked"
blocked_bypass = ["vpn"]
[groups.ant]
default = true
blocked_categories = []
blocked_bypass = []
[dns]
upstreams = ["192.0.2.1", "[2001:db8::1]:5353"]
block_answer = "address"
block_address_v4 = "192.0.2.9"
block_address_v6 = "2001:db8::9"
[dns.forwarded_zones]
"internal.example.com" = ["10.0.0.1:5300"]
[recipients]
"*" = ["safeguarding", "escrow"]
"web.bypass" = ["technician", "technician"]
[events]
quota_mib = 64
)",
                                           Strictness::kTechnician);
  for (const auto& d : parsed.diagnostics) FAIL_CHECK(line_of(d));
  const Policy& policy = parsed.policy;
  CHECK(policy.school == "Hillside");
  REQUIRE(policy.groups.size() == 2);
  CHECK(policy.groups[0].name == "zebra");  // the order of the file, not of the alphabet
  CHECK(policy.groups[0].users == NameSet{"anna"});
  CHECK(policy.groups[0].os_groups == NameSet{"pupils", "year5"});
  CHECK(policy.groups[0].allowed_names == NameSet{"xn--bcher-kva.example"});
  CHECK(policy.groups[0].denied_names == NameSet{"bad.xn--bcher-kva.example"});
  CHECK_FALSE(policy.groups[0].safe_search);
  CHECK(policy.groups[0].youtube == YouTube::kBlocked);
  CHECK(policy.groups[0].blocked_bypass == std::set<Bypass>{Bypass::kVpn});
  CHECK(policy.groups[1].blocked_bypass.empty());
  CHECK(policy.upstreams == std::vector<std::string>{"192.0.2.1", "[2001:db8::1]:5353"});
  CHECK(policy.block_answer == BlockAnswer::kAddress);
  CHECK(policy.block_address_v4 == "192.0.2.9");
  CHECK(policy.block_address_v6 == "2001:db8::9");
  REQUIRE(policy.forwarded_zones.size() == 1);
  CHECK(policy.forwarded_zones[0].zone == "internal.example.com");
  CHECK(policy.forwarded_zones[0].servers == std::vector<std::string>{"10.0.0.1:5300"});
  CHECK(policy.recipients.at("web.bypass") == std::vector<std::string>{"technician"});
  CHECK(policy.event_quota_bytes == 64ll << 20);
}

TEST_CASE("a complaint names line, column, field and what was expected") {
  CHECK(complaint("youtube = 'strickt'") ==
        "5:11 error groups.everybody.youtube: \"strickt\" is not known here; expected \"off\", \"moderate\", "
        "\"strict\" or "
        "\"blocked\"; did you mean \"strict\"?");
  CHECK(complaint("safe_search = 'yes'") ==
        "5:15 error groups.everybody.safe_search: expected true or false, found a text in quotes");
  CHECK(complaint("allow = 'example.com'") ==
        "5:9 error groups.everybody.allow: expected a list in square brackets, found a text in quotes");
  CHECK(complaint("deny = [ 7 ]") ==
        "5:10 error groups.everybody.deny: expected a text in quotes, found a whole number");
  CHECK(complaint("blocked_bypass = ['vpns']") ==
        "5:19 error groups.everybody.blocked_bypass: \"vpns\" is not known here; expected \"dns-over-https\", \"vpn\", "
        "\"proxy\" "
        "or \"private-relay\"; did you mean \"vpn\"?");
}

TEST_CASE("an unknown key is an error for a technician and nothing on a device") {
  const std::string toml = kSmallest + "[evnts]\nquota_mib = 64\n";
  CHECK(lines(toml) == std::vector<std::string>{"7:2 error evnts: unknown key; did you mean \"events\"?"});
  CHECK(lines(toml, Strictness::kDevice).empty());
  CHECK(complaint("save_search = true") ==
        "5:1 error groups.everybody.save_search: unknown key; did you mean \"safe_search\"?");
  CHECK(complaint("colour = 'red'").find("unknown key; known here: \"users\", ") != std::string::npos);
}

TEST_CASE("text that is no TOML is one error where it stands") {
  const auto found = lines("school = \"a\"\n[groups\n");
  REQUIRE(found.size() == 1);
  CHECK(found[0].rfind("2:", 0) == 0);
  CHECK(found[0].find("not TOML") != std::string::npos);
  CHECK(lines("\xff\xfe").size() == 1);
  CHECK(lines(std::string(2u << 20, '#')).front() == "0:0 error : larger than 1 MiB");
  CHECK(lines(std::string(5000, '[')).size() == 1);
  CHECK(lines("[groups.a]\n[groups.a]\n").front().find("2:") == 0);  // a group twice
}

TEST_CASE("everything that is wrong is said at once, in the order of the file") {
  const auto found = lines(R"(school = ""
[groups.pupils]
blocked_categories = ["Adult"]
youtube = 3
[dns]
upstreams = ["localhost"]
[recipients]
"*" = ["head"]
)");
  REQUIRE(found.size() == 7);
  CHECK(found[0].find("1:10 error school") == 0);
  CHECK(std::is_sorted(found.begin(), found.end(), [](const auto& a, const auto& b) { return a[0] < b[0]; }));
}

TEST_CASE("an empty file misses school, groups and recipients") {
  const auto found = lines("");
  REQUIRE(found.size() == 3);
  for (const auto& line : found) CHECK(line.find("missing: expected") != std::string::npos);
  CHECK_FALSE(parse_policy("", Strictness::kDevice).usable());
}

TEST_CASE("exactly one group is the default", "[R5]") {
  CHECK(complaint_at_top("[groups.other]\ndefault = true\nblocked_categories = []") ==
        "7:1 error groups.other.default: there is one default group, and \"everybody\" is it already");
  const auto none =
      lines("school='a'\n[groups.a]\nusers=['u']\nblocked_categories=[]\n[recipients]\n'*'=['safeguarding']\n");
  REQUIRE(none.size() == 1);
  CHECK(none[0].find("error groups: no group has default = true") != std::string::npos);
}

TEST_CASE("names in rules are sites' names, and the message says how to write them") {
  CHECK(complaint("deny = ['https://www.example.com/page?q=1']").find("write \"www.example.com\"") !=
        std::string::npos);
  CHECK(complaint("deny = ['*.example.com']").find("write \"example.com\"") != std::string::npos);
  CHECK(complaint("deny = ['.example.com']").find("write \"example.com\"") != std::string::npos);
  CHECK(complaint("allow = ['192.168.1.1']").find("is an address") != std::string::npos);
  CHECK(complaint("allow = ['2001:db8::1']").find("is an address") != std::string::npos);
  CHECK(complaint("allow = ['two words']").find("is no domain name") != std::string::npos);
  CHECK(complaint("allow = ['']").find("is empty") != std::string::npos);
}

TEST_CASE("rules that do more or less than meant get a warning and the policy can be used") {
  CHECK(complaint("allow = ['co.uk']") ==
        "5:10 warning groups.everybody.allow: \"co.uk\" is a public suffix: this allows every site whose name ends "
        "with it");
  CHECK(complaint("allow = ['gaming']").find("categories are not named here") != std::string::npos);
  CHECK(complaint("allow = ['example.com']\ndeny = ['Example.com']") ==
        "5:10 warning groups.everybody.allow: \"example.com\" stands under deny too: deny wins");
  CHECK(complaint("deny = ['a.example', 'A.example.']").find("stands here twice") != std::string::npos);
  CHECK(complaint("users = ['u']\n[groups.b]\nusers = ['u']\nblocked_categories = []").find("comes first and counts") !=
        std::string::npos);
  CHECK(complaint("[groups.b]\nblocked_categories = []").find("nobody belongs to this group") != std::string::npos);
  std::string toml = kSmallest;
  toml.insert(toml.find("[recipients]"), "allow = ['co.uk']\n");
  CHECK(parse_policy(toml, Strictness::kTechnician).usable());
}

TEST_CASE("the locked class is named neither as blocked nor as allowed", "[R7]") {
  CHECK(complaint("allow = ['csam']")
            .find("error groups.everybody.allow: \"csam\" is locked: it is always blocked, and nothing") !=
        std::string::npos);
  const auto found = parse_policy(
      "school='a'\n[groups.a]\ndefault=true\nblocked_categories=['illegal']\n"
      "[recipients]\n'*'=['safeguarding']\n",
      Strictness::kTechnician);
  REQUIRE(found.diagnostics.size() == 1);
  CHECK(line_of(found.diagnostics[0])
            .find("warning groups.a.blocked_categories: \"illegal\" is locked: it is always blocked") !=
        std::string::npos);
  CHECK(found.policy.groups[0].blocked_categories.empty());
}

TEST_CASE("a category may be called what its publisher calls it, and a slip is noticed", "[R4]") {
  const auto blocked = [](const std::string& list) {
    return "school='a'\n[groups.a]\ndefault=true\nblocked_categories=[" + list +
           "]\n[recipients]\n'*'=['safeguarding']\n";
  };
  const ParsedPolicy french = parse_policy(blocked("'drogue'"), Strictness::kTechnician);
  REQUIRE(french.diagnostics.size() == 1);
  CHECK(french.diagnostics[0].level == Diagnostic::Level::kWarning);
  CHECK(french.policy.groups[0].blocked_categories == NameSet{"drugs"});
  CHECK(lines(blocked("'gamblin'")).front().find("did you mean \"gambling\"?") != std::string::npos);
  CHECK(lines(blocked("'tricheur'")).empty());  // imported by the school
  CHECK(lines(blocked("'a b'")).front().find("is no category") != std::string::npos);
  const auto missing = lines("school='a'\n[groups.a]\ndefault=true\n[recipients]\n'*'=['safeguarding']\n");
  REQUIRE(missing.size() == 1);
  CHECK(missing[0].find("error groups.a.blocked_categories: missing") != std::string::npos);
}

TEST_CASE("recipients of a kind of event that there is not are pointed out, with what was probably meant") {
  const auto found = lines("school='a'\n[groups.a]\ndefault=true\nblocked_categories=[]\n[recipients]\n'*'=['safeguarding']\n"
                           "'web.blockd'=['safeguarding']\n");
  REQUIRE(found.size() == 1);
  CHECK(found[0].find("did you mean \"web.blocked\"?") != std::string::npos);
}

TEST_CASE("accounts, groups, servers, zones, recipients and quota are of their form") {
  CHECK(complaint("users = ['']").find("expected the name of an account") != std::string::npos);
  CHECK(complaint("users = [\"a\\u0001\"]").find("expected the name of an account") != std::string::npos);
  CHECK(complaint("[groups.'A B']\nusers=['u']\nblocked_categories=[]").find("a group's name has") !=
        std::string::npos);
  CHECK(complaint_at_top("[dns]\nupstreams = ['dns.example']").find("is no address") != std::string::npos);
  CHECK(complaint_at_top("[dns]\nblock_answer = 'address'").find("needs block_address_v4") != std::string::npos);
  CHECK(complaint_at_top("[dns]\nblock_address_v4 = '::1'").find("expected an address such as") != std::string::npos);
  CHECK(complaint_at_top("[groups.extra]\nusers = ['a']\nblocked_categories = []\nforwarded_zones = ['no.example']")
            .find("is no zone of [dns.forwarded_zones]") != std::string::npos);
  CHECK(complaint_at_top("[dns]\nforwarded_zones = { 'a.example' = [] }").find("at least one server") !=
        std::string::npos);
  CHECK(complaint_at_top("[dns]\nforwarded_zones = { com = ['10.0.0.1'] }").find("past all categories") !=
        std::string::npos);
  CHECK(complaint_at_top("[dns]\nforwarded_zones = { 'a.example' = ['10.0.0.1'], 'A.example' = ['10.0.0.2'] }")
            .find("stands here twice") != std::string::npos);
  CHECK(complaint_at_top("'web.blocked' = []").find("at least one of those who may read") != std::string::npos);
  CHECK(complaint_at_top("'web.blocked' = ['safegarding']").find("did you mean \"safeguarding\"?") !=
        std::string::npos);
  CHECK(complaint_at_top("'Web blocked' = ['safeguarding']").find("a kind of event") != std::string::npos);
  CHECK(complaint_at_top("[events]\nquota_mib = 5").find("expected 16 to 4096") != std::string::npos);
  CHECK(complaint_at_top("[events]\nquota_mib = 9223372036854775807").find("expected 16 to 4096") != std::string::npos);
  CHECK(complaint_at_top("[events]\nquota_mib = 1.5").find("a number with a fraction") != std::string::npos);
}

TEST_CASE("a policy whose top is of the wrong kind is refused, not misread") {
  const auto found = lines("school = 1\ngroups = 2\ndns = 3\nrecipients = 4\nevents = 5\n");
  CHECK(found.size() == 5);
  for (const auto& line : found) CHECK(line.find("error") != std::string::npos);
  CHECK(lines("school='a'\n[groups]\na = 1\n[recipients]\n'*'=['safeguarding']\n").size() == 2);
  CHECK(lines("school='a'\n[groups]\n[recipients]\n'*'=['safeguarding']\n").size() == 1);
}

TEST_CASE("who belongs to a group: by user, then by OS group, else the default", "[R5]") {
  Policy policy;
  policy.groups.resize(3);
  policy.groups[0].name = "pupils";
  policy.groups[0].os_groups = {"pupils"};
  policy.groups[1].name = "device";
  policy.groups[1].is_default = true;
  policy.groups[2].name = "staff";
  policy.groups[2].users = {"anna"};
  policy.groups[2].os_groups = {"staff", "pupils"};
  CHECK(group_of(policy, "anna", {"pupils"}).name == "staff");
  CHECK(group_of(policy, "ben", {"games", "pupils"}).name == "pupils");
  CHECK(group_of(policy, "ben", {"staff"}).name == "staff");
  CHECK(group_of(policy, "cleo", {}).name == "device");
  CHECK(group_of(policy, "", {"Pupils"}).name == "device");
}

TEST_CASE("addresses are told from what only looks like them") {
  for (const char* good : {"0.0.0.0", "192.0.2.1", "255.255.255.255", "192.0.2.1:53", "::", "::1", "2001:db8::1",
                           "1:2:3:4:5:6:7:8", "::ffff:192.0.2.1", "[::1]:53", "fe80::1", "1::"}) {
    INFO(good);
    CHECK(is_server_address(good));
  }
  for (const char* bad : {"",
                          "1.2.3",
                          "1.2.3.4.5",
                          "256.1.1.1",
                          "01.2.3.4",
                          "1.2.3.4:0",
                          "1.2.3.4:65536",
                          "1.2.3.4:",
                          "[1.2.3.4]:53",
                          "::1::",
                          "1:2:3:4:5:6:7",
                          "1:2:3:4:5:6:7:8:9",
                          "1:2:3:4:5:6:7::8",
                          "12345::",
                          ":::",
                          "g::",
                          "[::1]",
                          "[]:53",
                          "::1%eth0",
                          "1.2.3.4 ",
                          "a.example",
                          "1:",
                          ":1",
                          "::192.0.2.1:1"}) {
    INFO(bad);
    CHECK_FALSE(is_server_address(bad));
  }
}

TEST_CASE("a suggestion is near, or there is none") {
  constexpr std::array<std::string_view, 3> kWords = {"vpn", "proxy", "private-relay"};
  CHECK(nearest("pvn", kWords) == "vpn");
  CHECK(nearest("proxi", kWords) == "proxy");
  CHECK(nearest("private_relays", kWords) == "private-relay");
  CHECK(nearest("banana", kWords).empty());
  CHECK(nearest("", kWords).empty());
  CHECK(nearest(std::string(100000, 'x'), kWords).empty());
  CHECK(list_choices(kWords) == "\"vpn\", \"proxy\" or \"private-relay\"");
}

TEST_CASE("what a group may do with plain media is one of three words, and the strictest where nothing is said", "[R2]") {
  const auto setting = [](const std::string& line) {
    std::string toml = kSmallest;
    toml.insert(toml.find("[recipients]"), line + "\n");
    const ParsedPolicy parsed = parse_policy(toml, Strictness::kTechnician);
    REQUIRE(parsed.usable());
    return parsed.policy.groups.front().plain_media;
  };
  CHECK(setting("") == PlainMedia::kKeepOut);
  CHECK(setting("media = {}") == PlainMedia::kKeepOut);
  CHECK(setting("[groups.everybody.media]\nunencrypted = \"keep_out\"") == PlainMedia::kKeepOut);
  CHECK(setting("[groups.everybody.media]\nunencrypted = \"read_only\"") == PlainMedia::kReadOnly);
  CHECK(setting("media = { unencrypted = \"warn\" }") == PlainMedia::kWarn);
  CHECK(complaint("media = { unencrypted = \"keep-out\" }") ==
        "5:25 error groups.everybody.media.unencrypted: \"keep-out\" is not known here; expected \"warn\", \"read_only\" or "
        "\"keep_out\"; did you mean \"keep_out\"?");
  CHECK(complaint("media = { encrypted = \"warn\" }").find("did you mean \"unencrypted\"") != std::string::npos);
}

TEST_CASE("allowed media are named so that a slip is noticed", "[R2]") {
  const ParsedPolicy parsed = parse_policy(kSmallest + R"([[media.allow]]
usb = "0951:16AE"
serial = "60A44C"
[[media.allow]]
usb = "0951:1666"
volume = "16E6-83C7"
)", Strictness::kTechnician);
  REQUIRE(parsed.diagnostics.empty());
  CHECK(parsed.policy.allowed_media == std::vector<AllowedMedium>{{"0951:16ae", "60A44C", ""}, {"0951:1666", "", "16e6-83c7"}});

  const auto about = [](const std::string& entry) { return complaint_at_top("[[media.allow]]\n" + entry); };
  CHECK(about("usb = \"0951-1666\"\nserial = \"A\"").find("8:7 error media.allow.usb: expected vendor and product") == 0);
  CHECK(about("usb = \"0951:1666\"\nserial = \" A\"").find("9:10 error media.allow.serial: ") == 0);
  CHECK(about("volume = \"the red one\"\nusb = \"0951:1666\"").find("8:10 error media.allow.volume: ") == 0);
  CHECK(about("").find("7:1 error media.allow: expected usb") == 0);
  CHECK(about("serial = \"A\"").find("error media.allow: expected usb") != std::string::npos);
  CHECK(about("usb = \"0951:1666\"").find("warning media.allow.usb: without serial") != std::string::npos);
  CHECK(about("volume = \"16E6-83C7\"").find("warning media.allow.volume: a volume's id can be copied") != std::string::npos);
  CHECK(about("usb = \"0951:1666\"\nserial = \"A\"\nseriel = \"A\"").find("did you mean \"serial\"") != std::string::npos);
  CHECK(complaint_at_top("[media]\nallow = [\"0951:1666\"]").find("expected a section, found a text") != std::string::npos);
}

TEST_CASE("what is allowed and surely not meant is pointed out: technicians who read everything, an OS group in two groups") {
  const std::string begin = "school='a'\n[groups.a]\nos_groups=['pupils','year5']\nblocked_categories=[]\n[groups.b]\nos_groups=['staff','pupils']\n"
                            "blocked_categories=[]\n[groups.c]\ndefault=true\nblocked_categories=[]\n[recipients]\n";
  const auto found = lines(begin + "'*'=['safeguarding','technician']\n'web.bypass'=['technician']\n");
  REQUIRE(found.size() == 2);
  CHECK(found[0].find("warning groups.b.os_groups: \"pupils\" is in groups.a too") != std::string::npos);
  CHECK(found[1].find("warning recipients.*: every technician can read") != std::string::npos);
  CHECK(lines(begin + "'*'=['safeguarding']\n").size() == 1);
}
