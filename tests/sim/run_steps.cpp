// What devices, server and network do in their ordinary life, with the faults of the network.
#include "tests/sim/run.h"

namespace caretaker::sim {
namespace {

constexpr UnixSeconds kDay = 86'400;
constexpr std::size_t kRemembered = 12;  // old messages
constexpr int kMaxRounds = 30;           // batches in one check-in
constexpr std::uint64_t kLargeGroup = 12;

std::string shown(const Status& status) {
  return status ? "ok" : std::string(error_code_name(status.error().code)) + ", " + status.error().message;
}

agent::PlannedEvent make_event(Random& random, std::uint64_t number, UnixSeconds now) {
  agent::Subject subject{random.chance(10) ? "guard.sim" : "web.blocked", "s" + std::to_string(number) + " ", sync::Severity::kLow};
  subject.rule += std::string(random.below(200), 'x');
  subject.severity = static_cast<sync::Severity>(random.chance(15) ? 3 : random.below(3));
  if (random.chance(8)) subject.details = sync::Details{{{"user", "pupil"}, {"name", "example.com"}}};
  return {std::move(subject), 1, now};
}

void remember(std::deque<Bytes>& list, Bytes message) {
  list.push_back(std::move(message));
  if (list.size() > kRemembered) list.pop_front();
}

}  // namespace

Status Run::store_group(Member& member, const Member::Group& group) {
  Device& device = *member.device;
  const auto before = device.store() == nullptr ? std::uint64_t{0} : device.store()->status().head.seq;
  const auto done = device.book().append(group.events, group.id);
  if (device.disk.is_dead()) return make_error(ErrorCode::kUnavailable, "the machine fell");
  if (!done) return done;
  const auto status = device.store()->status();
  // A group that had been stored when its append failed is not stored again.
  const bool is_known = status.head.seq == before;
  for (std::size_t i = 0; i < group.numbers.size(); ++i) {
    const std::uint64_t seq = is_known ? 0 : status.head.seq - group.numbers.size() + 1 + i;
    ledger_.note_told({group.numbers[i], member.id, status.epoch, seq, false});
  }
  return ok();
}

void Run::append_events(Member& member) {
  Device& device = *member.device;
  if (!device.is_up() || device.store() == nullptr) return;
  if (!member.untold) {
    Member::Group group{random_array<16>(), {}, {}};
    for (std::uint64_t i = random_.between(1, random_.chance(10) ? kLargeGroup : 4); i > 0; --i) {
      group.numbers.push_back(next_number_++);
      group.events.push_back(make_event(random_, group.numbers.back(), std::max<UnixSeconds>(0, device.clock.now())));
    }
    member.untold = std::move(group);
  }
  device.disk.forget_errors();
  const Status done = store_group(member, *member.untold);
  say(device.name(), "append " + std::to_string(member.untold->numbers.size()) + " up to s" +
                         std::to_string(member.untold->numbers.back()) + ": " + shown(done));
  const bool troubled = device.disk.is_troubled() || device.disk.had_error() || member.is_suspect;
  if (!done && !troubled) ledger_.fail("nothing is wrong with the disk and an append fails: " + done.error().message);
  if (done || random_.chance(20)) member.untold.reset();
  check_quota(member);
}

void Run::tick(Member& member) {
  if (!member.device->is_up()) return;
  time_.ms += static_cast<MonotonicMs>(random_.below(2000));
  member.device->tick();
}

void Run::pass_time(Member& member) {
  constexpr UnixSeconds kSteps[] = {60, 1200, 3600, kDay, 4 * kDay, 15 * kDay};
  const UnixSeconds seconds = kSteps[random_.below(std::size(kSteps))];
  time_.ms += seconds * 1000;
  say("world", std::to_string(seconds) + " seconds pass");
  if (seconds >= 4 * kDay) {
    for (const auto& each : members_) ledger_.note_pressure(each->id);
  }
  tick(member);
}

void Run::restart(Member& member) {
  if (!member.device->is_up()) return;
  member.device->close();
}

void Run::publish_policy(Member&) {
  if (!server_.is_up()) return;
  const UnixSeconds issued = kStart + time_.ms / 1000;
  const UnixSeconds expires = issued + (random_.chance(20) ? 3600 : 60 * kDay);
  policy_expires_[++policy_version_] = expires;
  const auto done = server_.publish(policy_version_, school_.policy(policy_version_, issued, expires));
  say("server", "policy " + std::to_string(policy_version_) + ": " + shown(done));
}

void Run::note_answer(const sync::CheckinAnswer& answer, ByteView request) {
  say("server", "answer: " + (answer.receipt.empty() ? std::string("no receipt") : "receipt") + " " + answer.problem +
                    (answer.expected ? " expected " + std::to_string(answer.expected->seq) : ""));
  if (answer.problem == "fork" || answer.problem == "chain") {
    const auto opened = sync::parse_checkin_request(request, request.size());
    const auto payload = sync::unverified_payload(opened->batch, sync::PayloadType::kBatch);
    const auto batch = sync::parse_batch(*payload);
    if (!ledger_.is_excused(EpochOf{batch->device, batch->epoch})) {
      ledger_.fail("the server finds a " + answer.problem + " in a book that nobody has touched");
    }
    ledger_.note_fork({batch->device, batch->epoch});
  }
  if (answer.receipt.empty()) return;
  // Whose it is, a late request decides, not who is asking now.
  const auto payload = sync::unverified_payload(answer.receipt, sync::PayloadType::kReceipt);
  const auto said = payload ? sync::parse_receipt(*payload) : Result<sync::Receipt>(payload.error());
  const auto receipt = said ? sync::open_receipt({answer.receipt}, school_.verified_root(), said->device) : said;
  if (!receipt) return ledger_.fail("a receipt that does not verify: " + receipt.error().message);
  say("server", "receipt for seq " + std::to_string(receipt->head.seq) + " of epoch " + to_hex(receipt->epoch).substr(0, 8));
  ledger_.note_receipt(*receipt);
}

// What the server answers, if it answers.
std::optional<sync::CheckinAnswer> Run::deliver(ByteView request) {
  if (!server_.is_up()) return std::nullopt;
  auto answer = server_.check_in(request);
  if (!answer) {
    say("server", "refuses: " + answer.error().message);
    return std::nullopt;
  }
  note_answer(*answer, request);
  return std::move(*answer);
}

// Somebody between, or a stolen server, offers what was signed once: an older policy, or one that has run out.
void Run::spoil_policy(Member&, sync::CheckinAnswer& answer) {
  if (!plan_.old_policies || is_calm_ || policy_version_ == 0 || !random_.chance(40)) return;
  if (random_.chance(50)) {
    const auto old = static_cast<std::int64_t>(random_.between(1, static_cast<std::uint64_t>(policy_version_)));
    const UnixSeconds expires = policy_expires_.at(old);
    answer.policy = school_.policy(old, std::min(expires - 3600, kStart + time_.ms / 1000), expires);
    return;
  }
  const UnixSeconds expires = kStart + time_.ms / 1000 - 5;
  policy_expires_[++policy_version_] = expires;
  answer.policy = school_.policy(policy_version_, expires - 3600, expires);
}

// True: another batch should follow at once.
bool Run::hand_answer(Member& member, Bytes bytes) {
  const auto answer = sync::parse_checkin_answer(bytes);
  remember(member.answers, std::move(bytes));
  if (!answer) return false;
  const bool more = member.device->checkin().take(*answer).more;
  check_device(member);
  return more;
}

// One batch up, one answer down, and what may happen to them on the way.
bool Run::exchange(Member& member) {
  auto body = member.device->checkin().next_request({}, {}, {});
  if (!body) say(member.device->name(), "no request: " + body.error().message);
  if (!body || body->empty() || member.device->disk.is_dead()) return false;
  const bool bad_line = plan_.network && !is_calm_;
  const std::uint64_t fate = bad_line ? random_.below(20) : 99;
  remember(requests_, *body);
  if (fate == 0) return false;  // lost
  if (fate == 1) body->resize(random_.below(body->size()));
  if (fate == 2) (void)deliver(*body);  // it comes twice
  auto answer = deliver(*body);
  if (!answer) return false;
  spoil_policy(member, *answer);
  Bytes bytes = sync::make_checkin_answer(*answer);
  if (fate == 3 || fate == 4) {
    remember(member.answers, std::move(bytes));  // lost, and perhaps late
    return false;
  }
  if (fate == 5) bytes.resize(random_.below(bytes.size()));
  if (fate == 6 && !member.answers.empty()) bytes = member.answers[random_.below(member.answers.size())];
  if (fate == 7) (void)hand_answer(member, bytes);  // it comes twice
  return hand_answer(member, std::move(bytes));
}

void Run::check_in(Member& member) {
  if (!member.device->is_up()) return;
  for (int round = 0; round < kMaxRounds; ++round) {
    if (!exchange(member) || member.device->disk.is_dead() || ledger_.broken()) return;
  }
  if (is_calm_) ledger_.fail("a check-in never ends");
}

// Late, doubled or replayed: a request that the server had before, or an answer for the device.
void Run::old_message(Member& member) {
  if (random_.chance(50) && !requests_.empty()) {
    auto answer = deliver(requests_[random_.below(requests_.size())]);
    if (answer) remember(member.answers, sync::make_checkin_answer(*answer));
    return;
  }
  if (!member.device->is_up() || member.answers.empty()) return;
  (void)hand_answer(member, member.answers[random_.below(member.answers.size())]);
}

// What must hold for a device at any moment.
void Run::check_device(Member& member) {
  Device& device = *member.device;
  if (!device.is_up() || device.disk.is_dead()) return;
  const std::int64_t version = device.policy_version();
  if (version < member.policy_seen) {
    ledger_.fail(device.name() + " has gone back from policy " + std::to_string(member.policy_seen) + " to " + std::to_string(version));
  }
  if (version == member.policy_seen) return;
  ++policies_;
  say(device.name(), "policy " + std::to_string(version));
  if (policy_expires_.at(version) <= device.clock.now()) {
    ledger_.fail(device.name() + " has taken policy " + std::to_string(version) + ", which has run out");
  }
  member.policy_seen = version;
}

// The key and the book survive power cuts together: a new epoch has a reason.
void Run::check_epoch(Member& member) {
  Device& device = *member.device;
  if (device.store() == nullptr || device.disk.is_dead()) return;
  const sync::EpochId epoch = device.store()->status().epoch;
  if (epoch == member.epoch) return;
  say(device.name(), "epoch " + to_hex(epoch).substr(0, 8));
  if (member.epoch != sync::EpochId{} && !member.is_touched && !ledger_.has_excuses(member.id)) {
    ledger_.fail(device.name() + " begins a new epoch, and nobody has touched its disk");
  }
  member.epoch = epoch;
}

void Run::check_quota(Member& member) {
  Device& device = *member.device;
  if (device.store() == nullptr || device.disk.is_dead()) return;
  const std::uint64_t bytes = device.store()->status().bytes;
  if (bytes > device.quota().max_bytes) {
    ledger_.fail("the book has " + std::to_string(bytes) + " bytes, its quota is " + std::to_string(device.quota().max_bytes));
  }
  if (bytes > device.quota().max_bytes / 2) ledger_.note_pressure(member.id);
}

}  // namespace caretaker::sim
