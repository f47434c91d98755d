// A guard with a gate that only writes down what it is told: what becomes of a volume, for whom, and what the book says of it.
#include <catch2/catch.hpp>

#include "tests/unit/agent/fake_sessions.h"
#include "tests/unit/agent/guard_world.h"

using namespace caretaker;
using namespace caretaker::agent;
using platform::VolumeAccess;
using platform::VolumeChange;

namespace {

constexpr const char* kMediaPolicy =
    "school = \"Test School\"\n"
    "[groups.pupils]\nos_groups = [\"pupils\"]\nblocked_categories = []\n"
    "[groups.staff]\nos_groups = [\"staff\"]\nblocked_categories = []\nmedia = { unencrypted = \"read_only\" }\n"
    "[groups.office]\nos_groups = [\"office\"]\nblocked_categories = []\nmedia = { unencrypted = \"warn\" }\n"
    "[groups.device]\ndefault = true\nblocked_categories = []\n"
    "[[media.allow]]\nusb = \"0951:1666\"\nserial = \"KEYPAD\"\n"
    "[recipients]\n\"*\" = [\"safeguarding\"]\n";

struct GateLog {
  std::vector<std::string> lines;
  bool broken = false;
  bool may_cut = true;  // it is on USB
};

class WritingGate : public platform::VolumeGate {
 public:
  explicit WritingGate(GateLog& log) : log_(log) {}
  Status apply(const platform::Volume& volume, VolumeAccess access) override {
    if (log_.broken) return make_error(ErrorCode::kPermissionDenied, "broken");
    constexpr std::array kWords = {"none", "read-only", "whole"};
    log_.lines.push_back(volume.node.filename().string() + " " + kWords[static_cast<std::size_t>(access)]);
    return ok();
  }
  Status cut(const platform::Volume& volume) override {
    if (!log_.may_cut) return make_error(ErrorCode::kUnsupported, "not on USB");
    log_.lines.push_back(volume.node.filename().string() + " cut");
    return ok();
  }

 private:
  GateLog& log_;
};

using Lines = std::vector<std::string>;

struct MediaWorld : GuardWorld {
  GateLog gate;
  std::vector<platform::User> present = {{1001, "anna", {"pupils"}, true}};

  MediaWorld() {
    enrol();
    give(room.policy(1, kMediaPolicy));
    take_gate();
  }
  void take_gate() {
    guard->take_gate(std::make_unique<WritingGate>(gate), [this] { return present; }, [this](const std::string& point) {
      gate.lines.push_back("unmount " + point);
      return ok();
    });
  }
  void mount(const std::vector<std::string>& points) {
    guard->on_sighting({{VolumeChange::What::kMounted, {"/devices/usb1/sdb1", "/dev/sdb1", {}, {}}, points}, {}});
  }
  void see(const VolumeContent& content, const std::string& serial = "A1", Medium medium = Medium::kUsbStorage,
           const std::string& name = "sdb1") {
    guard->on_sighting({{VolumeChange::What::kSeen, {"/devices/usb1/" + name, "/dev/" + name, {medium, "0951:1666", serial}, {}}}, content});
  }
  void unplug() { guard->on_sighting({{VolumeChange::What::kGone, {"/devices/usb1/sdb1", "", {}, {}}}, {}}); }
  Lines taken() { return std::exchange(gate.lines, {}); }
  Lines media_events() {
    Lines out;
    for (const std::string& line : book()) {
      if (line.starts_with("media.")) out.push_back(line);
    }
    return out;
  }
};

const VolumeContent kEncrypted = {Encryption::kEncrypted, "luks2", "encrypted", "12a3"};
const VolumeContent kPlain = {Encryption::kNotEncrypted, "vfat", "plain-filesystem", "16e6-83c7"};
const VolumeContent kNoise = {Encryption::kUnknown, "", "no-structure", ""};

}  // namespace

