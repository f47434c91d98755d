#include "platform/inspection_gate.h"

#include <catch2/catch.hpp>

using namespace caretaker::platform;

TEST_CASE("rules that hand connections over leave out root, who is exempt, and what the machine says to itself", "[R11]") {
  const std::string text = make_inspection_text({1727, {990, 991}, false});
  CHECK(text.find("meta skuid { 0, 990, 991 } accept") != std::string::npos);
  CHECK(text.find("oifname \"lo\" accept") != std::string::npos);
  CHECK(text.find("queue num 1727\n") != std::string::npos);
}

// Neighbour discovery is one: a rule that lets pass what has no mark would not let it pass.
TEST_CASE("what belongs to no connection is not refused: each rule that refuses asks for a mark", "[R11]") {
  const std::string text = make_inspection_text({1727, {}, false});
  const std::string refused = "\n    ct direction original ct mark and 0x08000000 != 0 ";
  CHECK(text.find(refused + "meta l4proto tcp reject with tcp reset" + refused + "reject with icmpx admin-prohibited\n") != std::string::npos);
}

TEST_CASE("only where the policy says so packets pass while nobody looks at them", "[R11]") {
  CHECK(make_inspection_text({1727, {}, false}).find("bypass") == std::string::npos);
  CHECK(make_inspection_text({1727, {}, true}).find("queue num 1727 bypass") != std::string::npos);
}

TEST_CASE("a connection whose content has passed while nobody looked goes on, where the policy lets it pass", "[R11]") {
  CHECK(make_inspection_text({1727, {}, false}).find("went_by") == std::string::npos);
  CHECK(make_inspection_text({1727, {}, true}).find("meta mark and 0x8e000000 == 0 meta l4proto { tcp, udp } jump went_by") != std::string::npos);
}

TEST_CASE("a first packet of TCP on a connection that is known takes all answers away, and is handed over", "[R11]") {
  const std::string text = make_inspection_text({1727, {}, false});
  CHECK(text.find("tcp flags & (syn | ack) == syn ct mark and 0x10000000 != 0 ct mark set ct mark and 0xf1ffffff queue num 1727\n") != std::string::npos);
}

TEST_CASE("what has begun to show its name says so with each packet", "[R11]") {
  const std::string text = make_inspection_text({1727, {}, false});
  const std::string said = "ct mark and 0x02000000 != 0 meta mark set meta mark or 0x02000000\n    meta l4proto { tcp, udp } queue";
  CHECK(text.find(said) != std::string::npos);
  CHECK(text.find("meta mark and 0x8e000000 == 0x02000000 ct mark set ct mark or 0x02000000") != std::string::npos);
}

// A question carries its user in the mark (gate_text.h), and a uid may have any bit.
TEST_CASE("what stands in the mark of a question is not taken for an answer of ours", "[R11]") {
  const std::string text = make_inspection_text({1727, {}, false});
  CHECK(text.find("meta mark and 0x8e000000 == 0x08000000 ct mark set") != std::string::npos);
  CHECK(text.find("meta mark and 0x8e000000 == 0x04000000 ct mark set") != std::string::npos);
}
