// The wipe against real LUKS headers in files, made by cryptsetup; and cut off wherever it may be cut off.
#include "agent/guard/wipe.h"

#include <spawn.h>
#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "agent/guard/orders_file.h"
#include "platform/base/log.h"
#include "platform/files.h"
#include "tests/unit/agent/guard_world.h"

extern char** environ;

using namespace caretaker;
using namespace caretaker::agent;
using platform::ErasePlan;
using platform::EraseTarget;

namespace {

constexpr const char* kUuid = "5c8ad9b5-4f23-4f0b-9c57-0c6a1f1c3a01";
constexpr const char* kPassword = "correct horse";
constexpr std::uint64_t kVolume = 24u << 20;
constexpr std::uint64_t kHeader = 16u << 20;  // cryptsetup's own, up to the data

// False: it refused, or is not installed.
bool cryptsetup(std::vector<std::string> arguments, const std::filesystem::path& password) {
  arguments.insert(arguments.begin(), {"cryptsetup", "--batch-mode", "--key-file", password.string()});
  std::vector<char*> words;
  for (std::string& word : arguments) words.push_back(word.data());
  words.push_back(nullptr);
  pid_t child = 0;
  if (::posix_spawnp(&child, "cryptsetup", nullptr, nullptr, words.data(), environ) != 0) return false;
  int status = 0;
  return ::waitpid(child, &status, 0) == child && status == 0;
}

// A volume of this machine: the eraser's own code on real headers, but no disk of the machine that runs the test is looked for.
class FileEraser final : public platform::Eraser {
 public:
  Result<ErasePlan> plan() override {
    if (!has_mounts) return make_error(ErrorCode::kUnavailable, "the mount table cannot be read");
    return volumes;
  }
  Status leave_network() override {
    deeds.push_back("leave network");
    return stays_mounted ? Status(make_error(ErrorCode::kPermissionDenied, "unmount: a user's")) : ok();
  }
  Result<std::string> find(const EraseTarget& target) override { return real->find(target); }
  Status destroy_keys(const WipePermit& permit, const EraseTarget& target) override {
    if (--cuts == 0) return make_error(ErrorCode::kUnavailable, "the power is gone");
    deeds.push_back("destroy");
    return real->destroy_keys(permit, target);
  }
  Status verify_keys(const EraseTarget& target) override { return real->verify_keys(target); }
  Status erase_data(const WipePermit&, const EraseTarget&, int) override {
    deeds.push_back("data");
    return ok();
  }
  Status power_off(const WipePermit&) override {
    deeds.push_back("off");
    return ok();
  }

  std::unique_ptr<platform::Eraser> real = platform::make_eraser();
  ErasePlan volumes;
  std::vector<std::string> deeds;
  bool has_mounts = true;
  bool stays_mounted = false;
  int cuts = 0;  // the n-th destruction does not happen
};

struct WipeWorld : GuardWorld {
  FileEraser eraser;
  sync::Order order;
  std::filesystem::path password = folder / "password";
  int waits = 0;

  WipeWorld() {
    auto& school = room.school;
    school.give(sync::Role::kLock, 1, {{"technician", &school.technician}});
    school.give(sync::Role::kWipe, 2, {{"technician", &school.technician}, {"head", &school.head}});
    school.root.issued = clock.time - 86'400;
    school.root.school = hash(sync::make_root_payload(school.root));
    settings.start_wipe = [](const WipePermit&) { return ok(); };
    start();
    serve();
    check_in();
    must(platform::replace_file(password, as_bytes(kPassword), 0600));
  }

  std::filesystem::path add_volume(const char* name, const char* type) {
    const auto path = folder / name;
    { std::ofstream file(path); }
    std::filesystem::resize_file(path, kVolume);
    std::vector<std::string> format{"luksFormat", "--type", type, "--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000", "--uuid", kUuid, path.string()};
    REQUIRE(cryptsetup(format, password));
    const std::uint64_t header = std::string(type) == "luks1" ? 2u << 20 : kHeader;
    eraser.volumes.push_back({path.string(), "", kUuid, "disk", "serial-1", true, kVolume, header, 1, true, ""});
    return path;
  }
  bool opens(const std::filesystem::path& volume) { return cryptsetup({"open", "--test-passphrase", volume.string()}, password); }

