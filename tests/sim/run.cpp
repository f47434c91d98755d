#include "tests/sim/run.h"

#include <algorithm>

#include "tests/sim/audit.h"
#include "tests/sim/book_files.h"
#include "tests/sim/disk_calls.h"

namespace caretaker::sim {
namespace {

constexpr UnixSeconds kDay = 86'400;
constexpr int kCalmRounds = 60;

}  // namespace

Run::Run(std::uint64_t seed, const School& school, const Enrolled& enrolled, const Wish& options)
    : random_(seed), trace_(options.shown), school_(school), enrolled_(enrolled), planted_(options.planted),
      server_(time_, random_, trace_, school) {
  seed_library(seed);
  forget_database_randomness();
  server_.plant(planted_ == Planted::kUnsavedReceipt, planted_ == Planted::kLostSealed);
  draw_plan(options);
}

Run::~Run() = default;

// Most runs have a few kinds of faults, some have many: a fault alone shows most clearly, together they meet.
void Run::draw_plan(const Wish& wish) {
  const unsigned percent = random_.chance(25) ? 60 : 20;
  for (bool* fault : {&plan_.power, &plan_.kills, &plan_.disk_errors, &plan_.full_disk, &plan_.network, &plan_.server_power,
                      &plan_.server_disk, &plan_.rot, &plan_.server_restored, &plan_.clocks, &plan_.disk_put_back, &plan_.clone, &plan_.key_file, &plan_.pages,
                      &plan_.old_policies, &plan_.refusals}) {
    *fault = random_.chance(percent);
  }
  if (!random_.chance(25) && !wish.copies) plan_.disk_put_back = plan_.clone = false;  // they excuse much
  plan_.power = plan_.power || planted_ == Planted::kLyingSync || random_.chance(50);
  plan_.full_disk = plan_.full_disk || planted_ == Planted::kLostAppend;
  plan_.server_disk = plan_.server_disk || planted_ == Planted::kUnsavedReceipt;
  quota_.max_bytes = random_.chance(40) ? random_.between(24, 40) << 10 : 1u << 20;
  if (plan_.refusals) quota_.max_bytes = std::max<std::uint64_t>(quota_.max_bytes, 40u << 10);  // each of them is an epoch more
  quota_.reserve_bytes = quota_.max_bytes / 8;
}

std::vector<Run::Action> Run::actions() const {
  const auto if_on = [](bool on, unsigned weight) { return on ? weight : 0; };
  return {{"append", 40, &Run::append_events},
          {"check-in", 25, &Run::check_in},
          {"tick", 15, &Run::tick},
          {"time", 10, &Run::pass_time},
          {"restart", 4, &Run::restart},
          {"publish", 4, &Run::publish_policy},
          {"old message", if_on(plan_.network, 5), &Run::old_message},
          {"arm power cut", if_on(plan_.power, 12), &Run::arm_power_cut},
          {"arm kill", if_on(plan_.kills, 8), &Run::arm_kill},
          {"disk errors", if_on(plan_.disk_errors, 6), &Run::fail_disk},
          {"full disk", if_on(plan_.full_disk, 5), &Run::fill_disk},
          {"room again", if_on(plan_.full_disk, 4), &Run::make_room},
          {"arm server cut", if_on(plan_.server_power, 10), &Run::arm_server_cut},
          {"server disk errors", if_on(plan_.server_disk, 5), &Run::fail_server_disk},
          {"server disk full", if_on(plan_.server_disk, 4), &Run::fill_server_disk},
          {"server room again", if_on(plan_.server_disk, 4), &Run::make_server_room},
          {"server backup", if_on(plan_.server_restored, 4), &Run::back_up_server},
          {"server restore", if_on(plan_.server_restored, 4), &Run::restore_server},
          {"clock", if_on(plan_.clocks, 5), &Run::jump_clock},
          {"image", if_on(plan_.disk_put_back, 5), &Run::take_image},
          {"image back", if_on(plan_.disk_put_back, 4), &Run::put_image_back},
          {"clone", if_on(plan_.clone && members_.size() < 3, 3), &Run::clone_device},
          {"key file", if_on(plan_.key_file, 4), &Run::spoil_key_file},
          {"pages", if_on(plan_.pages, 3), &Run::flip_pages},
          {"rot", if_on(plan_.rot, 4), &Run::rot_file}};
}

void Run::add_member(const std::string& name, sync::Hardware hardware) {
  members_.push_back(std::make_unique<Member>(std::make_unique<Device>(name, time_, random_, trace_, std::move(hardware), quota_)));
  Disk& disk = members_.back()->device->disk;
  disk.keep_names_in_order(random_.chance(80));
  disk.lie_about_sync(planted_ == Planted::kLyingSync);
}

Enrolled Run::enrolled(const School& school) {
  const Enrolled nobody;
  Run run(0, school, nobody, {});
  run.plan_ = {};
  run.begin();
  Device& device = *run.members_.front()->device;
  const PublicKey key = run.keys_.at(device.id());
  device.close();
  run.server_.drop();
  return {device.disk.image(), run.server_.disk.image(), key};
}

void Run::begin() {
  server_.disk.keep_names_in_order(random_.chance(80));
  const bool is_enrolled = !enrolled_.device.empty() && random_.chance(80);
  if (is_enrolled) server_.disk.put(enrolled_.server);
  if (auto booted = server_.boot(); !booted) ledger_.fail("the server does not begin: " + booted.error().message);
  add_member("device0", {"uuid-0", "board-0"});
  Member& first = *members_.front();
  if (is_enrolled) {
    first.device->disk.put(enrolled_.device);
    keys_[hash(enrolled_.key)] = enrolled_.key;
  }
  if (random_.chance(20)) arm_power_cut(first);
  if (random_.chance(10)) arm_server_cut(first);
  start(first);
  for (int i = 0; i < 50 && !enrol(first) && !ledger_.broken(); ++i) {
    look_after(first);
    look_after_server();
  }
  if (!first.device->is_certified()) ledger_.fail("the device cannot be enrolled");
}

// True once it is enrolled; whatever is interrupted is begun anew with another token.
bool Run::enrol(Member& member) {
  if (!member.device->is_up() || !server_.is_up()) return false;
  if (member.device->is_certified()) return true;
  const auto done = [&]() -> Status {
    TRY(token, server_.new_token());
    TRY(request, member.device->begin_enrolment(token));
    TRY(opened, sync::open_enrolment({request}));
    member.id = hash(opened.device_key);
    keys_[member.id] = opened.device_key;
    TRY(answer, server_.enrol(request));
    return member.device->finish_enrolment(answer);
  }();
  say(member.device->name(), "enrolment: " + (done ? std::string("done") : done.error().message));
  return done.has_value() && member.device->is_certified() && !member.device->disk.is_dead();
}

void Run::step(std::uint64_t number) {
  const auto all = actions();
  unsigned sum = 0;
  for (const Action& action : all) sum += action.weight;
  auto draw = static_cast<unsigned>(random_.below(sum));
  std::size_t chosen = 0;
  while (draw >= all[chosen].weight) draw -= all[chosen++].weight;
  Member& member = *members_[random_.below(members_.size())];
  say("step " + std::to_string(number), std::string(all[chosen].name) + " " + member.device->name());
  time_.ms += static_cast<MonotonicMs>(random_.below(60'000));
  (this->*all[chosen].act)(member);
  for (const auto& each : members_) look_after(*each);
  look_after_server();
}

// The server has what stood in the newest epoch when it was asked last; what it answered may be a note since.
bool Run::is_settled(Member& member) {
  if (!member.device->is_certified() || member.device->store() == nullptr || !server_.is_up()) return false;
  if (member.device->store()->status().epoch != member.asked.epoch) return false;
  const auto held = server_.store().epoch(member.id, member.asked.epoch);
  return held && *held && (*held)->head.seq >= member.asked.head.seq;
}

// No more faults: both sides come back, and everything that can still come arrives.
void Run::calm_down() {
  is_calm_ = true;
  say("world", "calm");
  server_.disk.calm();
  server_.clock.set_offset(kStart);
  for (const auto& member : members_) {
    member->device->disk.calm();
    member->device->clock.set_offset(kStart);
    ledger_.note_clock_jump(member->id);
  }
  for (int round = 0; round < kCalmRounds && !ledger_.broken(); ++round) {
    look_after_server();
    for (const auto& member : members_) {
      look_after(*member);
      (void)enrol(*member);
      tick(*member);
      if (member->device->store() != nullptr) member->asked = member->device->store()->status();
      check_in(*member);
    }
    // All after each other: two clones write into one epoch, until one of them gives way.
    if (round >= 1 && std::ranges::all_of(members_, [this](const auto& member) { return is_settled(*member); })) break;
    time_.ms += (round < 10 ? 1200 : kDay) * 1000;
  }
  for (const auto& member : members_) {
    if (!is_settled(*member)) ledger_.fail(member->device->name() + " does not come to rest with the server");
    check_device(*member);
  }
}

Outcome Run::play() {
  begin();
  const std::uint64_t steps = random_.between(15, random_.chance(20) ? 150 : 60);
  for (std::uint64_t number = 1; number <= steps && !ledger_.broken(); ++number) step(number);
  if (!ledger_.broken()) calm_down();
  Outcome outcome{std::nullopt, 0, next_number_ - 1, server_.disk.operations(), faults_, policies_};
  for (const auto& member : members_) {
    outcome.operations += member->device->disk.operations();
    if (!member->device->is_up()) continue;
    member->device->close();
    if (member->is_suspect) continue;
    for (const auto& wrong : {check_book_files(member->device->disk, quota_), check_book_rows(member->device->disk, quota_)}) {
      if (wrong) ledger_.fail(member->device->name() + ": " + *wrong);
    }
  }
  server_.drop();
  if (!ledger_.broken()) audit_server(server_.disk.path("fleet.db"), school_, keys_, time_.ms, ledger_);
  outcome.broken = ledger_.broken();
  if (outcome.broken) say("broken", *outcome.broken);
  outcome.trace_sum = trace_.sum();
  return outcome;
}

}  // namespace caretaker::sim
