#include "tests/sim/server_machine.h"

namespace caretaker::sim {
namespace {

constexpr UnixSeconds kDay = 86'400;
constexpr std::uint32_t kInterval = 900;

}  // namespace

ServerMachine::ServerMachine(const Time& time, Random& random, Trace& trace, const School& school)
    : disk("server", random, trace), clock(time, kStart), school_(school) {}

Status ServerMachine::boot() {
  TRY(store, server::FleetStore::open(disk.path("fleet.db")));
  TRY_DONE(server::SchoolState::adopt(store, school_.server_keys(), {school_.root()}));
  TRY(school, server::SchoolState::open(store, school_.server_keys()));
  running_ = std::make_unique<Running>(Running{std::move(store), std::move(school)});
  return ok();
}

Result<sync::CheckinAnswer> ServerMachine::check_in(ByteView request) {
  TRY(answer, if_alive(server::ingest(running_->store, running_->school, request, clock.now())));
  answer.interval_s = kInterval;
  return answer;
}

Result<sync::EnrolmentAnswer> ServerMachine::enrol(ByteView request) {
  return if_alive(server::enrol(running_->store, running_->school, request, clock.now()));
}

Result<std::string> ServerMachine::new_token() {
  const auto secret = random_array<16>();
  TRY_DONE(if_alive(running_->store.add_token(sync::token_hash(secret), "sim", clock.now(), clock.now() + kDay)));
  return sync::make_token_text({secret, school_.id(), Hash{1}, "https://127.0.0.1:8443"});
}

Status ServerMachine::publish(std::int64_t version, ByteView envelope) {
  return if_alive(running_->store.add_policy(version, envelope, clock.now()));
}

}  // namespace caretaker::sim
