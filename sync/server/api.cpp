#include "sync/server/api.h"

#include <algorithm>
#include <charconv>

#include "platform/base/log.h"
#include "sync/server/enrol.h"
#include "sync/server/ingest.h"
#include "sync/server/mark.h"
#include "sync/server/staff.h"

namespace caretaker::server {
namespace {

constexpr std::string_view kSetPath = "/v1/set/";
constexpr std::string_view kEnrolPath = "/v1/enrol/";
constexpr std::string_view kDeltaPath = "/v1/delta/";
constexpr std::size_t kMaxEnrolment = 64u << 10;
constexpr int kRetryAfterSeconds = 60;

int status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidInput: return 400;
    case ErrorCode::kUnauthentic: return 401;
    case ErrorCode::kPermissionDenied: return 403;
    case ErrorCode::kNotFound: return 404;
    case ErrorCode::kStale:
    case ErrorCode::kConflict: return 409;
    case ErrorCode::kTooLarge: return 413;
    case ErrorCode::kUnsupported: return 422;
    case ErrorCode::kUnavailable: return 503;
    case ErrorCode::kFull: return 507;
    case ErrorCode::kDamaged:
    case ErrorCode::kInternal: return 500;
  }
  return 500;
}

HttpReply reply(Bytes body) { return {.body = std::move(body), .file = {}, .retry_after_s = {}}; }

HttpReply refusal(const Error& error) {
  const Json json = Json::Object{{"error", error_code_name(error.code)}, {"message", error.message}};
  HttpReply out = reply(to_bytes(json.dump()));
  out.status = status_of(error.code);
  if (out.status >= 500) {
    log_error("server", error.message);
    out.retry_after_s = kRetryAfterSeconds;
  }
  return out;
}

HttpReply enrol_after(Backend& backend, const HttpQuery& query, std::size_t after) {
  auto answer = enrol(backend.store, backend.school, query.body, backend.clock.now(), after);
  return answer ? reply(sync::make_enrolment_answer(*answer)) : refusal(answer.error());
}

HttpReply on_enrol(Backend& backend, const HttpQuery& query) { return enrol_after(backend, query, 0); }

// "/v1/enrol/<version of the last root that came with the answer before>"
HttpReply on_enrol_more(Backend& backend, const HttpQuery& query) {
  const std::string_view number = std::string_view(query.path).substr(kEnrolPath.size());
  std::size_t after = 0;
  const auto [end, failed] = std::from_chars(number.data(), number.data() + number.size(), after);
  if (failed != std::errc() || end != number.data() + number.size()) return refusal(make_error(ErrorCode::kInvalidInput, "not the version of a root"));
  return enrol_after(backend, query, after);
}

// Commits what the check-ins of this round have in common; only now their receipts may go.
void settle(Backend& backend) {
  const Status committed = backend.store.commit_group();
  for (LateReply& late : backend.uncommitted) {
    if (!committed) late.reply = refusal(make_error(ErrorCode::kUnavailable, "not stored: " + committed.error().message));
    backend.ready.push_back(std::move(late));
  }
  backend.uncommitted.clear();
}

Result<sync::CheckinAnswer> check_in(Backend& backend, const HttpQuery& query) {
  TRY_DONE(backend.store.begin_group());
  TRY(answer, ingest(backend.store, backend.school, query.body, backend.clock.now()));
  answer.interval_s = backend.interval_s;
  return answer;
}

std::optional<HttpReply> on_checkin(Backend& backend, const HttpQuery& query) {
  auto answer = check_in(backend, query);
  if (!answer) return refusal(answer.error());
  backend.uncommitted.push_back({query.ticket, reply(sync::make_checkin_answer(*answer))});
  return std::nullopt;
}

HttpReply hold_reply(bool news) { return reply(sync::make_hold_answer({news})); }

Result<bool> hold(Backend& backend, const HttpQuery& query) {
  TRY(request, sync::parse_hold_request(query.body));
  TRY(certificate, sync::open_certificate({request.certificate}, backend.school.root()));
  TRY(asked, sync::open_hold({request.hold}, certificate));
  TRY(mark, mark_for(backend.store, backend.school, asked.device));
  if (asked.mark != mark) return true;
  TRY_DONE(backend.holds.add(asked, query.ticket, backend.clock.monotonic_ms()));
  return false;
}

std::optional<HttpReply> on_hold(Backend& backend, const HttpQuery& query) {
  const auto news = hold(backend, query);
  if (!news) return refusal(news.error());
  if (*news) return hold_reply(true);
  return std::nullopt;
}

Round after_round(Backend& backend) {
  settle(backend);
  const MonotonicMs now = backend.clock.monotonic_ms();
  Round round{std::exchange(backend.ready, {}), 0};
  for (const Holds::Ended& ended : backend.holds.take_ended(now)) round.replies.push_back({ended.ticket, hold_reply(ended.news)});
  const std::int64_t retention = backend.retention.work(backend.store, backend.clock);
  round.next_ms = std::clamp<std::int64_t>(backend.holds.next_end() - now, 0, retention);
  return round;
}

