// What goes wrong with machines and disks, and how machines are started again.
#include <cerrno>

#include "tests/sim/run.h"

namespace caretaker::sim {
namespace {

constexpr UnixSeconds kYear = 365 * 86'400;
constexpr const char* kBook = "state/events/events.db";
constexpr const char* kKeyFile = "state/events/events.key";
constexpr std::pair<const char*, const char*> kTwice[] = {{"state/trust/roots/1.json", "state/trust/roots.copy/1.json"},
                                                          {"state/device.json", "state/device.copy.json"},
                                                          {"state/trust/policy.json", "state/trust/policy.copy.json"},
                                                          {"state/trust/floors.json", "state/trust/floors.copy.json"}};

std::size_t books_aside(const Device& device) {
  return device.disk.names_below("state/events/set-aside/").size();
}

}  // namespace

void Run::arm_power_cut(Member& member) {
  if (random_.chance(15)) return member.device->disk.cut_power();
  member.device->disk.cut_power_in(random_.between(1, random_.chance(50) ? 8 : 60));
}

void Run::arm_kill(Member& member) {
  member.device->disk.kill_in(random_.between(1, 30));
}

void Run::fail_disk(Member& member) {
  member.is_touched = true;
  member.device->disk.fail_some(random_.between(1, 25), random_.chance(70) ? EIO : ENOSPC);
}

void Run::fill_disk(Member& member) {
  member.device->disk.fill_but(random_.chance(50) ? 0 : random_.below(3u << 20));
  ledger_.note_pressure(member.id);
}

void Run::make_room(Member& member) {
  member.device->disk.make_roomy();
}

void Run::arm_server_cut(Member&) {
  if (random_.chance(15)) return server_.disk.cut_power();
  server_.disk.cut_power_in(random_.between(1, 12));
}

void Run::fail_server_disk(Member&) {
  server_.disk.fail_some(random_.between(1, 25), random_.chance(70) ? EIO : ENOSPC);
}

void Run::fill_server_disk(Member&) {
  server_.disk.fill_but(random_.chance(50) ? 0 : random_.below(64u << 10));
}

void Run::make_server_room(Member&) {
  server_.disk.make_roomy();
}

void Run::back_up_server(Member&) {
  if (server_.disk.is_dead()) return;
  backup_ = server_.disk.image();
  backup_receipts_ = ledger_.receipts();
}

void Run::restore_server(Member&) {
  if (!backup_ || server_.disk.is_dead()) return;
  ++faults_;
  server_.drop();
  server_.disk.put(*backup_);
  ledger_.put_receipts_back(backup_receipts_);
  start_server();
}

void Run::jump_clock(Member& member) {
  SimClock& clock = random_.chance(80) ? member.device->clock : server_.clock;
  const auto years = static_cast<UnixSeconds>(random_.below(20)) - 10;
  clock.set_offset(kStart + years * kYear);
  if (&clock == &member.device->clock) ledger_.note_clock_jump(member.id);
  say("world", "a clock shows " + std::to_string(clock.now()));
}

void Run::take_image(Member& member) {
  Device& device = *member.device;
  if (device.store() == nullptr || device.disk.is_dead()) return;
  member.image = device.disk.image();
  member.image_told = ledger_.told().size();
  member.image_epoch = device.store()->status().epoch;
}

// Last week's disk: what was told since is gone, and what is told in the epoch that was current then may collide with
// what the server has.
void Run::put_image_back(Member& member) {
  if (!member.image || member.device->disk.is_dead() || !member.device->is_up()) return;
  ++faults_;
  Device& device = *member.device;
  device.close();
  Disk::Image image = *member.image;
  if (random_.chance(25)) {
    if (const File* key = device.disk.file(kKeyFile)) image[kKeyFile] = key->bytes;  // that one was spared
  }
  device.disk.put(image);
  ledger_.excuse_epoch({member.id, member.image_epoch});
  ledger_.excuse_since(member.id, member.image_told);
  ledger_.forget_refusals(member.id);
  member.is_touched = true;
  member.policy_seen = 0;
  member.untold.reset();
  member.books_aside = books_aside(device);
  start(member);
}

// Another machine with the same disk, of the same hardware (as virtual machines are) or of its own.
void Run::clone_device(Member& member) {
  Device& device = *member.device;
  if (device.store() == nullptr || device.disk.is_dead() || members_.size() >= 3) return;
  ++faults_;
  const bool same_hardware = random_.chance(50);
  member.is_touched = true;
  const std::string number = std::to_string(members_.size());
  const Disk::Image image = device.disk.image();
  if (same_hardware) ledger_.excuse_epoch({member.id, device.store()->status().epoch});
  say("world", device.name() + " is cloned, " + (same_hardware ? "the same hardware" : "other hardware"));
  add_member("device" + number, same_hardware ? sync::Hardware{"uuid-0", "board-0"} : sync::Hardware{"uuid-" + number, "board-" + number});
  Member& copy = *members_.back();
  copy.device->disk.put(image);
  copy.is_touched = true;
  copy.books_aside = books_aside(*copy.device);
  start(copy);
  (void)enrol(copy);
}

void Run::spoil_key_file(Member& member) {
  Device& device = *member.device;
  if (device.disk.is_dead() || !device.is_up()) return;
  device.close();
  File* key = device.disk.file(kKeyFile);
  if (key == nullptr || device.disk.is_dead()) return start(member);
  ++faults_;
  const std::uint64_t how = random_.below(3);
  member.is_touched = true;
  say(device.name(), how == 0 ? "the key file is lost" : how == 1 ? "the key file is damaged" : "the key file is an older one");
  if (how == 0) key->bytes.clear();
  if (how == 1 && !key->bytes.empty()) key->bytes[random_.below(key->bytes.size())] ^= 0x40;
  if (how == 2 && member.image && member.image->contains(kKeyFile)) key->bytes = member.image->at(kKeyFile);
  start(member);
}

void Run::flip_pages(Member& member) {
  Device& device = *member.device;
  if (device.disk.is_dead() || !device.is_up() || device.store() == nullptr) return;
  const bool while_running = random_.chance(50);
  if (!while_running) device.close();
  File* book = device.disk.file(kBook);
  if (book == nullptr || book->bytes.empty()) return;
  ++faults_;
  member.is_suspect = member.is_touched = true;
  ledger_.excuse_device(member.id);
  member.untold.reset();
  member.books_aside = books_aside(device);
  for (std::uint64_t i = random_.between(1, 6); i > 0; --i) {
    const std::uint64_t at = random_.below(random_.chance(50) ? book->bytes.size() : std::min<std::size_t>(book->bytes.size(), 40'960));
    const std::uint64_t size = std::min<std::uint64_t>(random_.chance(50) ? 1 : 512, book->bytes.size() - at);
    for (std::uint64_t j = 0; j < size; ++j) book->bytes[at + j] = size == 1 ? book->bytes[at] ^ 1 : 0;
  }
  say(device.name(), "pages of the book are spoilt");
}

// Somebody has the server's key for receipts, and refuses what comes; so far as the server has it, they say so.
std::optional<sync::CheckinAnswer> Run::refuse(Member& member, ByteView request) {
  if (!server_.is_up() || server_.disk.is_dead()) return std::nullopt;
  const auto batch = batch_of(request);
  const auto nonce = batch ? batch->state.string_at("nonce") : Result<std::string>(batch.error());
  const auto held = nonce ? server_.store().epoch(batch->device, batch->epoch) : Result<std::optional<server::HeldEpoch>>(nonce.error());
  if (!held) return std::nullopt;
  ++faults_;
  member.is_refused = true;
  const sync::ChainHead head = *held ? (*held)->head : sync::first_head(batch->school, batch->device, batch->epoch);
  ledger_.note_refused({batch->device, batch->epoch}, head.seq, plan_.network || members_.size() > 1);
  say("somebody", "refuses what comes after seq " + std::to_string(head.seq) + " of epoch " + to_hex(batch->epoch).substr(0, 8));
  sync::CheckinAnswer answer;
  answer.receipt = school_.receipt({batch->school, batch->device, batch->epoch, head, *nonce, kStart + time_.ms / 1000, random_.chance(50) ? "chain" : "fork"});
  return answer;
}

// One of two copies, of which the next start makes two again.
void Run::rot_file(Member& member) {
  Device& device = *member.device;
  if (device.disk.is_dead() || !device.is_up() || !device.is_certified()) return;
  const auto& [name, copy] = kTwice[random_.below(std::size(kTwice))];
  device.close();
  File* file = device.disk.file(name);
  File* other = device.disk.file(copy);
  if (file == nullptr || device.disk.is_dead() || (other != nullptr && other->bytes != file->bytes)) return start(member);
  ++faults_;
  if (other != nullptr && random_.chance(50)) std::swap(file, other);
  const bool whole = random_.chance(30);
  say(device.name(), std::string(name) + (whole ? " is empty" : " has rotted"));
  if (whole)
    file->bytes.clear();
  else
    file->bytes[random_.below(file->bytes.size())] ^= static_cast<std::uint8_t>(1u << random_.below(8));
  start(member);
}

void Run::start(Member& member) {
  Device& device = *member.device;
  device.disk.start_again();
  device.clock.boot();
  device.disk.forget_errors();
  if (plan_.power && !is_calm_ && random_.chance(15)) device.disk.cut_power_in(random_.between(1, 40));
  if (plan_.disk_errors && !is_calm_ && random_.chance(15)) device.disk.fail_read_in(random_.between(1, 40));
  const auto booted = device.boot();
  say(device.name(), "starts: " + (booted ? std::string("ok") : booted.error().message));
  if (!booted && !device.disk.is_troubled() && !device.disk.had_error()) {
    return ledger_.fail(device.name() + " does not start: " + booted.error().message);
  }
  if (!booted || device.disk.is_dead()) return;
  if (device.has_id()) member.id = device.id();
  if (device.policy_version() < member.policy_seen) {
    ledger_.fail(device.name() + " has forgotten policy " + std::to_string(member.policy_seen));
  }
  member.policy_seen = device.policy_version();  // old by now, perhaps: stale, never off
  check_quota(member);
}

void Run::start_server() {
  server_.disk.start_again();
  server_.disk.forget_errors();
  if (plan_.server_power && !is_calm_ && random_.chance(15)) server_.disk.cut_power_in(random_.between(1, 12));
  const auto booted = server_.boot();
  say("server", "starts: " + (booted ? std::string("ok") : booted.error().message));
  if (!booted && !server_.disk.is_troubled() && !server_.disk.had_error()) {
    ledger_.fail("the server does not start: " + booted.error().message);
  }
  if (!booted || server_.disk.is_dead()) return;
  for (const auto& [of, head] : ledger_.receipts()) {
    const auto held = server_.store().epoch(of.first, of.second);
    if (head.seq > 0 && held && (!*held || (*held)->head.seq < head.seq)) {
      ledger_.fail("the server starts without seq " + std::to_string(head.seq) + " of epoch " + to_hex(of.second).substr(0, 8) +
                   ", for which it gave a receipt");
    }
  }
}

void Run::look_after(Member& member) {
  Device& device = *member.device;
  if (device.is_up() && device.disk.is_dead()) {
    ++faults_;
    device.drop();
  }
  if (member.is_suspect && !device.disk.is_dead()) {
    if (device.store() != nullptr) ledger_.excuse_epoch({member.id, device.store()->status().epoch});
    if (books_aside(device) > member.books_aside) member.is_suspect = false;
  }
  if (!device.is_up() && (is_calm_ || random_.chance(70))) start(member);
  check_epoch(member);
  check_quota(member);
}

void Run::look_after_server() {
  if (server_.is_up() && server_.disk.is_dead()) {
    ++faults_;
    server_.drop();
  }
  if (!server_.is_up() && (is_calm_ || random_.chance(70))) start_server();
}

}  // namespace caretaker::sim
