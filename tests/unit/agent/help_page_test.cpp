// The device's own page: what is answered to whom, and what another site's page can't do. tests/scenario/help_page.py drives it in a browser.
#include "agent/net/help_page.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "agent/net/page_form.h"
#include "agent/net/page_server.h"
#include "agent/notice.h"
#include "platform/files.h"
#include "tests/unit/agent/running_dns.h"
#include "tests/unit/server/tls_client.h"

using namespace caretaker;
using namespace caretaker::agent;
using namespace caretaker::agent::test;

namespace {

const std::vector<std::string> kOwn{"caretaker.internal", "127.0.0.153"};

struct Scene {
  Scene() { page.set_filter(make_filter(policy())); }
  static policy::Policy policy() {
    policy::Policy out = small_policy({});
    out.school = "Hill <b>School</b>";
    out.notice = {"Rules & \"more\"", "Ring us.", ""};
    return out;
  }
  PageReply get(const std::string& path, std::map<std::string, std::string> arguments = {}) {
    return page.answer({"GET", path, std::move(arguments), {{"host", "caretaker.internal"}}, "", uid}, kOwn);
  }
  [[nodiscard]] PageRequest form(const std::string& path, const std::string& body) const {
    return {"POST", path, {}, {{"host", "caretaker.internal"}, {"origin", "http://caretaker.internal"},
                               {"content-type", "application/x-www-form-urlencoded"}}, body, uid};
  }
  std::string token() {
    const std::string html = get("/worried").body;
    const auto at = html.find("name=\"token\" value=\"") + 20;
    return html.substr(at, html.find('"', at) - at);
  }
  PageReply post(const std::string& path, const std::string& fields) { return page.answer(form(path, "token=" + token() + "&" + fields), kOwn); }

  std::optional<std::uint32_t> uid;
  std::vector<HelpReport> reports;
  Result<HelpOutcome> outcome = HelpOutcome::kStored;
  HelpPage page{[this](const HelpReport& report) {
                  reports.push_back(report);
                  return outcome;
                }, system_clock()};
};

bool has(const PageReply& reply, std::string_view text) { return reply.body.find(text) != std::string::npos; }

}  // namespace

TEST_CASE("whoever has read the page does not keep the lists of before on the disk", "[R16]") {
  Scene scene;
  for (const auto& uid : {std::optional<std::uint32_t>(::getuid()), std::optional<std::uint32_t>()}) {
    scene.uid = uid;
    FilterPtr before = make_filter(Scene::policy());
    const std::weak_ptr<const Filter> kept = before;
    scene.page.set_filter(std::move(before));
    CHECK(has(scene.get("/why", {{"name", "casino.example"}}), "is blocked"));
    scene.page.set_filter(make_filter(Scene::policy()));
    CHECK(kept.expired());
  }
}

TEST_CASE("why a name is blocked is answered from the decision itself", "[R8][R16]") {
  Scene scene;
  const auto blocked = scene.get("/why", {{"name", "https://www.Casino.example/play?x"}});
  CHECK(blocked.status == 200);
  CHECK(has(blocked, "www.casino.example is blocked"));
  CHECK(has(blocked, "category gambling, rule casino.example"));
  CHECK(has(blocked, "action=\"/ask\""));
  CHECK(has(scene.get("/why", {{"name", "www.allowed.example"}}), "www.allowed.example is not blocked"));
  const auto illegal = scene.get("/why", {{"name", "banned.example"}});
  CHECK(has(illegal, "nobody can open it"));
  CHECK_FALSE(has(illegal, "action=\"/ask\""));
  CHECK(scene.get("/why", {{"name", "no name!"}}).status == 400);
  CHECK(scene.get("/why").status == 400);
  CHECK(scene.get("/nowhere").status == 404);
}

TEST_CASE("before there is a policy the page says so, and nothing falls over") {
  HelpPage page([](const HelpReport&) { return Result<HelpOutcome>(HelpOutcome::kStored); }, system_clock());
  for (const char* path : {"/", "/about", "/worried", "/times"}) {
    CHECK(page.answer({"GET", path, {}, {{"host", "127.0.0.153"}}, "", std::nullopt}, kOwn).status == 200);
  }
  const auto why = page.answer({"GET", "/why", {{"name", "www.example"}}, {{"host", "127.0.0.153"}}, "", std::nullopt}, kOwn);
  CHECK(has(why, "not ready yet"));
}

