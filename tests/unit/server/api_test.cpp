// The whole way: device, HTTPS, server, database and back.
#include "sync/server/api.h"

#include <csignal>
#include <thread>

#include "platform/http_transport.h"
#include "tests/unit/server/test_device.h"

using namespace caretaker;
using namespace caretaker::test;

namespace {

// What a test does to the school itself it does before: the server has one thread, and that is not the test's.
struct Serving {
  explicit Serving(TestSchool& served)
      : school(served),
        sets(school.folder.path() / "sets"),
        backend{school.store, school.state, sets, system_clock()},
        http(must(server::HttpServer::start({must(platform::parse_endpoint("127.0.0.1", 0)), &school.keys.tls},
                                            server::make_service(backend), {}, system_clock()))),
        client(must(platform::make_http_transport("https://127.0.0.1:" + std::to_string(http->port()), {school.keys.tls.pin}))) {
    ::signal(SIGPIPE, SIG_IGN);
  }

  platform::HttpResponse post(const std::string& path, Bytes body) {
    return must(client->send({"POST", path, "application/json", std::move(body), 0}, {}));
  }
  platform::HttpResponse staff(const sync::PersonKey& person, std::string action, Json arguments = Json::Object{}) {
    return post("/v1/staff", school.request(person, std::move(action), std::move(arguments), system_clock().now()));
  }

  // Publishes lists for this file and returns its path at the server.
  std::string publish(const Bytes& file, std::int64_t version = 1, bool countersigned = false) {
    sync::ListsManifest manifest;
    manifest.version = version;
    manifest.issued = system_clock().now() - 10;
    manifest.expires = manifest.issued + 86400;
    manifest.names = 20;
    manifest.locked_names = 1;
    manifest.file_size = file.size();
    manifest.file = hash(file);
    manifest.categories = {{"gambling", {20, false}}, {"illegal", {1, true}}};
    std::vector<const SigningKey*> signers{&school.people.publisher.signing};
    if (countersigned) signers.push_back(&school.people.technician.signing);
    const auto envelope = TestSchool::envelope(sync::PayloadType::kLists, sync::make_lists_payload(school.state.id(), manifest),
                                               signers);
    const auto answer = staff(school.people.publisher, "lists.publish", Json::Object{{"envelope", to_base64(envelope)}});
    INFO(as_text(answer.body));
    REQUIRE(answer.status == 200);
    CHECK(must(parse_json(as_text(answer.body)))["upload"].as_bool() != nullptr);
    return "/v1/set/" + to_hex(manifest.file);
  }

  // A request to be held, on a thread of its own; its answer ends up in `held`.
  [[nodiscard]] std::thread hold(const TestDevice& device, std::string mark, UnixSeconds time, Result<platform::HttpResponse>& held) {
    return std::thread([this, &held, body = device.hold(std::move(mark), time)] {
      held = client->send({"POST", "/v1/hold", "application/json", body, 0}, {});
    });
  }
  // The mark of a check-in's answer.
  std::string check_in(const TestDevice& device, std::uint64_t from = 1) {
    return must(sync::parse_checkin_answer(post("/v1/checkin", sync::make_checkin_request(device.request(device.batch(from)))).body)).mark;
  }

  TestSchool& school;
  server::SetFiles sets;
  server::Backend backend;
  std::unique_ptr<server::HttpServer> http;
  std::unique_ptr<platform::HttpTransport> client;
};

Bytes some_file(std::size_t size) {
  Bytes file(size);
  random_bytes(file.data(), file.size());
  return file;
}

std::string error_name(const platform::HttpResponse& response) {
  return must(must(parse_json(as_text(response.body))).string_at("error"));
}

}  // namespace

TEST_CASE("a machine enrols, checks in over HTTPS and gets its receipt") {
  TestSchool school;
  TestDevice device(school);
  Serving serving(school);
  const auto token = random_array<16>();
  const auto made = serving.staff(school.people.technician, "token.new", Json::Object{{"token_hash", to_hex(sync::token_hash(token))}});
  REQUIRE(made.status == 200);
  const auto enrolled = serving.post("/v1/enrol", device.enrolment(token));
  REQUIRE(enrolled.status == 200);
  device.certificate = must(sync::parse_enrolment_answer(enrolled.body)).certificate;
  device.record(10);
  const auto answered = serving.post("/v1/checkin", sync::make_checkin_request(device.request(device.batch())));
  REQUIRE(answered.status == 200);
  const auto answer = must(sync::parse_checkin_answer(answered.body));
  CHECK(must(sync::open_receipt({answer.receipt}, school.state.root(), device.id())).head == device.heads[10]);
  const auto listed = serving.staff(school.people.lead, "events.list");
  CHECK((**must(parse_json(as_text(listed.body))).array_at("events")).size() == 10);
}

