#include "agent/guard/device_identity.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "platform/files.h"
#include "tests/unit/platform/temporary_folder.h"

using namespace caretaker;
using namespace caretaker::agent;

namespace {

const sync::Hardware kLaptop{"4c4c4544-0001", "board-1"};
const sync::Hardware kOtherLaptop{"4c4c4544-0002", "board-2"};
const sync::SchoolId kSchool = hash(as_bytes("school"));

DeviceIdentity open_or_fail(const std::filesystem::path& folder, const sync::Hardware& found) {
  auto identity = DeviceIdentity::open(folder, found);
  REQUIRE(identity);
  return std::move(*identity);
}

DeviceIdentity enrolled(const std::filesystem::path& folder, const sync::Hardware& found) {
  DeviceIdentity identity = open_or_fail(folder, found);
  REQUIRE(identity.begin(kSchool));
  REQUIRE(identity.certify(to_bytes("certificate")));
  return identity;
}

}  // namespace

TEST_CASE("hardware is other when a serial differs, unknown when nothing can be compared") {
  CHECK(decide_hardware(kLaptop, kLaptop) == HardwareMatch::kSame);
  CHECK(decide_hardware(kLaptop, kOtherLaptop) == HardwareMatch::kOther);
  CHECK(decide_hardware(kLaptop, {"4c4c4544-0001", ""}) == HardwareMatch::kSame);
  CHECK(decide_hardware(kLaptop, {"4c4c4544-0001", "board-2"}) == HardwareMatch::kOther);
  CHECK(decide_hardware(kLaptop, {"", ""}) == HardwareMatch::kUnknown);
  CHECK(decide_hardware({"", ""}, kLaptop) == HardwareMatch::kSame);
  CHECK(decide_hardware({"", "board-1"}, {"4c4c4544-0001", ""}) == HardwareMatch::kUnknown);
}

TEST_CASE("a device's key is made once, kept for its owner alone, and survives a restart") {
  const TemporaryFolder folder;
  CHECK(open_or_fail(folder.path(), kLaptop).state() == DeviceIdentity::State::kNone);
  const DeviceIdentity first = enrolled(folder.path(), kLaptop);
  const DeviceIdentity again = open_or_fail(folder.path(), kLaptop);
  CHECK(again.state() == DeviceIdentity::State::kCertified);
  CHECK(again.id() == first.id());
  CHECK(again.school() == kSchool);
  CHECK(again.certificate() == to_bytes("certificate"));
  struct stat facts {};
  REQUIRE(::stat((folder.path() / "device.json").c_str(), &facts) == 0);
  CHECK((facts.st_mode & 0777) == 0600);
}

TEST_CASE("an enrolment that was interrupted goes on with the same key") {
  const TemporaryFolder folder;
  DeviceIdentity first = open_or_fail(folder.path(), kLaptop);
  REQUIRE(first.begin(kSchool));
  DeviceIdentity again = open_or_fail(folder.path(), kLaptop);
  REQUIRE(again.begin(kSchool));
  CHECK(again.id() == first.id());
  REQUIRE(again.begin(hash(as_bytes("another school"))));
  CHECK(again.id() != first.id());
}

TEST_CASE("an enrolled device is not enrolled over") {
  const TemporaryFolder folder;
  DeviceIdentity identity = enrolled(folder.path(), kLaptop);
  CHECK(identity.begin(kSchool).error().code == ErrorCode::kConflict);
}

TEST_CASE("a cloned image never goes on as the other device") {
  const TemporaryFolder folder;
  const DeviceIdentity golden = enrolled(folder.path(), kLaptop);
  const DeviceIdentity clone = open_or_fail(folder.path(), kOtherLaptop);
  CHECK(clone.state() == DeviceIdentity::State::kUncertified);
  CHECK(clone.needs_re_enrolment());
  CHECK(clone.id() != golden.id());
  CHECK(clone.school() == golden.school());
  CHECK(std::filesystem::exists(folder.path() / ("device." + to_hex(ByteView(golden.id()).first(8)) + ".json")));
  // Still so after a restart, until somebody enrols it.
  DeviceIdentity later = open_or_fail(folder.path(), kOtherLaptop);
  CHECK(later.needs_re_enrolment());
  CHECK(later.id() == clone.id());
  REQUIRE(later.begin(kSchool));
  REQUIRE(later.certify(to_bytes("new certificate")));
  CHECK_FALSE(open_or_fail(folder.path(), kOtherLaptop).needs_re_enrolment());
}

TEST_CASE("back on its own hardware the identity is taken back, unless another was enrolled meanwhile") {
  const TemporaryFolder folder;
  const DeviceIdentity first = enrolled(folder.path(), kLaptop);
  (void)open_or_fail(folder.path(), kOtherLaptop);
  (void)open_or_fail(folder.path(), {"4c4c4544-0003", "board-3"});
  const DeviceIdentity back = open_or_fail(folder.path(), kLaptop);
  CHECK(back.id() == first.id());
  CHECK(back.state() == DeviceIdentity::State::kCertified);
  CHECK(back.certificate() == first.certificate());
  CHECK(open_or_fail(folder.path(), kLaptop).id() == first.id());
  DeviceIdentity second = open_or_fail(folder.path(), kOtherLaptop);
  REQUIRE(second.certify(to_bytes("new certificate")));
  const DeviceIdentity third = open_or_fail(folder.path(), kLaptop);
  CHECK(third.id() != first.id());
  CHECK(third.needs_re_enrolment());
  // Nor is it the first that a third machine's identity makes room for again.
  CHECK(open_or_fail(folder.path(), kOtherLaptop).id() == second.id());
}

TEST_CASE("hardware that cannot be read puts the identity in doubt, and keeps it") {
  const TemporaryFolder folder;
  const DeviceIdentity first = enrolled(folder.path(), kLaptop);
  const DeviceIdentity blind = open_or_fail(folder.path(), {});
  CHECK(blind.in_doubt());
  CHECK(blind.id() == first.id());
  CHECK(blind.hardware().dmi_uuid == kLaptop.dmi_uuid);
  CHECK_FALSE(open_or_fail(folder.path(), kLaptop).in_doubt());
}

TEST_CASE("a damaged identity is set aside, not guessed at") {
  const TemporaryFolder folder;
  enrolled(folder.path(), kLaptop);
  for (const char* name : {"device.json", "device.copy.json"}) {
    REQUIRE(platform::replace_file(folder.path() / name, as_bytes("{\"seed\": \"00"), 0600));
  }
  const DeviceIdentity identity = open_or_fail(folder.path(), kLaptop);
  CHECK(identity.state() == DeviceIdentity::State::kNone);
  CHECK(identity.was_damaged());
  CHECK(std::filesystem::exists(folder.path() / "device.damaged.json"));
}
