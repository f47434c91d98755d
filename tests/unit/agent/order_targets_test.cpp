// What an unlock and a cancel end, without their server.
#include "agent/cli/order_targets.h"

#include <catch2/catch.hpp>

#include "tests/unit/sync/fixture.h"

using namespace caretaker;
using namespace caretaker::agent;
using sync::OrderKind;

namespace {

constexpr UnixSeconds kTime = 5'000;

struct Room {
  sync::test::TestSchool school;
  NamedDevice device;
  Json::Array rows;

  Room() {
    school.give(sync::Role::kLock, 1, {{"technician", &school.technician}});
    school.root.school = hash(sync::make_root_payload(school.root));
    device.id = {0xab};
    device.hardware = {"uuid", "serial"};
  }
  [[nodiscard]] sync::Order order(OrderKind kind, UnixSeconds issued) const {
    sync::Order out;
    out.school = school.root.school;
    out.device = device.id;
    out.hardware = device.hardware;
    out.nonce = random_array<16>();
    out.kind = kind;
    out.issued = issued;
    out.until = issued + 10'000;
    return out;
  }
  sync::OrderId add(const sync::Order& order, std::int64_t given = 0, const std::string& answer = "") {
    const Bytes payload = sync::make_order_payload(order);
    rows.push_back(Json::Object{{"envelope", to_base64(sync::test::envelope_of(sync::PayloadType::kOrder, payload, {&school.technician}))},
                                {"given", given}, {"answer", answer}});
    return sync::letter_id(payload);
  }
  sync::OrderId unlock(const sync::OrderId& target, const std::string& answer = "", const std::string& serial = "serial") {
    sync::Order out = order(OrderKind::kUnlock, 4'000);
    out.target = target;
    out.hardware.board_serial = serial;
    return add(out, 1, answer);
  }
  [[nodiscard]] Result<std::vector<sync::OrderId>> targets(UnixSeconds now = kTime) const {
    const std::vector<sync::VerifiedRoot> roots{school.verified()};
    return decide_targets(Json(Json::Object{{"orders", rows}}), roots, device, OrderKind::kLock, now);
  }
};

using Targets = std::vector<sync::OrderId>;

}  // namespace

TEST_CASE("an unlock ends every lock of the machine, whichever signer's clock was ahead", "[R22]") {
  Room room;
  CHECK(room.targets().error().code == ErrorCode::kNotFound);
  const auto ahead = room.add(room.order(OrderKind::kLock, 4'900), 1, "taken");
  const auto second = room.add(room.order(OrderKind::kLock, 4'000), 1, "taken");
  CHECK(*room.targets() == Targets{second, ahead});
  room.unlock(ahead);
  CHECK(*room.targets() == Targets{second});
  room.unlock(second, "taken");
  CHECK(*room.targets() == Targets{ahead});  // nothing is left: whoever insists gets one more for the newest
}

TEST_CASE("a lock that its device has is ended also past its time, one that never came is not", "[R22]") {
  Room room;
  (void)room.add(room.order(OrderKind::kLock, 1'000));
  const auto taken = room.add(room.order(OrderKind::kLock, 900), 1, "taken");
  (void)room.add(room.order(OrderKind::kLock, 950), 1, "O6");
  CHECK(*room.targets(50'000) == Targets{taken});
}

TEST_CASE("an unlock that ends nothing there counts for none", "[R22]") {
  Room room;
  const auto lock = room.add(room.order(OrderKind::kLock, 4'000), 1, "taken");
  const auto other = room.add(room.order(OrderKind::kLock, 4'100), 1, "taken");
  room.unlock(lock, "", "of another machine");
  room.unlock(lock, "O6");
  CHECK(*room.targets() == Targets{lock, other});
  Room strangers;  // who are of no role here
  strangers.unlock(lock);
  room.rows.push_back(strangers.rows.front());
  room.unlock(other);
  CHECK(*room.targets() == Targets{lock});
  CHECK(*room.targets(50'000) == Targets{lock, other});  // the unlock was void before it was taken
}