TEST_CASE("an encrypted stick is let through, and nothing is written down about it", "[R2]") {
  MediaWorld world;
  world.see(kEncrypted);
  CHECK(world.taken() == Lines{"sdb1 whole"});
  CHECK(world.media_events().empty());
  const auto rows = world.status().media;
  REQUIRE(rows.size() == 1);
  CHECK(rows[0] == MediumRow{"usb-storage", "0951:1666", "A1", "12a3", "luks2", "allow", "encrypted", ""});
}

TEST_CASE("a disk with partitions is never write-protected as a whole, since the kernel would take that for each of them", "[R2]") {
  MediaWorld world;
  world.present = {{1002, "tom", {"staff"}, true}};
  world.see({Encryption::kNotEncrypted, "partitions", "plain-filesystem", ""}, "A1", Medium::kUsbStorage, "sdb");
  world.see(kEncrypted, "A1", Medium::kUsbStorage, "sdb1");
  world.see(kPlain, "A1", Medium::kUsbStorage, "sdb2");
  CHECK(world.taken() == Lines{"sdb1 whole", "sdb2 read-only"});
}

TEST_CASE("a plain stick stays out for a pupil, who is told, and the book has it sealed", "[R2]") {
  MediaWorld world;
  world.see(kPlain);
  CHECK(world.taken().empty());  // udev's rules keep it out already
  CHECK(world.media_events() == Lines{"media.kept-out not-encrypted"});
  CHECK(world.status().media.at(0).notice.find("kept out") != std::string::npos);
  const QueuedEvent event = world.entries().back();
  CHECK(as_text(event.body).find("A1") == std::string::npos);
  CHECK(as_text(event.body).find("anna") == std::string::npos);
  CHECK_FALSE(event.sealed.empty());
}

TEST_CASE("who is at the screen is told in one sentence, once for all that a stick brings, and never of an encrypted one", "[R2]") {
  MediaWorld world;
  FakeSessions sessions;
  sessions.there = {{"c1", 1001, platform::Session::Kind::kGraphical, "seat0", "tty7", true},
                    {"c2", 1002, platform::Session::Kind::kConsole, "seat0", "tty3", false},
                    {"c3", 1003, platform::Session::Kind::kRemote, "", "pts/0", true}};
  world.settings.sessions = &sessions;
  world.start();
  world.take_gate();
  world.see(kEncrypted);
  CHECK(sessions.deeds.empty());
  world.see(kPlain, "B1", Medium::kUsbStorage, "sdc1");
  world.see(kPlain, "B1", Medium::kUsbStorage, "sdc2");
  const Lines said = {"tell c1: This drive is not encrypted, so it was kept out: use an encrypted one, or ask a member of staff."};
  CHECK(sessions.deeds == said);
  world.clock.time += 60;
  world.see(kPlain, "B2", Medium::kUsbStorage, "sdd1");
  CHECK(sessions.deeds.size() == 2);
  sessions.is_silent = true;
  world.clock.time += 60;
  world.see(kPlain, "B3", Medium::kUsbStorage, "sde1");
  CHECK(world.media_events().size() == 4);
}

TEST_CASE("what cannot be told is kept out like a plain stick", "[R2]") {
  MediaWorld world;
  world.see(kNoise);
  CHECK(world.taken().empty());
  CHECK(world.media_events() == Lines{"media.kept-out unknown"});
}

TEST_CASE("each group has its own rule, and of several people the strictest counts", "[R2]") {
  MediaWorld world;
  world.present = {{1002, "berta", {"staff"}, true}};
  world.see(kPlain);
  CHECK(world.taken() == Lines{"sdb1 read-only"});
  world.unplug();
  world.present = {{1003, "carl", {"office"}, true}};
  world.see(kPlain);
  CHECK(world.taken() == Lines{"sdb1 whole"});
  world.unplug();
  world.present = {{1003, "carl", {"office"}, true}, {1001, "anna", {"pupils"}, true}};
  world.see(kPlain);
  CHECK(world.taken().empty());
  CHECK(world.media_events() == Lines{"media.read-only not-encrypted", "media.warned not-encrypted", "media.kept-out not-encrypted"});
}