TEST_CASE("what is told goes to the guard with the socket's user, and comes back as said", "[R16]") {
  Scene scene;
  scene.uid = 4711;
  const auto sent = scene.post("/worried", "words=Somebody+wrote%0D%0Ame+%3Cthings%3E");
  CHECK(sent.status == 200);
  CHECK(has(sent, "Thank you for telling us"));
  REQUIRE(scene.reports.size() == 1);
  CHECK(scene.reports[0].words == "Somebody wrote\nme <things>");
  CHECK(scene.reports[0].uid == 4711u);
  CHECK(scene.reports[0].kind == HelpKind::kWorried);
  CHECK(scene.post("/ask", "name=www.casino.example&words=").status == 200);
  CHECK(scene.reports.back().kind == HelpKind::kUnblock);
  CHECK(scene.reports.back().name == "www.casino.example");
}

TEST_CASE("what could not be stored is said plainly, and the words are still in the form", "[R16]") {
  Scene scene;
  const auto failed = [&](Result<HelpOutcome> outcome, const std::string& words) {
    scene.outcome = std::move(outcome);
    const auto reply = scene.post("/worried", "words=" + words);
    CHECK(has(reply, "<b>This was not sent"));
    CHECK_FALSE(has(reply, "Thank you"));
    CHECK(reply.status >= 400);
    return reply;
  };
  CHECK(has(failed(make_error(ErrorCode::kUnavailable, "gone"), "my+%3Cwords"), "my &lt;words</textarea>"));
  CHECK(has(failed(make_error(ErrorCode::kFull, "full"), "mine"), "mine</textarea>"));
  CHECK(has(failed(HelpOutcome::kTooMany, "again"), "again</textarea>"));
  scene.reports.clear();
  CHECK(has(failed(HelpOutcome::kStored, std::string(kMaxHelpWords + 1, 'x')), "too long"));
  failed(HelpOutcome::kStored, "+%0A");
  CHECK(scene.reports.empty());
}

TEST_CASE("a form is good for its own user, once fetched, and names what it sends", "[R16]") {
  Scene scene;
  scene.uid = 1;
  const std::string token = scene.token();
  scene.uid = 2;
  CHECK(has(scene.page.answer(scene.form("/worried", "words=hi&token=" + token), kOwn), "press the button again"));
  CHECK(has(scene.page.answer(scene.form("/worried", "words=hi&token=00"), kOwn), "press the button again"));
  CHECK(has(scene.page.answer(scene.form("/worried", "words=hi"), kOwn), "press the button again"));
  CHECK(scene.reports.empty());
  scene.uid = 1;
  for (int i = 0; i < 2; ++i) CHECK(scene.page.answer(scene.form("/worried", "words=hi&token=" + token), kOwn).status == 200);
  REQUIRE(scene.reports.size() == 2);
  CHECK(scene.reports[0].id == scene.reports[1].id);  // the guard stores it once
  PageTokens tokens;
  const auto made = tokens.make(std::nullopt, 1000);
  CHECK(tokens.check(made, std::nullopt, 1000 + 12 * 3'600'000));
  CHECK_FALSE(tokens.check(made, std::nullopt, 1001 + 12 * 3'600'000));
  CHECK_FALSE(tokens.check(made, 0u, 1000));
  CHECK_FALSE(PageTokens().check(made, std::nullopt, 1000));
}

