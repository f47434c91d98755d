// wipe_keys --image FILE --header BYTES: how long it takes from the intent, which is written down first, until the keys of this LUKS volume are
// destroyed and read back; by the code that goes on with a wipe before a disk is unlocked, with an order that two people signed. The
// volume is a plain file: no disk of the machine is looked for, and anything but a file is refused.
#include <sys/stat.h>

#include <chrono>
#include <cstdio>
#include <memory>

#include "agent/wipe_intent.h"
#include "platform/base/command_line.h"
#include "tests/bench/must.h"

namespace {

using namespace caretaker;
using namespace caretaker::bench;

constexpr UnixSeconds kNow = 1'800'000'000;

struct Options {
  std::filesystem::path image, folder;
  std::string uuid;
  std::uint32_t header = 0;
};

struct School {
  SigningKey head = make_signing_key(random_key()), technician = make_signing_key(random_key()), deputy = make_signing_key(random_key());
  SigningKey server = make_signing_key(random_key());
  sync::Root root;

  School() {
    root.version = 1;
    root.school_name = "Bench School";
    root.issued = kNow;
    root.expires = kNow + 1'000'000;
    give(sync::Role::kRoot, 2, {{"head", &head}, {"deputy", &deputy}});
    give(sync::Role::kPolicy, 1, {{"technician", &technician}});
    give(sync::Role::kReceipts, 1, {{"server", &server}});
    give(sync::Role::kWipe, 2, {{"head", &head}, {"technician", &technician}});
    root.tls_pins = {Hash{1}, Hash{2}};
    root.servers = {"https://server.school.example:8443"};
    root.school = hash(sync::make_root_payload(root));
  }
  void give(sync::Role role, int threshold, const std::vector<std::pair<const char*, const SigningKey*>>& keys) {
    for (const auto& [holder, key] : keys) {
      root.keys[sync::key_id(key->public_key)] = {key->public_key, holder};
      root.roles[role].keys.insert(sync::key_id(key->public_key));
    }
    root.roles[role].threshold = threshold;
  }
  [[nodiscard]] Bytes root_envelope() const {
    return sync::make_envelope(sync::PayloadType::kRoot, sync::make_root_payload(root), std::vector<const SigningKey*>{&head, &deputy});
  }
};

agent::WipeIntent make_intent(const School& school, const sync::Hardware& hardware, const Options& options, std::uint64_t size) {
  sync::Order order;
  order.school = school.root.school;
  order.device = {7};
  order.hardware = hardware;
  order.nonce = random_array<16>();
  order.kind = sync::OrderKind::kWipe;
  order.issued = kNow;
  order.until = kNow + 86'400;
  const Bytes envelope = sync::make_envelope(sync::PayloadType::kOrder, sync::make_order_payload(order),
                                             std::vector<const SigningKey*>{&school.head, &school.technician});
  const platform::EraseTarget target{options.image.string(), "", options.uuid, "", "", true, size, options.header, 1, true, ""};
  return {school.root.school, order.device, envelope, {school.root_envelope()}, {target}, agent::IntentPhase::kKeys};
}

Status run(const Options& options) {
  struct stat found {};
  if (::stat(options.image.c_str(), &found) != 0 || !S_ISREG(found.st_mode)) return make_error(ErrorCode::kInvalidInput, "--image: expected a plain file");
  const School school;
  const sync::Hardware hardware{"uuid", "serial"};
  const auto intent = make_intent(school, hardware, options, static_cast<std::uint64_t>(found.st_size));
  const auto eraser = platform::make_eraser();
  const auto began = std::chrono::steady_clock::now();
  TRY_DONE(agent::write_intent(options.folder, intent));
  TRY(destroyed, agent::resume_wipe(options.folder, hardware, *eraser, false));
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  if (!destroyed) return make_error(ErrorCode::kInternal, "nothing was destroyed");
  std::printf("{\"seconds\": %.4f}\n", seconds);
  return ok();
}

void declare(Command program) {
  const auto options = std::make_shared<Options>();
  program.option("--image", options->image, "A LUKS volume in a file; it is destroyed").required();
  program.option("--uuid", options->uuid, "Of its header").required();
  program.option("--header", options->header, "Bytes up to its data").required();
  program.option("--folder", options->folder, "Where the intent goes").required();
  program.does([options] { return run(*options); });
}

}  // namespace

int main(int argc, char** argv) { return run_program("wipe_keys", "From the intent of a wipe until its keys are destroyed", argc, argv, declare); }
