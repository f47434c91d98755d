#include "sync/server/api.h"

#include "platform/base/log.h"
#include "sync/server/enrol.h"
#include "sync/server/ingest.h"
#include "sync/server/staff.h"

namespace caretaker::server {
namespace {

constexpr std::string_view kSetPath = "/v1/set/";
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

HttpReply on_enrol(Backend& backend, const HttpQuery& query) {
  auto answer = enrol(backend.store, backend.school, query.body, backend.clock.now());
  return answer ? reply(sync::make_enrolment_answer(*answer)) : refusal(answer.error());
}

HttpReply on_checkin(Backend& backend, const HttpQuery& query) {
  auto answer = ingest(backend.store, backend.school, query.body, backend.clock.now());
  if (!answer) return refusal(answer.error());
  answer->interval_s = backend.interval_s;
  return reply(sync::make_checkin_answer(*answer));
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

HttpReply on_set_download(Backend& backend, const HttpQuery& query) {
  auto file = file_of(query.path);
  if (!file) return refusal(file.error());
  auto mapped = backend.sets.open(backend.store, *file);
  if (!mapped) return refusal(mapped.error());
  HttpReply out = reply({});
  out.content_type = "application/octet-stream";
  out.file = *std::move(mapped);
  return out;
}

std::size_t awaited_size(Backend& backend, const std::string& path) {
  auto file = file_of(path);
  return file ? backend.sets.awaited_size(backend.store, *file) : 0;
}

}  // namespace

std::vector<Route> make_routes(Backend& backend) {
  const auto at_most = [](std::size_t size) { return [size](const std::string&) { return size; }; };
  const auto to = [&backend](HttpReply (*handler)(Backend&, const HttpQuery&)) {
    return [&backend, handler](const HttpQuery& query) { return handler(backend, query); };
  };
  const std::string set(kSetPath);
  return {{"POST", "/v1/enrol", at_most(kMaxEnrolment), to(on_enrol)},
          {"POST", "/v1/checkin", at_most(sync::kMaxCheckinBytes), to(on_checkin)},
          {"POST", "/v1/staff", at_most(sync::kMaxEnvelopeBytes), to(on_staff)},
          {"POST", set, [&backend](const std::string& path) { return awaited_size(backend, path); }, to(on_set_upload)},
          {"GET", set, at_most(0), to(on_set_download)}};
}

}  // namespace caretaker::server
