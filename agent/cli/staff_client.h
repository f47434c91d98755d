// The school's people asking their server: signed requests over pinned TLS.
#pragma once

#include <string>

#include "agent/cli/school_folder.h"
#include "platform/base/clock.h"
#include "platform/base/json.h"
#include "platform/http_transport.h"
#include "sync/key_file.h"

namespace caretaker::agent {

class StaffClient {
 public:
  // Talks to the first of the root's servers that can be reached; nothing is sent yet.
  [[nodiscard]] static Result<StaffClient> connect(const School& school, sync::PersonKey key);

  // One action of sync/staff_request.h. A refusal by the server comes back as its own error.
  [[nodiscard]] Result<Json> ask(const std::string& action, Json arguments, const Clock& clock);
  // POST /v1/set/<hash>: the file that a published manifest waits for.
  [[nodiscard]] Status upload_set(const Hash& file_hash, Bytes file);

 private:
  using Servers = std::vector<std::unique_ptr<platform::HttpTransport>>;
  StaffClient(sync::SchoolId school, sync::PersonKey key, Servers servers)
      : school_(school), key_(std::move(key)), servers_(std::move(servers)) {}
  // By the first server that can be reached, which is the only one from then on.
  [[nodiscard]] Result<platform::HttpResponse> send(const platform::HttpRequest& request, const platform::HttpLimits& limits);
  sync::SchoolId school_;
  sync::PersonKey key_;
  Servers servers_;  // not empty
};

// The server's answer as a value, or the error that it names.
[[nodiscard]] Result<Json> parse_staff_answer(const platform::HttpResponse& response);

}  // namespace caretaker::agent