  void deliver(std::vector<const SigningKey*> keys) {
    order.school = room.school.root.school;
    order.device = must(to_array<32>(must(parse_hex(status().device))));
    order.hardware = settings.hardware;
    order.nonce = random_array<16>();
    order.kind = sync::OrderKind::kWipe;
    order.issued = clock.time;
    order.until = clock.time + 86'400;
    order.asset = "School 117";
    order.reason = "stolen";
    sync::CheckinAnswer answer;
    answer.letters = {sync::make_envelope(sync::PayloadType::kOrder, sync::make_order_payload(order), keys)};
    must(ask(kNet, Ask::kTakeAnswer, make_take_answer(answer)));
    guard->tick();
    guard->tick();
  }
  void order_wipe() { deliver({&room.school.technician, &room.school.head}); }
  // Ordered, begun, and the power goes: what stands beside the kernel then.
  WipeIntent cut_off() {
    order_wipe();
    eraser.cuts = 1;
    (void)wipe();
    return must(read_intent(folder / "boot"));
  }

  Status wipe() {
    const WipeSettings wiping{settings.state, folder / "boot", settings.hardware, {"Maker", "Model", "S-1"}, [this](int) { on_wait(); }};
    const Status done = run_wipe(wiping, eraser, clock);
    const auto not_begun = platform::read_file(settings.state / kWipeNotBegunFile, 4096);
    return not_begun ? Status(make_error(ErrorCode::kUnavailable, std::string(as_text(*not_begun)))) : done;
  }
  // What the next check-in has for the school.
  sync::WipeCertificate certificate() {
    const auto opened = next_request();
    const Bytes envelope = must(opened->batch.state.base64_at("wipe_certificate"));
    const auto device = must(sync::open_certificate({opened->request.certificate}, room.school.verified()));
    return must(sync::open_wipe_certificate({envelope}, device));
  }
  // While the wipe waits, the guard sees what is proven, tells it, and lets it go on.
  void on_wait() {
    if (++waits > 5) clock.time += 700;
    guard->tick();
    check_in();
    guard->tick();
  }
};

}  // namespace

TEST_CASE("an ordered wipe destroys the keys, has its certificate delivered, and only then the rest", "[R21][R22][R25]") {
  WipeWorld world;
  const auto first = world.add_volume("luks2", "luks2"), second = world.add_volume("luks1", "luks1");
  REQUIRE(world.opens(first));
  REQUIRE(world.opens(second));
  world.order_wipe();
  REQUIRE(world.wipe());
  CHECK_FALSE(world.opens(first));
  CHECK_FALSE(world.opens(second));
  CHECK(world.eraser.deeds == std::vector<std::string>{"leave network", "destroy", "destroy", "data", "data", "off"});
  const std::string id = to_hex(sync::letter_id(sync::make_order_payload(world.order)));
  CHECK(world.noted("order.keys-destroyed " + id));
  CHECK(world.noted("order.verified " + id));
  CHECK(world.waits <= 5);
  const auto certificate = world.certificate();
  CHECK(certificate.method == sync::Sanitization::kPurge);
  CHECK(certificate.asset == "School 117");
  CHECK(certificate.who == std::vector<std::string>{"head", "technician"});
  CHECK(certificate.media.size() == 2);
  for (const char* name : {"device.json", "device.copy.json", "orders.json", "orders.copy.json"}) {
    CAPTURE(name);
    CHECK_FALSE(platform::file_size(world.settings.state / name));
  }
}

TEST_CASE("a saved header does not hide: the whole area up to the data is overwritten", "[R21]") {
  WipeWorld world;
  const auto volume = world.add_volume("luks2", "luks2");
  const Bytes before = must(platform::read_file(volume, kVolume));
  world.order_wipe();
  REQUIRE(world.wipe());
  const Bytes after = must(platform::read_file(volume, kVolume));
  std::size_t kept = 0;
  for (std::size_t at = 0; at < kHeader; at += 4096) {
    const bool same = std::equal(before.begin() + static_cast<std::ptrdiff_t>(at), before.begin() + static_cast<std::ptrdiff_t>(at + 4096),
                                 after.begin() + static_cast<std::ptrdiff_t>(at));
    kept += same ? 1 : 0;
  }
  CHECK(kept == 0);
}