TEST_CASE("with nobody at the machine, or only root, the device's own rule counts", "[R2]") {
  MediaWorld world;
  world.present = {{0, "root", {}, false}};
  world.see(kPlain);
  CHECK(world.taken().empty());
}

TEST_CASE("when somebody else takes the machine, what is plugged in is judged for him", "[R2]") {
  MediaWorld world;
  world.present = {{1002, "berta", {"staff"}, true}};
  world.see(kPlain);
  world.present = {{1001, "anna", {"pupils"}, true}};
  world.guard->tick();
  CHECK(world.taken() == Lines{"sdb1 read-only", "sdb1 cut"});
  world.guard->tick();
  CHECK(world.taken().empty());
}

TEST_CASE("a new policy judges anew what is plugged in", "[R2]") {
  MediaWorld world;
  world.see(kPlain, "B2");
  std::string text = kMediaPolicy;
  text.replace(text.find("KEYPAD"), 6, "B2");
  const auto& school = world.room.school;
  world.give(world.room.policy(2, text, {{&school.technician, &school.second_technician}, 30 * 86'400, {}}));
  world.guard->tick();
  CHECK(world.taken() == Lines{"sdb1 whole"});
}

TEST_CASE("a stick that becomes another under our eyes is judged anew and cut off", "[R2]") {
  MediaWorld world;
  world.see(kEncrypted);
  world.see(kPlain);  // formatted while it was let through
  CHECK(world.taken() == Lines{"sdb1 whole", "sdb1 cut"});
  CHECK(world.media_events() == Lines{"media.kept-out not-encrypted"});
}

TEST_CASE("what an earlier guard let through is cut off when it may not be any more", "[R2]") {
  MediaWorld world;
  const platform::Volume left = {"/devices/usb1/sdb1", "/dev/sdb1", {Medium::kUsbStorage, "0951:1666", "A1"}, VolumeAccess::kWhole};
  world.guard->on_sighting({{VolumeChange::What::kSeen, left}, kPlain});
  CHECK(world.taken() == Lines{"sdb1 cut"});
}

TEST_CASE("a change that changes nothing lets it through again and is no second event", "[R2]") {
  MediaWorld world;
  world.present = {{1003, "carl", {"office"}, true}};
  world.see(kPlain);
  world.see(kPlain);
  CHECK(world.taken() == Lines{"sdb1 whole", "sdb1 whole"});
  CHECK(world.media_events().size() == 1);
}

TEST_CASE("a stick that the policy names is let through whatever is on it; its disc can be read", "[R2]") {
  MediaWorld world;
  world.see(kNoise, "KEYPAD");
  world.unplug();
  world.see(kPlain, "KEYPAD", Medium::kOptical);
  CHECK(world.taken() == Lines{"sdb1 whole", "sdb1 read-only"});
  CHECK(world.media_events().empty());
}

TEST_CASE("a disk with partitions is kept or let through, but only its partitions are written down", "[R2]") {
  MediaWorld world;
  world.see({Encryption::kNotEncrypted, "partitions", "plain-filesystem", ""});
  CHECK(world.taken().empty());
  CHECK(world.media_events().empty());
}

TEST_CASE("a gate that fails lets nothing through", "[R2]") {
  MediaWorld world;
  world.gate.broken = true;
  world.see(kEncrypted);
  CHECK(world.taken().empty());
  world.gate.broken = false;
  world.see(kEncrypted);
  CHECK(world.taken() == Lines{"sdb1 whole"});
}

TEST_CASE("without a policy every volume stays out", "[R2]") {
  GuardWorld world;
  GateLog gate;
  world.guard->take_gate(std::make_unique<WritingGate>(gate), [] { return std::vector<platform::User>{}; }, {});
  world.guard->on_sighting({{VolumeChange::What::kSeen, {"/devices/sdb1", "/dev/sdb1", {}, {}}}, kEncrypted});
  CHECK(gate.lines.empty());
  CHECK(world.status().media.at(0).reason == "no-policy");
}

TEST_CASE("a thing that comes and goes without end does not fill the book", "[R2]") {
  MediaWorld world;
  for (int i = 0; i < 1000; ++i) {
    world.see(kPlain);
    world.unplug();
  }
  CHECK(world.media_events().size() == 120);
  CHECK(world.noted("events.dropped rate"));
}

TEST_CASE("what is kept out and mounted by users all the same is taken away", "[R2]") {
  MediaWorld world;
  world.see(kPlain);
  world.mount({"/media/stick"});  // a line of fstab lets users do it
  CHECK(world.taken() == Lines{"sdb1 cut"});
  CHECK(world.noted("media.kept-out mounted"));
}

TEST_CASE("what cannot be taken away, a card or a disc, is unmounted wherever it is", "[R2]") {
  MediaWorld world;
  world.gate.may_cut = false;
  world.see(kPlain, "C1", Medium::kSdCard);
  world.mount({"/media/card", "/srv/other"});
  CHECK(world.taken() == Lines{"unmount /media/card", "unmount /srv/other"});
  world.mount({});
  CHECK(world.taken().empty());
}

TEST_CASE("what was mounted before the rules were there is taken away when it is first looked at", "[R2]") {
  MediaWorld world;
  const platform::Volume there = {"/devices/usb1/sdb1", "/dev/sdb1", {Medium::kUsbStorage, "0951:1666", "A1"}, VolumeAccess::kNone};
  world.guard->on_sighting({{VolumeChange::What::kSeen, there, {"/media/anna/STICK"}}, kPlain});
  CHECK(world.taken() == Lines{"sdb1 cut"});
}

TEST_CASE("what may only be read and was mounted for writing before that is taken away, or unmounted, first", "[R2]") {
  MediaWorld world;
  world.present = {{1002, "tom", {"staff"}, true}};
  const auto see_mounted = [&] {
    world.guard->on_sighting({{VolumeChange::What::kSeen, {"/devices/usb1/sdb1", "/dev/sdb1", {Medium::kUsbStorage, "0951:1666", "A1"}, {}}, {"/media/tom/A"}}, kPlain});
  };
  SECTION("on USB") {
    see_mounted();
    CHECK(world.taken() == Lines{"sdb1 cut"});
  }
  SECTION("a card") {
    world.gate.may_cut = false;
    see_mounted();
    CHECK(world.taken() == Lines{"unmount /media/tom/A", "sdb1 read-only"});
  }
  SECTION("not mounted") {
    world.see(kPlain);
    CHECK(world.taken() == Lines{"sdb1 read-only"});
  }
}

TEST_CASE("what may be used may be mounted", "[R2]") {
  MediaWorld world;
  world.present = {{1002, "berta", {"staff"}, true}};
  world.see(kPlain);
  world.mount({"/media/berta/STICK"});
  CHECK(world.taken() == Lines{"sdb1 read-only"});
  CHECK_FALSE(world.noted("media.kept-out mounted"));
}

TEST_CASE("who takes the machine and mounts at once what another may use, does not keep it", "[R2]") {
  MediaWorld world;
  world.gate.may_cut = false;
  world.present = {{1003, "carl", {"office"}, true}};
  world.see(kPlain, "C1", Medium::kSdCard);
  world.present = {{1001, "anna", {"pupils"}, true}};
  world.mount({"/media/anna/CARD"});  // before the guard would have looked who is there
  CHECK(world.taken() == Lines{"sdb1 whole", "unmount /media/anna/CARD", "sdb1 none"});
}

TEST_CASE("a stick that is too busy to be read goes on, and one that never was read stays out", "[R2]") {
  const VolumeContent gave_up = {Encryption::kUnknown, "", "gave-up", ""};
  MediaWorld world;
  world.see(kEncrypted);
  world.see(gave_up);
  CHECK(world.taken() == Lines{"sdb1 whole"});
  world.see(kPlain);  // read at last: it was formatted
  CHECK(world.taken() == Lines{"sdb1 cut"});
  world.unplug();
  world.see(gave_up);
  CHECK(world.taken().empty());
  world.see(kEncrypted, "E1");
  world.see(gave_up, "E2");  // another thing in the same place
  CHECK(world.taken() == Lines{"sdb1 whole", "sdb1 cut"});
}