TEST_CASE("refusals have a status, a stable name and a sentence") {
  TestSchool school;
  TestDevice device(school);
  Serving serving(school);
  CHECK(error_name(serving.post("/v1/checkin", to_bytes("rubbish"))) == "invalid-input");
  const auto denied = serving.post("/v1/enrol", device.enrolment(random_array<16>()));
  CHECK(denied.status == 403);
  CHECK(error_name(denied) == "permission-denied");
  CHECK(serving.staff(sync::make_person_key("nobody"), "devices.list").status == 401);
  CHECK(serving.staff(school.people.technician, "nothing.at.all").status == 404);
}

TEST_CASE("lists reach devices when their file is at the server, and not before") {
  TestSchool school;
  TestDevice device(school);
  Serving serving(school);
  const auto file = some_file(300'000);
  const auto path = serving.publish(file);
  const auto lists = [&] {
    const auto answered = serving.post("/v1/checkin", sync::make_checkin_request(device.request(device.batch())));
    return must(sync::parse_checkin_answer(answered.body)).lists;
  };
  CHECK(lists().empty());
  CHECK(serving.post(path, file).status == 200);
  CHECK_FALSE(lists().empty());
  CHECK(serving.post(path, to_bytes("late")).status == 404);  // nobody waits for it any more
}

TEST_CASE("only the exact file that published lists name is taken") {
  TestSchool school;
  Serving serving(school);
  const auto file = some_file(10'000);
  CHECK(serving.post("/v1/set/" + to_hex(hash(file)), file).status == 404);
  const auto path = serving.publish(file);
  auto longer = file;
  longer.push_back(0);
  CHECK(serving.post(path, longer).status == 413);
  CHECK(serving.post(path, Bytes(file.begin(), file.end() - 1)).status == 400);
  auto other = file;
  other[0] ^= 1;
  CHECK(serving.post(path, other).status == 401);
  CHECK(serving.post(path + "00", file).status == 404);
  CHECK(must(serving.client->send({"GET", path, "", {}, 0}, {})).status == 404);
  CHECK(serving.post(path, file).status == 200);
}

TEST_CASE("a broken download goes on where it ended") {
  TestSchool school;
  Serving serving(school);
  const auto file = some_file(3'000'000);
  const auto path = serving.publish(file);
  REQUIRE(serving.post(path, file).status == 200);
  Bytes got;
  const auto until_a_million = [&got](ByteView piece) -> Status {
    const auto came = piece.first(std::min(piece.size(), 1'000'000 - got.size()));
    got.insert(got.end(), came.begin(), came.end());
    return got.size() == 1'000'000 ? Status(make_error(ErrorCode::kUnavailable, "the cable is out")) : ok();
  };
  const platform::HttpLimits limits{.timeout = std::chrono::seconds(30), .max_body = 4'000'000};
  CHECK_FALSE(serving.client->send({"GET", path, "", {}, 0}, limits, until_a_million));
  REQUIRE(got.size() < file.size());
  const auto rest = [&got](ByteView piece) { got.insert(got.end(), piece.begin(), piece.end()); return ok(); };
  CHECK(must(serving.client->send({"GET", path, "", {}, got.size()}, limits, rest)).status == 206);
  CHECK(got == file);
}

TEST_CASE("a set file that was lost is taken again") {
  TestSchool school;
  Serving serving(school);
  const auto file = some_file(1000);
  const auto path = serving.publish(file);
  REQUIRE(serving.post(path, file).status == 200);
  std::filesystem::remove(school.folder.path() / "sets" / to_hex(hash(file)));
  CHECK(must(serving.client->send({"GET", path, "", {}, 0}, {})).status == 404);
  CHECK(serving.post(path, file).status == 200);
}

TEST_CASE("files of lists that are long out of date are not kept") {
  TestSchool school;
  Serving serving(school);
  std::vector<std::string> paths;
  for (int version = 1; version <= 4; ++version) {
    const auto file = some_file(1000);
    paths.push_back(serving.publish(file, version));
    REQUIRE(serving.post(paths.back(), file).status == 200);
  }
  const auto status = [&](const std::string& path) { return must(serving.client->send({"GET", path, "", {}, 0}, {})).status; };
  CHECK(status(paths[0]) == 404);
  CHECK(status(paths[1]) == 404);
  CHECK(status(paths[2]) == 200);
  CHECK(status(paths[3]) == 200);
}

TEST_CASE("a device from before the lists that a technician signed too gets these first, and they stay", "[R7]") {
  TestSchool school;
  TestDevice device(school);
  Serving serving(school);
  std::vector<std::string> paths;
  for (int version = 1; version <= 5; ++version) {
    const auto file = some_file(1000);
    paths.push_back(serving.publish(file, version, version == 2));
    REQUIRE(serving.post(paths.back(), file).status == 200);
  }
  const auto version_given = [&](std::int64_t has) {
    sync::Batch batch = device.batch();
    Json::Object state = *batch.state.as_object();
    state["lists"] = has;
    batch.state = Json(std::move(state));
    const Bytes lists = must(sync::parse_checkin_answer(serving.post("/v1/checkin", sync::make_checkin_request(device.request(batch))).body)).lists;
    return lists.empty() ? 0 : must(sync::open_lists({lists}, school.state.root(), std::nullopt, 0)).manifest().version;
  };
  CHECK(version_given(1) == 2);
  CHECK(version_given(2) == 5);
  CHECK(version_given(5) == 0);
  device.record_plain("lists.refused", "B6");
  CHECK(version_given(1) == 5);  // it would not have them
  const auto status = [&](const std::string& path) { return must(serving.client->send({"GET", path, "", {}, 0}, {})).status; };
  CHECK(status(paths[0]) == 404);
  CHECK(status(paths[1]) == 200);
  CHECK(status(paths[2]) == 404);
  CHECK(status(paths[4]) == 200);
}

TEST_CASE("the roots of a long history come over several answers to one enrolment", "[R22]") {
  TestSchool school;
  TestDevice device(school);
  auto next = school.root_one();
  next.school = school.state.id();
  for (next.version = 2; next.version <= 70; ++next.version) {
    must(school.ask(school.people.head, "root.publish", Json::Object{{"envelope", to_base64(school.signed_root(next))}}));
  }
  Serving serving(school);
  const auto secret = random_array<16>();
  REQUIRE(serving.staff(school.people.technician, "token.new", Json::Object{{"token_hash", to_hex(sync::token_hash(secret))}}).status == 200);
  const Bytes body = device.enrolment(secret);
  const auto ask = [&](const std::string& path) { return must(sync::parse_enrolment_answer(serving.post(path, body).body)); };
  auto roots = ask("/v1/enrol").roots;
  CHECK(roots.size() == 64);
  const auto rest = ask("/v1/enrol/64");
  CHECK(must(sync::open_certificate({rest.certificate}, school.state.root())).device == device.id());
  roots.insert(roots.end(), rest.roots.begin(), rest.roots.end());
  CHECK(roots == school.state.envelopes());
  CHECK(ask("/v1/enrol/70").roots.empty());
  CHECK(ask("/v1/enrol/99999999").roots.empty());
  for (const char* path : {"/v1/enrol/-1", "/v1/enrol/x", "/v1/enrol/1x"}) CHECK(serving.post(path, body).status == 400);
}

TEST_CASE("a held request is answered when a policy is published, and not before", "[R7]") {
  TestSchool school;
  TestDevice device(school);
  Serving serving(school);
  device.record(1);
  const std::string mark = serving.check_in(device);
  REQUIRE_FALSE(mark.empty());
  Result<platform::HttpResponse> held = make_error(ErrorCode::kUnavailable, "not yet");
  std::thread waiting = serving.hold(device, mark, kNow, held);
  std::this_thread::sleep_for(std::chrono::milliseconds(700));
  CHECK_FALSE(held);
  const auto now = system_clock().now();
  const sync::PolicyBundle bundle{1, now - 10, now + 86400, {}, "school = \"Test School\"\n"};
  const auto policy = TestSchool::envelope(sync::PayloadType::kPolicy, sync::make_policy_payload(school.state.id(), bundle),
                                           {&school.people.technician.signing});
  CHECK(serving.staff(school.people.technician, "policy.publish", Json::Object{{"envelope", to_base64(policy)}}).status == 200);
  waiting.join();
  REQUIRE(held);
  CHECK(held->status == 200);
  CHECK(must(sync::parse_hold_answer(held->body)).news);
  // Who still has the old mark hears at once; who has checked in has the new one.
  const auto behind = serving.post("/v1/hold", device.hold(mark, kNow + 1));
  CHECK(must(sync::parse_hold_answer(behind.body)).news);
  CHECK(serving.check_in(device) != mark);
}

TEST_CASE("a newer request to be held ends the older, a replay of the older ends nothing") {
  TestSchool school;
  TestDevice device(school);
  Serving serving(school);
  const std::string mark = serving.check_in(device);
  Result<platform::HttpResponse> first = make_error(ErrorCode::kUnavailable, "not yet"), second = first;
  const Bytes replayed = device.hold(mark, kNow);
  std::thread one([&] { first = serving.client->send({"POST", "/v1/hold", "application/json", replayed, 0}, {}); });
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  CHECK(serving.post("/v1/hold", replayed).status == 409);
  std::thread two = serving.hold(device, mark, kNow + 5, second);
  one.join();
  REQUIRE(first);
  CHECK_FALSE(must(sync::parse_hold_answer(first->body)).news);
  CHECK(serving.post("/v1/hold", replayed).status == 409);
  CHECK_FALSE(second);
  serving.http.reset();
  two.join();
}

TEST_CASE("nothing is held for who is not certified, or speaks for another") {
  TestSchool school;
  TestDevice device(school), other(school, {"uuid-2", "serial-2"});
  Serving serving(school);
  const std::string mark = serving.check_in(device);
  CHECK(serving.post("/v1/hold", to_bytes("{}")).status == 400);
  auto request = must(sync::parse_hold_request(device.hold(mark, kNow)));
  request.certificate = other.certificate;
  CHECK(serving.post("/v1/hold", sync::make_hold_request(request)).status == 401);
  request = must(sync::parse_hold_request(device.hold(mark, kNow)));
  request.certificate = TestSchool::envelope(sync::PayloadType::kCertificate, to_bytes("{}"), {&device.key});
  CHECK(serving.post("/v1/hold", sync::make_hold_request(request)).status == 401);
  CHECK(serving.post("/v1/hold", Bytes(20'000, 'x')).status == 413);
}

TEST_CASE("many devices check in at once, and a bad one among them spoils nothing") {
  TestSchool school;
  std::vector<std::unique_ptr<TestDevice>> devices;
  std::vector<Bytes> bodies;
  for (int i = 0; i < 12; ++i) {
    devices.push_back(std::make_unique<TestDevice>(school, sync::Hardware{"uuid-" + std::to_string(i), "s"}));
    devices.back()->record(3);
    auto request = devices.back()->request(devices.back()->batch());
    if (i == 5) request.sealed.erase(2);  // I7
    bodies.push_back(sync::make_checkin_request(request));
  }
  Serving serving(school);
  std::vector<Result<platform::HttpResponse>> answers(devices.size(), make_error(ErrorCode::kUnavailable, "none"));
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    threads.emplace_back([&, i] { answers[i] = serving.client->send({"POST", "/v1/checkin", "application/json", bodies[i], 0}, {}); });
  }
  for (auto& thread : threads) thread.join();
  for (std::size_t i = 0; i < answers.size(); ++i) {
    REQUIRE(answers[i]);
    CHECK(answers[i]->status == (i == 5 ? 400 : 200));
    if (i != 5) CHECK_FALSE(must(sync::parse_checkin_answer(answers[i]->body)).receipt.empty());
  }
  serving.http.reset();
  CHECK(must(school.store.events(0, std::nullopt, 100)).size() == 33);
  CHECK_FALSE(must(school.store.epoch(devices[5]->id(), devices[5]->epoch)));
}
