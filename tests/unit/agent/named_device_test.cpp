// Which machine a person means, against a server that answers with another.
#include "agent/cli/named_device.h"

#include <catch2/catch.hpp>

#include "agent/cli/device_order.h"
#include "sync/enrolment_record.h"
#include "tests/unit/sync/fixture.h"

using namespace caretaker;
using namespace caretaker::agent;

namespace {

constexpr sync::SchoolId kSchool{4};

struct Machine {
  explicit Machine(std::string name, sync::SchoolId school = kSchool) : label(std::move(name)) {
    const sync::EnrolmentRequest request{school, key.public_key, {1}, {"uuid of " + label, "board of " + label}, label};
    enrolment = sync::test::envelope_of(sync::PayloadType::kEnrolment, sync::make_enrolment_payload(request), {&key});
  }
  [[nodiscard]] std::string id() const { return to_hex(hash(key.public_key)); }
  // As the server lists it, or as it would like to.
  [[nodiscard]] Json row(const std::string& called) const {
    return Json::Object{{"device", id()}, {"label", called}, {"hardware", Json::Object{{"dmi_uuid", "the server's"}, {"board_serial", "word"}}}};
  }
  std::string label;
  SigningKey key = sync::test::new_key();
  Bytes enrolment;
};

Result<NamedDevice> ask(const std::string& name, const Json& row, ByteView enrolment) { return check_named(name, row, enrolment, kSchool); }

}  // namespace

TEST_CASE("an order names the machine that signed the name, with the hardware that it signed", "[R22]") {
  const Machine lost("laptop-7");
  const auto named = ask("laptop-7", lost.row("laptop-7"), lost.enrolment);
  REQUIRE(named);
  CHECK(named->is_signed);
  const sync::Order order = make_order({}, sync::OrderKind::kWipe, *named, kSchool, 1000);
  CHECK(to_hex(order.device) == lost.id());
  CHECK(order.hardware.board_serial == "board of laptop-7");  // not the server's word
  const std::string shown = explain(order, *named);
  CHECK(shown.find("laptop-7") != std::string::npos);
  CHECK(shown.find("board of laptop-7") != std::string::npos);
  CHECK(shown.find(lost.id().substr(0, 4) + " " + lost.id().substr(4, 4)) != std::string::npos);
}

TEST_CASE("a server that answers with another machine's id under the lost one's name is found out", "[R22]") {
  const Machine lost("laptop-7"), heads("head-1");
  for (const Bytes& enrolment : {heads.enrolment, lost.enrolment, Bytes(), to_bytes("{}")}) {
    const auto named = ask("laptop-7", heads.row("laptop-7"), enrolment);
    REQUIRE_FALSE(named);
    CHECK(named.error().code == ErrorCode::kUnauthentic);
  }
  // Renamed by whoever has not the machine's key.
  const Bytes payload = *parse_json(as_text(heads.enrolment))->base64_at("payload");
  const Bytes renamed = sync::test::with(heads.enrolment, "payload", to_base64(sync::test::with(payload, "label", "laptop-7")));
  CHECK_FALSE(ask("laptop-7", heads.row("laptop-7"), renamed));
  const Machine elsewhere("laptop-7", sync::SchoolId{5});
  CHECK_FALSE(ask("laptop-7", elsewhere.row("laptop-7"), elsewhere.enrolment));
}

TEST_CASE("whoever gives an id gets that machine or none, and reads the name that it signed", "[R22]") {
  const Machine lost("laptop-7"), heads("head-1");
  const auto named = ask(lost.id().substr(0, 12), lost.row("whatever"), lost.enrolment);
  REQUIRE(named);
  CHECK(named->said() == "laptop-7");
  CHECK_FALSE(ask(lost.id().substr(0, 12), heads.row(lost.id().substr(0, 12)), heads.enrolment));
  CHECK_FALSE(ask(lost.id(), heads.row("laptop-7"), heads.enrolment));
  CHECK_FALSE(ask(lost.id(), heads.row("laptop-7"), {}));
}

TEST_CASE("a machine from before servers kept its signature is named by its whole id, and by nothing less", "[R22]") {
  const Machine old("laptop-7");
  CHECK_FALSE(ask("laptop-7", old.row("laptop-7"), {}));
  CHECK_FALSE(ask(old.id().substr(0, 63), old.row("laptop-7"), {}));
  const auto named = ask(old.id(), old.row("laptop-7"), {});
  REQUIRE(named);
  CHECK(named->said() == old.id());  // nobody but the server says what it is called
  CHECK(describe(*named).find("the server's word") != std::string::npos);
}
