// What devices, server and network do in their ordinary life, with the faults of the network.
#include "tests/sim/book_files.h"
#include "tests/sim/run.h"

namespace caretaker::sim {
namespace {

constexpr UnixSeconds kDay = 86'400;
constexpr std::size_t kRemembered = 12;  // old messages
constexpr int kMaxRounds = 30;           // batches in one check-in
constexpr std::uint64_t kLargeGroup = 12;
constexpr std::uint64_t kEntry = 700;  // at most, as the book counts
constexpr std::uint64_t kLargeEntry = 2000;

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

// Where an event of this rule stands in the current epoch, or the stub that stands for `seq`.
std::optional<std::uint64_t> find_event(agent::EventStore& store, const std::string& rule, std::optional<std::uint64_t> seq) {
  const auto entries = store.list(1, 1000, 64u << 20);
  if (!entries) return std::nullopt;
  for (const agent::StoredEntry& entry : *entries) {
    if (entry.body.empty()) {
      if (seq && entry.from <= *seq && *seq <= entry.to) return *seq;
      continue;
    }
    const auto body = sync::parse_event_body(entry.body);
    if (body && body->rule.starts_with(rule)) return entry.to;
  }
  return std::nullopt;
}

}  // namespace

// A group whose append failed may have been stored all the same, in the place where the book went on: there or nowhere.
std::optional<std::pair<sync::EpochId, std::uint64_t>> Run::find_group(Member& member, const Member::Group& group) {
  agent::EventStore& store = *member.device->store();
  const sync::EpochId epoch = store.status().epoch;
  const std::string rule = "s" + std::to_string(group.numbers.front()) + " ";
  if (const auto seq = find_event(store, rule, std::nullopt)) return std::pair{epoch, *seq};
  for (const auto& [where, before] : group.tries) {
    if (where != epoch) return std::pair{where, before + 1};  // the audit sees it at the server
    if (find_event(store, rule, before + 1)) return std::pair{epoch, before + 1};
  }
  return std::nullopt;
}

// An append said ok. Not a word is taken for it: either the book has grown by this group, or the group is found in it.
void Run::note_stored(Member& member, const Member::Group& group, const agent::EventStoreStatus& before) {
  const auto status = member.device->store()->status();
  std::optional<std::pair<sync::EpochId, std::uint64_t>> place;
  if (status.epoch == before.epoch && status.head.seq == before.head.seq + group.numbers.size()) place = {status.epoch, before.head.seq + 1};
  // A try that was said to have failed may stand in an epoch that somebody has touched, and have been carried over to where it is found.
  const bool was_carried =
      !place && std::ranges::any_of(group.tries, [&](const auto& at) { return ledger_.is_excused(EpochOf{member.id, at.first}); });
  if (!place) place = find_group(member, group);
  if (!place) {
    if (member.is_suspect) return;
    return ledger_.fail("an append said ok, and event s" + std::to_string(group.numbers.front()) + " is not in the book");
  }
  for (std::size_t i = 0; i < group.numbers.size(); ++i) {
    Told told{group.numbers[i], member.id, place->first, place->second + i};
    told.is_sealed = group.events[i].subject.details.has_value();
    told.at = time_.ms;
    told.is_excused = was_carried;
    ledger_.note_told(std::move(told));
  }
}

Status Run::store_group(Member& member, Member::Group& group) {
  Device& device = *member.device;
  const auto before = device.store()->status();
  std::uint64_t incoming = 0;
  for (const auto& event : group.events) incoming += event.subject.details ? kLargeEntry : kEntry;
  note_pressure(member, incoming);
  Status done = device.book().append(group.events, group.id);
  if (!done && done.error().code == ErrorCode::kFull && planted_ == Planted::kLostAppend) done = ok();
  if (device.disk.is_dead()) done = make_error(ErrorCode::kUnavailable, "the machine fell");
  if (done)
    note_stored(member, group, before);
  else
    group.tries.emplace_back(before.epoch, before.head.seq);
  return done;
}

void Run::append_events(Member& member) {
  Device& device = *member.device;
  if (!device.is_up() || device.store() == nullptr) return;
  if (!member.untold) {
    Member::Group group{random_array<16>(), {}, {}, {}};
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
  tick(member);
}

void Run::restart(Member& member) {
  if (!member.device->is_up()) return;
  member.device->close();
  if (member.is_suspect) return;  // what its first page says of its size is nobody's word
  if (const auto wrong = check_book_files(member.device->disk, quota_)) ledger_.fail(member.device->name() + ": " + *wrong);
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
    const auto batch = batch_of(request);
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
  check_receipt(*receipt);
  ledger_.note_receipt(*receipt);
}

// As it leaves the server: what it confirms is there. Later the device may have sent it again, and nobody would know.
void Run::check_receipt(const sync::Receipt& receipt) {
  if (receipt.head.seq == 0 || !server_.is_up() || server_.disk.is_dead()) return;
  const auto held = server_.store().epoch(receipt.device, receipt.epoch);
  if (!held || !*held || (*held)->head.seq < receipt.head.seq) {
    ledger_.fail("a receipt for seq " + std::to_string(receipt.head.seq) + " leaves a server that has not stored it");
  }
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
  const bool is_refused = plan_.refusals && !is_calm_ && random_.chance(15);
  auto answer = is_refused ? refuse(member, *body) : deliver(*body);
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
  const bool more = hand_answer(member, std::move(bytes));
  check_epoch(member);
  // It is a reason for a new epoch now, and for none later, unless the network brings it late.
  if (!plan_.network && !member.device->disk.is_dead()) member.is_refused = false;
  return more;
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
  note_pressure(member, device.store()->status().bytes);  // what was not sent has been copied
  const bool is_first = member.epoch == sync::EpochId{};
  const bool is_refused = !is_first && std::exchange(member.is_refused, false);
  if (!is_first && !member.is_touched && !is_refused && !ledger_.has_excuses(member.id)) {
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
  note_pressure(member, kEntry);
}

// Room is made when ordinary entries come to seven eighths of the quota.
void Run::note_pressure(Member& member, std::uint64_t incoming) {
  const Device& device = *member.device;
  if (device.disk.is_full() || member.device->store()->status().bytes + incoming > device.quota().max_bytes / 8 * 7) {
    ledger_.note_pressure(member.id);
  }
}

}  // namespace caretaker::sim