Status tell_waiting(Backend& backend) {
  TRY(numbers, backend.store.published_numbers());
  std::string now = std::to_string(backend.school.envelopes().size()) + "." + std::to_string(numbers.policy) + "." +
                    std::to_string(numbers.lists) + "." + std::to_string(numbers.letters);
  if (now == backend.told) return ok();
  TRY(marks, Marks::now(backend.store, backend.school));
  backend.holds.publish([&marks](const sync::DeviceId& device) { return marks.of(device); }, backend.clock.monotonic_ms());
  backend.told = std::move(now);
  return ok();
}

// What everybody else does commits for itself, after the check-ins before it, and may be news.
std::optional<HttpReply> alone(Backend& backend, HttpReply (*handler)(Backend&, const HttpQuery&), const HttpQuery& query) {
  settle(backend);
  HttpReply out = handler(backend, query);
  if (auto told = tell_waiting(backend); !told) log_error("server", told.error().message);
  return out;
}

HttpReply on_staff(Backend& backend, const HttpQuery& query) {
  auto answer = answer_staff(backend.store, backend.school, query.body, backend.clock.now());
  return answer ? reply(to_bytes(answer->dump())) : refusal(answer.error());
}

// "/v1/set/<64 hexadecimal digits>"
Result<Hash> file_of(std::string_view path) {
  TRY(bytes, parse_hex(path.substr(kSetPath.size())));
  return to_array<32>(bytes);
}

HttpReply on_set_upload(Backend& backend, const HttpQuery& query) {
  auto file = file_of(query.path);
  if (!file) return refusal(file.error());
  auto taken = backend.sets.accept(backend.store, *file, query.body);
  return taken ? reply(to_bytes("{}")) : refusal(taken.error());
}

// "/v1/delta/<64 hexadecimal digits of the file that a device has>-<64 of the one that it wants>"
Result<Hash> delta_of(FleetStore& store, std::string_view path) {
  const std::string_view names = path.substr(kDeltaPath.size());
  if (names.size() != 129 || names[64] != '-') return make_error(ErrorCode::kInvalidInput, "not two hashes");
  TRY(base_bytes, parse_hex(names.substr(0, 64)));
  TRY(file_bytes, parse_hex(names.substr(65)));
  TRY(base, to_array<32>(base_bytes));
  TRY(file, to_array<32>(file_bytes));
  TRY(delta, store.delta(base, file));
  return delta ? Result<Hash>(*delta) : make_error(ErrorCode::kNotFound, "no delta from that file");
}

HttpReply on_file_download(Backend& backend, const Result<Hash>& file) {
  if (!file) return refusal(file.error());
  auto mapped = backend.sets.open(backend.store, *file);
  if (!mapped) return refusal(mapped.error());
  HttpReply out = reply({});
  out.content_type = "application/octet-stream";
  out.file = *std::move(mapped);
  return out;
}

HttpReply on_set_download(Backend& backend, const HttpQuery& query) { return on_file_download(backend, file_of(query.path)); }
HttpReply on_delta_download(Backend& backend, const HttpQuery& query) {
  return on_file_download(backend, delta_of(backend.store, query.path));
}

std::size_t awaited_size(Backend& backend, const std::string& path) {
  auto file = file_of(path);
  return file ? backend.sets.awaited_size(backend.store, *file) : 0;
}

}  // namespace

HttpService make_service(Backend& backend) {
  const auto at_most = [](std::size_t size) { return [size](const std::string&) { return size; }; };
  const auto to = [&backend](HttpReply (*handler)(Backend&, const HttpQuery&)) {
    return [&backend, handler](const HttpQuery& query) { return alone(backend, handler, query); };
  };
  const std::string set(kSetPath);
  return {{{"POST", "/v1/enrol", at_most(kMaxEnrolment), to(on_enrol)},
           {"POST", std::string(kEnrolPath), at_most(kMaxEnrolment), to(on_enrol_more)},
           {"POST", "/v1/checkin", at_most(sync::kMaxCheckinBytes), [&backend](const HttpQuery& query) { return on_checkin(backend, query); }},
           {"POST", "/v1/hold", at_most(sync::kMaxHoldBytes), [&backend](const HttpQuery& query) { return on_hold(backend, query); }},
           {"POST", "/v1/staff", at_most(sync::kMaxEnvelopeBytes), to(on_staff)},
           {"POST", set, [&backend](const std::string& path) { return awaited_size(backend, path); }, to(on_set_upload)},
           {"GET", set, at_most(0), to(on_set_download)},
           {"GET", std::string(kDeltaPath), at_most(0), to(on_delta_download)}},
          [&backend] { return after_round(backend); }};
}

}  // namespace caretaker::server
