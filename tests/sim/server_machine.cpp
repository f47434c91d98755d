#include "tests/sim/server_machine.h"

#include <algorithm>

namespace caretaker::sim {
namespace {

constexpr UnixSeconds kDay = 86'400;
constexpr std::string_view kRoute = "/v1/checkin";

}  // namespace

ServerMachine::ServerMachine(const Time& time, Random& random, Trace& trace, const School& school)
    : disk("server", random, trace), clock(time, kStart), school_(school) {}

Status ServerMachine::boot() {
  TRY(store, server::FleetStore::open(disk.path("fleet.db")));
  TRY_DONE(server::SchoolState::adopt(store, school_.server_keys(), {school_.root()}));
  TRY(school, server::SchoolState::open(store, school_.server_keys()));
  running_ = std::make_unique<Running>(std::move(store), std::move(school), clock);
  return ok();
}

// As the HTTP server does: the route keeps the request, and the round's end commits and answers.
Result<Bytes> ServerMachine::ask(ByteView request) {
  const server::HttpService& service = running_->service;
  const auto route = std::ranges::find(service.routes, kRoute, &server::Route::path);
  server::HttpQuery query;
  query.path = kRoute;
  query.body = to_bytes(request);
  std::optional<server::HttpReply> reply = route->handle(query);
  for (server::LateReply& late : service.after_round().replies) reply = std::move(late.reply);
  if (reply && reply->status == 200) return std::move(reply->body);
  return make_error(ErrorCode::kUnavailable, reply ? std::string(as_text(reply->body)) : "no answer");
}

Result<sync::CheckinAnswer> ServerMachine::check_in(ByteView request) {
  auto body = if_alive(ask(request));
  if (!body && unsaved_receipts_ && disk.had_error()) return lie(request);
  if (!body) return body.error();
  if (lost_sealed_) (void)running_->store.forget_sealed(INT64_MAX, 1000);
  return sync::parse_checkin_answer(*body);
}

Result<sync::Batch> batch_of(ByteView request) {
  TRY(opened, sync::parse_checkin_request(request, request.size()));
  TRY(payload, sync::unverified_payload(opened.batch, sync::PayloadType::kBatch));
  return sync::parse_batch(payload);
}

Result<sync::CheckinAnswer> ServerMachine::lie(ByteView request) {
  TRY(batch, batch_of(request));
  sync::CheckinAnswer answer;
  answer.receipt = school_.receipt({school_.id(), batch.device, batch.epoch, {batch.seq_to, batch.head}, "", clock.now(), ""});
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