TEST_CASE("another site's page can post nothing and read nothing", "[R16]") {
  Scene scene;
  const std::string token = scene.token();  // even with one
  const auto attempt = [&](const std::string& name, const std::string& value) {
    auto request = scene.form("/worried", "words=forged&token=" + token);
    if (value.empty())
      request.headers.erase(name);
    else
      request.headers[name] = value;
    return scene.page.answer(request, kOwn).status;
  };
  CHECK(attempt("origin", "http://evil.example") == 403);
  CHECK(attempt("origin", "null") == 403);
  CHECK(attempt("origin", "https://caretaker.internal") == 403);
  CHECK(attempt("origin", "http://127.0.0.153") == 403);  // not the one in Host
  CHECK(attempt("origin", "") == 403);
  CHECK(attempt("origin", "http://caretaker.internal, http://caretaker.internal") == 403);
  CHECK(attempt("host", "evil.example") == 403);
  CHECK(attempt("host", "caretaker.internal:8080") == 403);
  CHECK(attempt("host", "") == 403);
  CHECK(attempt("content-type", "text/plain") == 403);
  CHECK(attempt("content-type", "multipart/form-data; boundary=x") == 403);
  for (const char* site : {"cross-site", "same-site", "rubbish"}) CHECK(attempt("sec-fetch-site", site) == 403);
  CHECK(scene.reports.empty());
  CHECK(attempt("sec-fetch-site", "same-origin") == 200);

  const auto fetched = [&](std::map<std::string, std::string> headers) {
    headers.emplace("host", "caretaker.internal");
    return scene.page.answer({"GET", "/why", {{"name", "casino.example"}}, std::move(headers), "", {}}, kOwn).status;
  };
  CHECK(fetched({{"sec-fetch-site", "cross-site"}, {"sec-fetch-mode", "no-cors"}, {"sec-fetch-dest", "image"}}) == 403);
  CHECK(fetched({{"sec-fetch-site", "cross-site"}, {"sec-fetch-mode", "navigate"}, {"sec-fetch-dest", "iframe"}}) == 403);
  CHECK(fetched({{"sec-fetch-site", "cross-site"}, {"sec-fetch-mode", "navigate"}, {"sec-fetch-dest", "document"}}) == 200);
  CHECK(fetched({{"sec-fetch-site", "none"}, {"sec-fetch-mode", "navigate"}, {"sec-fetch-dest", "document"}}) == 200);
}

TEST_CASE("a blocked name that was answered with our address lands on its reason, and no text of a page's goes along", "[R8]") {
  Scene scene;
  const auto land = [&](const std::string& host) {
    return scene.page.answer({"GET", "/secret/path", {{"q", "private"}}, {{"host", host}}, "", {}}, kOwn);
  };
  CHECK(land("www.Casino.example").status == 303);
  CHECK(land("www.casino.example:80").location == "http://caretaker.internal/why?name=www.casino.example");
  CHECK(land("evil.example/\r\nX: y").location.find('\n') == std::string::npos);
  for (const char* host : {"", "..", "a b", "[::1]"}) CHECK(land(host).status == 421);
}

TEST_CASE("nothing that somebody typed, or a policy says, becomes part of a page", "[R16]") {
  Scene scene;
  const std::string nasty = "\"><script>alert(1)</script>'&";
  for (const auto& reply : {scene.get("/why", {{"name", nasty}}), scene.post("/worried", "words=" + escape_query(nasty)), scene.get("/"),
                            scene.get("/about")}) {
    CHECK_FALSE(has(reply, "<script>"));
    CHECK_FALSE(has(reply, "<b>School"));
  }
  CHECK(has(scene.get("/"), "Rules &amp; &quot;more&quot;"));
}

TEST_CASE("forms are read strictly") {
  const auto fields = parse_form("a=1+2&b=%c3%A9%0a&c&d=e=f");
  REQUIRE(fields);
  CHECK(*fields == FormFields{{"a", "1 2"}, {"b", "\xc3\xa9\n"}, {"c", ""}, {"d", "e=f"}});
  for (const char* bad : {"a=%", "a=%1", "a=%zz", "a=1&a=2", "1&2&3&4&5&6&7&8&9&10&11&12&13&14&15&16&17"}) CHECK_FALSE(parse_form(bad));
}