TEST_CASE("cut off before or between the volumes, it is gone on with from the folder beside the kernel", "[R22]") {
  for (const int cut : {1, 2}) {
    WipeWorld world;
    const auto first = world.add_volume("a", "luks2"), second = world.add_volume("b", "luks2");
    world.order_wipe();
    world.eraser.cuts = cut;
    world.eraser.deeds.clear();
    (void)world.wipe();
    const auto intent = must(read_intent(world.folder / "boot"));
    CHECK(intent.plan.size() == 2);
    world.eraser.cuts = 0;
    WipeIntent again = intent;
    again.phase = IntentPhase::kKeys;
    must(write_intent(world.folder / "boot", again));
    const auto resumed = resume_wipe(world.folder / "boot", world.settings.hardware, world.eraser, false);
    REQUIRE(resumed);
    CHECK(*resumed);
    CHECK_FALSE(world.opens(first));
    CHECK_FALSE(world.opens(second));
  }
}

TEST_CASE("a header that was half overwritten when the power went is destroyed at the next start", "[R22]") {
  WipeWorld world;
  const auto volume = world.add_volume("luks2", "luks2");
  WipeIntent intent = world.cut_off();
  intent.phase = IntentPhase::kKeys;
  must(write_intent(world.folder / "boot", intent));
  must(platform::overwrite_file(volume, 0, Bytes(100'000, 0xff)));  // the first header is gone, the second and the slots are not
  CHECK(must(resume_wipe(world.folder / "boot", world.settings.hardware, world.eraser, false)));
  CHECK(world.eraser.verify_keys(world.eraser.volumes[0]));
}

TEST_CASE("a new encrypted system in the same place is not what an old intent means", "[R22]") {
  WipeWorld world;
  const auto volume = world.add_volume("luks2", "luks2");
  WipeIntent intent = world.cut_off();
  REQUIRE(cryptsetup({"luksUUID", "--uuid", "5c8ad9b5-4f23-4f0b-9c57-0c6a1f1c3a02", volume.string()}, world.password));
  for (const IntentPhase phase : {IntentPhase::kKeys, IntentPhase::kData}) {
    intent.phase = phase;
    must(write_intent(world.folder / "boot", intent));
    CHECK_FALSE(resume_wipe(world.folder / "boot", world.settings.hardware, world.eraser, false));
    CHECK(world.opens(volume));
  }
  CHECK(world.eraser.find(intent.plan.at(0)).error().code == ErrorCode::kNotFound);
}

TEST_CASE("whoever is enrolled forgets an intent for another device, or one that is done, and keeps its own", "[R22]") {
  WipeWorld world;
  world.eraser.volumes.push_back({(world.folder / "plain").string(), "", "", "disk", "serial-2", false, kVolume, 0, 0, false, ""});
  world.order_wipe();
  const auto boot = world.folder / "boot";
  const auto is_kept = [&](const sync::DeviceId& device, IntentPhase phase) {
    must(write_intent(boot, {world.order.school, device, to_bytes("order"), {}, world.eraser.volumes, phase}));
    world.start();
    return read_intent(boot).has_value();
  };
  CHECK(is_kept({1}, IntentPhase::kData));  // nobody told this guard where intents lie
  world.settings.intent = boot;
  CHECK(is_kept(world.order.device, IntentPhase::kKeys));
  CHECK(is_kept(world.order.device, IntentPhase::kData));
  CHECK_FALSE(is_kept(world.order.device, IntentPhase::kDone));
  CHECK_FALSE(is_kept({1}, IntentPhase::kKeys));
  CHECK_FALSE(is_kept({1}, IntentPhase::kData));
  // On other hardware than was enrolled it waits for an enrolment there.
  world.settings.hardware = {"uuid-2", "board-2"};
  CHECK(is_kept(world.order.device, IntentPhase::kData));
  world.enrol();
  CHECK_FALSE(read_intent(boot));
}

TEST_CASE("an intent that the school did not sign for this machine destroys nothing", "[R22]") {
  WipeWorld world;
  const auto volume = world.add_volume("luks2", "luks2");
  const WipeIntent intent = world.cut_off();
  const auto refuses = [&](const WipeIntent& changed, const sync::Hardware& hardware) {
    must(write_intent(world.folder / "boot", changed));
    return !resume_wipe(world.folder / "boot", hardware, world.eraser, false) && world.opens(volume);
  };
  CHECK(refuses(intent, {"uuid-2", "board-1"}));  // carried to another machine
  CHECK(refuses(intent, {}));                     // a machine that does not know which one it is
  WipeIntent other_school = intent, one_signature = intent, no_root = intent, lock = intent;
  other_school.school = {1};
  no_root.roots.clear();
  const SigningKey* one = &world.room.school.technician;
  one_signature.order = sync::make_envelope(sync::PayloadType::kOrder, sync::make_order_payload(world.order), {&one, 1});
  sync::Order locking = world.order;
  locking.kind = sync::OrderKind::kLock;
  lock.order = sync::make_envelope(sync::PayloadType::kOrder, sync::make_order_payload(locking), {&one, 1});
  for (const WipeIntent* changed : {&other_school, &one_signature, &no_root, &lock}) CHECK(refuses(*changed, world.settings.hardware));
  must(platform::replace_file(world.folder / "boot/wipe-intent.json", as_bytes("rubbish"), 0600));
  CHECK_FALSE(resume_wipe(world.folder / "boot", world.settings.hardware, world.eraser, false));
  CHECK(world.opens(volume));
}

TEST_CASE("the wipe takes nobody's word: without a due order, with one signature or without a mount table nothing is destroyed", "[R22]") {
  WipeWorld world;
  const auto volume = world.add_volume("luks2", "luks2");
  CHECK_FALSE(world.wipe());
  world.deliver({&world.room.school.technician});
  CHECK_FALSE(world.wipe());
  OrdersState forged = must(read_orders(world.settings.state));  // a guard that was broken into
  const SigningKey* one = &world.room.school.technician;
  forged.wipe = sync::make_envelope(sync::PayloadType::kOrder, sync::make_order_payload(world.order), {&one, 1});
  forged.phase = WipePhase::kStarted;
  must(write_orders(world.settings.state, forged));
  CHECK(world.wipe().error().message.starts_with("O2"));
  CHECK(world.opens(volume));
}

TEST_CASE("where the mount table cannot be read, nothing is destroyed", "[R22]") {
  WipeWorld world;
  const auto volume = world.add_volume("luks2", "luks2");
  world.order_wipe();
  world.eraser.has_mounts = false;
  CHECK_FALSE(world.wipe());
  CHECK(world.opens(volume));
  CHECK(world.eraser.deeds.empty());
}

TEST_CASE("a wipe that may have destroyed something is never called not begun, whatever has become of its intent", "[R22]") {
  WipeWorld world;
  (void)world.add_volume("a", "luks2");
  world.order_wipe();
  world.eraser.cuts = 1;
  (void)world.wipe();
  std::filesystem::remove_all(world.folder / "boot");
  world.eraser.has_mounts = false;
  CHECK_FALSE(world.wipe());
  CHECK_FALSE(platform::file_size(world.settings.state / kWipeNotBegunFile));
}

TEST_CASE("a wipe that cannot begin is an event, is tried again, and can be cancelled while nothing is destroyed", "[R22]") {
  WipeWorld world;
  const auto volume = world.add_volume("luks2", "luks2");
  world.order_wipe();
  world.eraser.has_mounts = false;
  CHECK_FALSE(world.wipe());
  world.clock.time += 61;
  world.guard->tick();  // starts it again
  const std::string id = to_hex(sync::letter_id(sync::make_order_payload(world.order)));
  CHECK(world.noted("order.not-started " + id));
  sync::Order cancel = world.order;
  cancel.kind = sync::OrderKind::kCancel;
  cancel.target = sync::letter_id(sync::make_order_payload(world.order));
  cancel.grace_s = 0;
  const auto take = [&] {
    cancel.nonce = random_array<16>();
    sync::CheckinAnswer answer;
    const SigningKey* key = &world.room.school.technician;
    answer.letters = {sync::make_envelope(sync::PayloadType::kOrder, sync::make_order_payload(cancel), {&key, 1})};
    must(world.ask(GuardWorld::kNet, Ask::kTakeAnswer, make_take_answer(answer)));
    return to_hex(sync::letter_id(sync::make_order_payload(cancel)));
  };
  CHECK(world.noted("order.too-late " + take()));  // it may be at it
  CHECK_FALSE(world.wipe());
  CHECK(world.noted("order.cancelled " + take()));
  world.eraser.has_mounts = true;
  CHECK_FALSE(world.wipe());  // the process looks at what the guard has written
  CHECK(world.opens(volume));
}

TEST_CASE("what was not encrypted is cleared as far as possible, and the certificate says so", "[R21][R25]") {
  WipeWorld world;
  world.eraser.volumes.push_back({(world.folder / "plain").string(), "", "", "disk", "serial-2", false, kVolume, 0, 0, false, ""});
  world.order_wipe();
  REQUIRE(world.wipe());
  const std::string id = to_hex(sync::letter_id(sync::make_order_payload(world.order)));
  CHECK(world.noted("order.best-effort " + id));
  CHECK_FALSE(world.noted("order.verified " + id));
  CHECK_FALSE(world.noted("order.keys-destroyed " + id));
}

TEST_CASE("a machine that reaches nobody ends all the same, and keeps its certificate beside the kernel", "[R21]") {
  WipeWorld world;
  world.eraser.volumes.push_back({(world.folder / "plain").string(), "", "", "disk", "serial-2", false, kVolume, 0, 0, false, ""});
  world.order_wipe();
  const WipeSettings wiping{world.settings.state, world.folder / "boot", world.settings.hardware, {}, [&](int) { world.clock.time += 60; }};
  REQUIRE(run_wipe(wiping, world.eraser, world.clock));
  CHECK(platform::file_size(world.folder / "boot" / kWipeCertificateFile));
  CHECK(world.eraser.deeds.back() == "off");
}

TEST_CASE("what starts the machine is kept, and the certificate names it", "[R21][R25]") {
  WipeWorld world;
  const auto gone = world.add_volume("luks2", "luks2"), kept = world.add_volume("starts", "luks2");
  world.eraser.volumes[1].kept_for = "/boot";
  world.order_wipe();
  REQUIRE(world.wipe());
  CHECK_FALSE(world.opens(gone));
  CHECK(world.opens(kept));
  CHECK(world.eraser.deeds == std::vector<std::string>{"leave network", "destroy", "data", "off"});
  const auto certificate = world.certificate();
  CHECK(certificate.method == sync::Sanitization::kPurge);
  REQUIRE(certificate.media.size() == 2);
  CHECK(certificate.media[1].kept_for == "/boot");
  CHECK_FALSE(certificate.media[1].is_verified);
}

TEST_CASE("a LUKS volume whose header protects nothing loses it like any other, and is not called encrypted", "[R21][R25]") {
  WipeWorld world;
  const auto volume = world.add_volume("luks2", "luks2");
  world.eraser.volumes[0].is_encrypted = false;
  world.order_wipe();
  REQUIRE(world.wipe());
  CHECK_FALSE(world.opens(volume));
  CHECK(world.certificate().method == sync::Sanitization::kClearBestEffort);
}

TEST_CASE("what lies in the place of the certificate and is none is one event, and does not end the wait", "[R21]") {
  WipeWorld world;
  world.eraser.volumes.push_back({(world.folder / "plain").string(), "", "", "disk", "serial-2", false, kVolume, 0, 0, false, ""});
  world.order_wipe();
  must(platform::replace_file(world.settings.state / kWipeCertificateFile, as_bytes("rubbish"), 0600));
  for (int i = 0; i < 5; ++i) world.guard->tick();
  const std::string id = to_hex(sync::letter_id(sync::make_order_payload(world.order)));
  const auto book = world.book();
  CHECK(std::count(book.begin(), book.end(), "order.refused E2:" + id) == 1);
  CHECK_FALSE(world.healthy("wipe-started"));
  REQUIRE(world.wipe());
  CHECK(world.noted("order.best-effort " + id));
}

TEST_CASE("neither a mount that stays nor a folder beside the kernel that takes nothing keeps the keys", "[R21][R22]") {
  WipeWorld world;
  const auto volume = world.add_volume("luks2", "luks2");
  world.eraser.stays_mounted = true;
  must(platform::replace_file(world.folder / "boot", as_bytes("no folder"), 0600));
  world.order_wipe();
  REQUIRE(world.wipe());
  CHECK_FALSE(world.opens(volume));
  CHECK(world.noted("order.verified " + to_hex(sync::letter_id(sync::make_order_payload(world.order)))));
  CHECK(world.eraser.deeds.back() == "off");
}

TEST_CASE("where nothing can start any more, what was not encrypted goes at the next start too, without a certificate", "[R21][R22]") {
  WipeWorld world;
  const auto volume = world.add_volume("luks2", "luks2");
  world.eraser.volumes.push_back({(world.folder / "plain").string(), "", "", "disk", "serial-2", false, kVolume, 0, 0, false, ""});
  WipeIntent intent = world.cut_off();
  intent.phase = IntentPhase::kKeys;
  must(write_intent(world.folder / "boot", intent));
  world.eraser.deeds.clear();
  CHECK(must(resume_wipe(world.folder / "boot", world.settings.hardware, world.eraser, true)));
  CHECK_FALSE(world.opens(volume));
  CHECK(world.eraser.deeds == std::vector<std::string>{"destroy", "data", "data"});
  CHECK_FALSE(must(resume_wipe(world.folder / "boot", world.settings.hardware, world.eraser, true)));
}
