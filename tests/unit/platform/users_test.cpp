#include "platform/users.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "platform/hardware.h"

using namespace caretaker;
using namespace caretaker::platform;

TEST_CASE("a user is found by number and by name, with groups; root is no person") {
  const auto root = find_user(0);
  REQUIRE(root);
  CHECK(root->name == "root");
  CHECK_FALSE(root->is_person);
  CHECK(std::count(root->groups.begin(), root->groups.end(), "root") == 1);
  const auto nobody = find_user(std::string("nobody"));
  REQUIRE(nobody);
  CHECK_FALSE(nobody->is_person);
}

TEST_CASE("a user who does not exist is not found, whatever the name looks like") {
  CHECK(find_user(4242424242u).error().code == ErrorCode::kNotFound);
  for (const char* name : {"", "no-such-user-here", "../../etc/passwd", "a:b\nc"}) {
    CHECK(find_user(std::string(name)).error().code == ErrorCode::kNotFound);
  }
}

TEST_CASE("fillers in the firmware do not make two machines one", "[R20]") {
  CHECK(parse_firmware_field(" PF1A2B3C\n") == "PF1A2B3C");
  CHECK(parse_firmware_field("4c4c4544-0042-3510-8052-b4c04f4a3332\n") == "4c4c4544-0042-3510-8052-b4c04f4a3332");
  for (const char* filler :
       {"", "\n", "Default string\n", "To Be Filled By O.E.M.", "None", "00000000", "0", "........",
        "00000000-0000-0000-0000-000000000000", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF", "\x01\x02"}) {
    CHECK(parse_firmware_field(filler).empty());
  }
  CHECK(parse_firmware_field(std::string(200, 'a')).empty());
}
