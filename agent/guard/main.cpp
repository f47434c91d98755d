// caretakerd: the guard. One loop around the control socket; a second guard on the same state refuses to start.
#include <algorithm>
#include <chrono>
#include <memory>
#include <thread>

#include "agent/guard/media_watch.h"
#include "agent/guard/monitor.h"
#include "agent/guard/wipe.h"
#include "agent/guard_client.h"
#include "platform/base/command_line.h"
#include "platform/base/log.h"
#include "platform/eraser.h"
#include "platform/hardware.h"
#include "platform/memory.h"
#include "platform/posture.h"
#include "platform/service_host.h"
#include "platform/sessions.h"
#include "platform/stop_signal.h"
#include "platform/volume_inspector.h"

namespace {

using namespace caretaker;
using namespace caretaker::agent;

constexpr MonotonicMs kTickMs = 1000;     // after a request: what it has begun is to be finished
constexpr MonotonicMs kCheckPauseMs = 5;  // between parts of the set file that is gone over after a start
constexpr int kOwnDiskMs = 2000;  // for a look at its header
constexpr const char* kFirewallReport = "/run/caretaker-firewall/state";
constexpr unsigned kSocketMode = 0666;  // the monitor's table says who may ask what

struct Options {
  std::filesystem::path state = "/var/lib/caretaker/guard";
  std::filesystem::path socket = kDefaultSocket;
  std::filesystem::path notice;
  std::optional<std::uint32_t> net_uid;
  std::optional<std::uint32_t> gate_uid;
  std::optional<std::uint32_t> inspect_uid;
  std::optional<std::uint32_t> programs_uid;
  std::filesystem::path inspector = "/usr/lib/caretaker/caretaker-volume";
  bool sessions = false;
  bool posture = false;
  bool may_wipe = false;
  bool wipe = false;
  std::filesystem::path intent = "/boot/caretaker";
};

PostureFacts look_at_posture(const std::filesystem::path& inspector, const std::filesystem::path& state) {
  const auto inspect = [&](const std::filesystem::path& node) { return platform::inspect_apart(inspector, node, kOwnDiskMs); };
  return platform::find_posture({"/", state, kFirewallReport, inspect, system_clock().monotonic_ms()});
}

// These programs may be missing.
std::uint32_t uid_of(const std::optional<std::uint32_t>& given, const std::string& name) {
  if (given) return *given;
  const auto user = platform::find_user(name);
  return user ? user->uid : kNobody;
}

Result<GuardSettings> make_settings(const Options& options) {
  GuardSettings settings;
  settings.state = options.state;
  settings.gate_uid = options.gate_uid;
  settings.owner_uid = platform::own_uid();
  const platform::HardwareIdentity hardware = platform::hardware_identity();
  settings.hardware = {hardware.dmi_uuid, hardware.board_serial};
  if (options.may_wipe) settings.start_wipe = platform::start_wipe_service;
  if (options.may_wipe) settings.intent = options.intent;
  if (options.posture) {
    settings.posture = [inspector = options.inspector, state = std::filesystem::absolute(options.state)] { return look_at_posture(inspector, state); };
  }
  settings.notice = options.notice;
  if (const auto gate = platform::find_user(std::string("caretaker-gate")); gate && !options.gate_uid) settings.gate_uid = gate->uid;
  settings.inspect_uid = uid_of(options.inspect_uid, "caretaker-inspect");
  settings.programs_uid = uid_of(options.programs_uid, "caretaker-programs");
  if (options.net_uid) {
    settings.net_uid = *options.net_uid;
    return settings;
  }
  const auto user = platform::find_user(std::string("caretaker-net"));
  if (!user) return user.error().with_context("no user caretaker-net (or say --net-uid)");
  settings.net_uid = user->uid;
  return settings;
}

std::vector<platform::User> present_users() {
  std::vector<platform::User> out;
  for (const std::uint32_t uid : platform::active_users()) {
    if (auto user = platform::find_user(uid)) out.push_back(std::move(*user));
  }
  return out;
}

// Without udev there is nothing to guard against, or nothing that we could do: the rest goes on.
std::unique_ptr<MediaWatch> watch_media(const Options& options, Guard& guard, const platform::ControlServer& socket) {
  auto watch = MediaWatch::start(options.inspector, [&socket] { socket.wake(); });
  if (!watch) {
    log_warning("media", "removable media are not judged: " + watch.error().message);
    return nullptr;
  }
  guard.take_gate(platform::make_volume_gate(), present_users, platform::make_unmounter());
  return std::move(*watch);
}

Status serve(const Options& options, Guard& guard, platform::ControlServer& socket) {
  TRY(stop, platform::StopSignal::install([&socket] { socket.wake(); }));
  Monitor monitor(guard);
  const auto media = watch_media(options, guard, socket);
  const Clock& clock = system_clock();
  platform::ServiceHost host(clock);
  TRY_DONE(host.ready());
  MonotonicMs next_tick = 0;
  const auto answer = [&](const platform::Peer& peer, platform::ControlFrame request) {
    next_tick = std::min(next_tick, clock.monotonic_ms() + kTickMs);
    return monitor.answer(peer, std::move(request));
  };
  while (!stop.requested()) {
    TRY_DONE(host.alive());
    const auto limit = guard.is_checking_set() ? kCheckPauseMs : kGuardLookMs;
    const auto left = std::clamp<MonotonicMs>(next_tick - clock.monotonic_ms(), 0, limit);
    TRY_DONE(socket.serve_once(answer, host.bounded_wait_ms(static_cast<int>(left))));
    if (guard.is_checking_set()) guard.check_set_part();
    if (media && media->has_ended()) return make_error(ErrorCode::kUnavailable, "removable media are not watched any more");
    if (media) {
      for (const Sighting& sighting : media->take()) {
        next_tick = std::min(next_tick, clock.monotonic_ms() + kTickMs);
        guard.on_sighting(sighting);
      }
    }
    if (clock.monotonic_ms() < next_tick) continue;
    guard.tick();
    next_tick = std::min(next_together(clock.monotonic_ms(), kGuardLookMs), guard.next_look());
  }
  guard.close();
  log_info("guard", "stopped; requests refused: " + std::to_string(monitor.refused()));
  return ok();
}

Status run(const Options& options) {
  platform::hold_no_spare_memory();
  TRY(settings, make_settings(options));
  TRY_DONE(platform::make_folder(settings.state, 0700));
  auto lock = platform::lock_file(settings.state / "lock");
  if (!lock) return lock.error().with_context(lock.error().code == ErrorCode::kConflict ? "is there another guard?" : "the guard's folder");
  const auto sessions = options.sessions ? platform::make_sessions() : nullptr;
  settings.sessions = sessions.get();
  settings.last_look = options.socket.parent_path() / "last-look";
  TRY(guard, Guard::open(settings, system_clock(), [](std::uint32_t uid) { return platform::find_user(uid); }));
  TRY_DONE(platform::make_folder(options.socket.parent_path(), 0755));
  TRY(socket, platform::ControlServer::listen(options.socket, kSocketMode));
  log_info("guard", "Caretaker " CARETAKER_VERSION " listens at " + options.socket.string());
  return serve(options, *guard, socket);
}

// The other process: no socket, no book, nobody to talk to.
Status wipe(const Options& options) {
  const platform::HardwareIdentity hardware = platform::hardware_identity();
  const auto eraser = platform::make_eraser();
  return run_wipe({options.state, options.intent, {hardware.dmi_uuid, hardware.board_serial}, platform::hardware_description(),
                   [](int ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }},
                  *eraser, system_clock());
}

void declare(Command program) {
  const auto options = std::make_shared<Options>();
  program.option("--state", options->state, "Folder of everything that it keeps");
  program.option("--socket", options->socket, "The control socket");
  program.option("--net-uid", options->net_uid, "The user that caretaker-net runs as (default: caretaker-net's)");
  program.option("--notice", options->notice, "File that says to everybody who logs in that the device is monitored");
  program.option("--gate-uid", options->gate_uid, "The user that caretaker-gate runs as (default: caretaker-gate's, where there is one)");
  program.option("--inspect-uid", options->inspect_uid, "The user that caretaker-inspect runs as (default: caretaker-inspect's)");
  program.option("--programs-uid", options->programs_uid, "The user that caretaker-programs runs as (default: caretaker-programs')");
  program.option("--inspector", options->inspector, "The program that says what lies on a volume");
  program.flag("--sessions", options->sessions, "Lock idle screens and switch off at night, as the policy says (needs root)");
  program.flag("--posture", options->posture, "Look at how the machine itself is kept: disk, virus scanner, firewall, screen locker");
  program.flag("--may-wipe", options->may_wipe, "Start caretaker-wipe.service when the school has ordered a wipe (needs root)");
  const auto wiping = program.flag("--wipe", options->wipe, "Be that service: verify the order that is due and destroy what this machine keeps");
  program.option("--intent", options->intent, "Folder beside the kernel in which a wipe is written down").needs(wiping);
  program.does([options] { return options->wipe ? wipe(*options) : run(*options); });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && argv[1] == platform::kProbeFirewallArgument) return platform::probe_firewall(argv[2], system_clock().monotonic_ms()) ? 0 : 1;
  return run_program("caretakerd", "Caretaker's guard: keeps policy and events, and verifies every signature", argc, argv, declare);
}