TEST_CASE("the page over real sockets: its user is the socket's, its limits hold, its headers close it", "[R16]") {
  Scene scene;
  const auto server = PageServer::start("127.0.0.1:0", scene.page, system_clock());
  REQUIRE(server);
  const auto port = (*server)->at().port;
  const std::string host = "127.0.0.1:" + std::to_string(port);
  const auto say = [&](const std::string& request) {
    caretaker::test::PlainClient client(port);
    client.say(request);
    std::string heard;
    for (std::string piece = client.hear(); !piece.empty(); piece = client.hear()) heard += piece;
    return heard;
  };
  const auto get = [&](const std::string& path, const std::string& more = "") {
    return say("GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n" + more + "\r\n");
  };
  const auto home = get("/");
  CHECK(home.starts_with("HTTP/1.1 200"));
  for (const char* header : {"Content-Security-Policy: default-src 'none'", "X-Frame-Options: DENY", "Cache-Control: no-store"}) {
    CHECK(home.find(header) != std::string::npos);
  }
  CHECK(get("/why?name=casino.example").find("casino.example is blocked") != std::string::npos);
  CHECK(say("GET / HTTP/1.1\r\nHost: evil example\r\nConnection: close\r\n\r\n").starts_with("HTTP/1.1 421"));
  CHECK(get("/", "Host: " + host + "\r\n").find("Help with this computer</h1>") == std::string::npos);
  CHECK(get("/", "X-Filler: " + std::string(50'000, 'h') + "\r\n").find("200 OK") == std::string::npos);
  CHECK(say("POST /worried HTTP/1.1\r\nHost: " + host + "\r\nContent-Length: 9999999\r\nExpect: 100-continue\r\n\r\n").starts_with("HTTP/1.1 413"));

  const std::string form = get("/worried");
  const auto at = form.find("name=\"token\" value=\"") + 20;
  const std::string body = "words=hello&token=" + form.substr(at, form.find('"', at) - at);
  const auto sent = say("POST /worried HTTP/1.1\r\nHost: " + host + "\r\nOrigin: http://" + host +
                        "\r\nContent-Type: application/x-www-form-urlencoded\r\nConnection: close\r\nContent-Length: " +
                        std::to_string(body.size()) + "\r\n\r\n" + body);
  CHECK(sent.find("Thank you for telling us") != std::string::npos);
  REQUIRE(scene.reports.size() == 1);
  CHECK(scene.reports[0].uid == ::getuid());
}

TEST_CASE("the page names everything that is recorded of a person, and the notice does not deny it", "[R12][R13]") {
  // Which parts of the guard seal who somebody is, and the words on the page that say so.
  const std::map<std::string, std::string> said = {
      {"media.cpp", "USB stick"},       {"program_reports.cpp", "program that did not come with this computer"},
      {"report_help.cpp", "send yourself"}, {"report_web.cpp", "open a <b>blocked</b> site"},
      {"session_watch.cpp", "did not lock"}};
  std::set<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(CARETAKER_SOURCE_DIR "/agent/guard")) {
    const auto bytes = platform::read_file(entry.path(), 1u << 20);
    REQUIRE(bytes);
    const std::string text(as_text(*bytes));
    const bool seals = text.find("[\"user\"] = ") != std::string::npos || text.find("{{\"user\", ") != std::string::npos ||
                       text.find("details, \"user\"") != std::string::npos;
    if (seals) found.insert(entry.path().filename());
  }
  Scene scene;
  const auto page = scene.get("/about");
  for (const std::string& file : found) {
    INFO(file);
    REQUIRE(said.contains(file));
    CHECK(has(page, said.at(file)));
  }
  CHECK(found.size() == said.size());
  const std::string notice = make_notice("School", {});
  CHECK(notice.find("What is allowed is not") == std::string::npos);
  CHECK(notice.find("programs") != std::string::npos);
}

TEST_CASE("the device's own name is answered with its page, with a policy and without", "[R16]") {
  RunningDns dns(nullptr, *platform::parse_endpoint("127.0.0.153:80", 0));
  const auto answer = dns.ask("Caretaker.Internal");
  REQUIRE(answer.answers.size() == 1);
  CHECK(answer.answers[0].rdata == Bytes{127, 0, 0, 153});
  CHECK(dns.ask("caretaker.internal", dns_type::kAaaa).answers.empty());
  CHECK(dns.ask("caretaker.internal", dns_type::kHttps).code == rcode::kNoError);
  CHECK(dns.ask("www.caretaker.internal").code == rcode::kServFail);
}
