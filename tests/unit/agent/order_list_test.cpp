// `caretaker device orders`, without its server.
#include "agent/cli/order_list.h"

#include <catch2/catch.hpp>

#include "sync/order.h"
#include "tests/unit/sync/fixture.h"

using namespace caretaker;
using namespace caretaker::agent;
using sync::OrderKind;

namespace {

struct Room {
  sync::test::TestSchool school;

  Room() {
    school.give(sync::Role::kWipe, 2, {{"technician", &school.technician}, {"head", &school.head}});
    school.root.school = hash(sync::make_root_payload(school.root));
  }
  [[nodiscard]] Json wipe(const Json::Object& more = {}) const {
    sync::Order order;
    order.school = school.root.school;
    order.device = {0xab};
    order.hardware = {"uuid", "serial"};
    order.kind = OrderKind::kWipe;
    order.issued = 2'000;
    order.until = 90'000;
    const Bytes payload = sync::make_order_payload(order);
    Json::Object json{{"order", sync::letter_name(sync::letter_id(payload))}, {"device", to_hex(order.device)},
                      {"envelope", to_base64(sync::test::envelope_of(sync::PayloadType::kOrder, payload, {&school.technician, &school.head}))},
                      {"published", 3'000}, {"given", 0}, {"answer", ""}, {"states", Json::Array{}}};
    for (const auto& [key, value] : more) json[key] = value;
    return Json(Json::Object{{"orders", Json::Array{Json(std::move(json))}}});
  }
  [[nodiscard]] std::string show(const Json& answer) const {
    const std::vector<sync::VerifiedRoot> roots{school.verified()};
    return *show_orders(answer, roots, {{"ab" + std::string(62, '0'), "laptop-7"}});
  }
};

bool contains(const std::string& text, const char* part) { return Catch::Contains(part).match(text); }

}  // namespace

TEST_CASE("an order is shown with who signed it and each state that it has come to, and no other", "[R22]") {
  const Room room;
  const std::string queued = room.show(room.wipe());
  CHECK(contains(queued, "laptop-7  wipe"));
  CHECK(contains(queued, "head, technician"));
  CHECK(contains(queued, "queued 1970-01-01T00:50:00Z"));
  CHECK_FALSE(contains(queued, "given"));
  CHECK_FALSE(contains(queued, "delivered"));
  const auto step = [](const char* state, std::int64_t time) { return Json(Json::Object{{"state", state}, {"time", time}}); };
  const std::string started = room.show(room.wipe({{"given", 4'000}, {"answer", "taken"}, {"states", Json::Array{step("grace", 5'000), step("started", 6'000)}}}));
  CHECK(contains(started, "given 1970-01-01T01:06:40Z, delivered, grace 1970-01-01T01:23:20Z, started 1970-01-01T01:40:00Z"));
  CHECK_FALSE(contains(started, "verified"));
  CHECK(contains(room.show(room.wipe({{"given", 4'000}, {"answer", "O6"}})), "refused: O6 (expired before it was delivered)"));
  const std::string orphan = room.show(room.wipe({{"given", 4'000}, {"answer", "no-signer"}}));
  CHECK(contains(orphan, "not given: who signed it is in the school no more"));
  CHECK_FALSE(contains(orphan, "refused"));
  CHECK(contains(room.show(Json(Json::Object{{"orders", Json::Array{}}})), "Nothing was ordered"));
}

TEST_CASE("what the server says of an order is never taken for what people signed", "[R22]") {
  const Room room, other;
  CHECK(contains(room.show(other.wipe()), "(does not verify)"));
  CHECK(contains(room.show(room.wipe({{"order", std::string(32, '0')}})), "(does not verify)"));
  const std::string steered = room.show(room.wipe({{"answer", "O6\x1b[2J"}, {"states", Json::Array{Json(Json::Object{{"state", "\x1b[2Jdone"}, {"time", 1}})}}}));
  CHECK(steered.find('\x1b') == std::string::npos);
}

TEST_CASE("an order of somebody who has left the school since is still shown, with who signed it", "[R22]") {
  Room room;
  const Json answer = room.wipe();
  std::vector<sync::VerifiedRoot> roots{room.school.verified()};
  room.school.root.version = 2;
  room.school.give(sync::Role::kWipe, 2, {{"deputy", &room.school.deputy}, {"head", &room.school.head}});
  roots.push_back(*roots.front().open_next({room.school.root_envelope()}));
  CHECK(contains(*show_orders(answer, roots, {}), "head, technician"));
  roots.erase(roots.begin());
  CHECK(contains(*show_orders(answer, roots, {}), "(does not verify)"));
}

TEST_CASE("that a machine was wiped is said on the server's word only as the server's word", "[R21][R22]") {
  const Room room;
  const auto step = [](const char* state) { return Json(Json::Object{{"state", state}, {"time", 6'000}}); };
  const Json answer = room.wipe({{"given", 4'000}, {"answer", "taken"}, {"states", Json::Array{step("started"), step("keys-destroyed"), step("verified")}}});
  const std::vector<sync::VerifiedRoot> roots{room.school.verified()};
  const std::string device = "ab" + std::string(62, '0');
  const Json& row = (*answer["orders"].as_array())[0];
  const std::string order = *row["order"].as_string();
  CHECK(contains(room.show(answer), "started 1970"));
  CHECK(contains(room.show(answer), "keys-destroyed (the server says) 1970"));
  CHECK(contains(room.show(answer), "verified (the server says) 1970"));
  CHECK(*(*(*orders_with_proofs(answer, {}))["orders"].as_array())[0]["proven"].as_bool() == false);
  const WipeProofs proofs{{device, {order, "verified"}}};
  const std::string proven = *show_orders(answer, roots, {}, proofs);
  CHECK(contains(proven, "verified 1970"));
  CHECK_FALSE(contains(proven, "the server says"));
  CHECK(*(*(*orders_with_proofs(answer, proofs))["orders"].as_array())[0]["proven"].as_bool());
  // The certificate of another order, of another machine, or of less.
  CHECK(contains(*show_orders(answer, roots, {}, {{device, {std::string(32, '0'), "verified"}}}), "verified (the server says)"));
  CHECK(contains(*show_orders(answer, roots, {}, {{std::string(64, 'c'), {order, "verified"}}}), "verified (the server says)"));
  CHECK(contains(*show_orders(answer, roots, {}, {{device, {order, "best-effort"}}}), "best-effort 1970"));
}
