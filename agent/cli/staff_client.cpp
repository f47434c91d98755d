#include "agent/cli/staff_client.h"

#include "agent/cli/table.h"
#include "sync/limits.h"
#include "sync/staff_request.h"

namespace caretaker::agent {
namespace {

constexpr std::chrono::seconds kTimeout{60};
constexpr std::chrono::seconds kUploadTimeout{600};

ErrorCode code_of(const std::string& name, int status) {
  for (int code = 0; code <= static_cast<int>(ErrorCode::kInternal); ++code) {
    if (error_code_name(static_cast<ErrorCode>(code)) == name) return static_cast<ErrorCode>(code);
  }
  return status >= 500 ? ErrorCode::kUnavailable : ErrorCode::kInvalidInput;
}

Error refusal(const platform::HttpResponse& response) {
  const auto json = parse_json(as_text(response.body), {sync::kMaxAnswerBytes, 8});
  const std::string name = json ? json->string_at("error").value_or("") : "";
  const std::string message = json ? json->string_at("message").value_or("") : "";
  return make_error(code_of(name, response.status),
                    "the server refused (" + std::to_string(response.status) + "): " + (message.empty() ? "no reason given" : printable(message)));
}

}  // namespace

Result<Json> parse_staff_answer(const platform::HttpResponse& response) {
  if (response.status != 200) return refusal(response);
  auto json = parse_json(as_text(response.body), {sync::kMaxAnswerBytes, 32});
  return json ? std::move(json) : Result<Json>(json.error().with_context("the server's answer"));
}

Result<StaffClient> StaffClient::connect(const School& school, sync::PersonKey key) {
  const sync::Root& root = school.root.root();
  Servers servers;
  for (const std::string& url : root.servers) {
    TRY(transport, platform::make_http_transport(url, root.tls_pins));
    servers.push_back(std::move(transport));
  }
  return StaffClient(school.id, std::move(key), std::move(servers));
}

Result<platform::HttpResponse> StaffClient::send(const platform::HttpRequest& request, const platform::HttpLimits& limits) {
  for (;;) {
    auto response = servers_.front()->send(request, limits);
    if (response || servers_.size() == 1 || response.error().code != ErrorCode::kUnavailable) return response;
    servers_.erase(servers_.begin());
  }
}

Result<Json> StaffClient::ask(const std::string& action, Json arguments, const Clock& clock) {
  const sync::StaffRequest request{school_, action, std::move(arguments), to_hex(random_array<16>()), clock.now()};
  const SigningKey* signer = &key_.signing;
  const Bytes envelope = sync::make_envelope(sync::PayloadType::kStaffRequest, sync::make_staff_payload(request), {&signer, 1});
  TRY(response, send({"POST", "/v1/staff", "application/json", envelope, 0}, {kTimeout, sync::kMaxAnswerBytes}));
  return parse_staff_answer(response);
}

Status StaffClient::upload_set(const Hash& file_hash, Bytes file) {
  TRY(response, send({"POST", "/v1/set/" + to_hex(file_hash), "application/octet-stream", std::move(file), 0}, {kUploadTimeout, 64u << 10}));
  if (response.status == 200 || response.status == 204) return ok();
  return refusal(response);
}

}  // namespace caretaker::agent
