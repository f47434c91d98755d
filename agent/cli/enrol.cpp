// `caretaker enrol`: makes this machine one of the school's.
#include <Poco/Environment.h>

#include <cstdio>
#include <iostream>
#include <iterator>
#include <memory>

#include "agent/cli/commands.h"
#include "agent/cli/table.h"
#include "agent/guard_client.h"
#include "platform/files.h"
#include "platform/http_transport.h"
#include "sync/root_pages.h"

namespace caretaker::agent {
namespace {

constexpr std::size_t kMaxToken = 4096;

struct EnrolOptions {
  std::filesystem::path token_file;
  std::filesystem::path socket = kDefaultSocket;
  bool remove_token = false;
};

Result<std::string> read_token(const std::filesystem::path& file) {
  if (file != "-") {
    TRY(bytes, platform::read_file(file, kMaxToken));
    return std::string(as_text(bytes));
  }
  std::string line;
  std::getline(std::cin, line);
  return line;
}

Result<sync::EnrolmentAnswer> ask_server(platform::HttpTransport& server, const std::string& path, const Bytes& envelope) {
  TRY(response, server.send({"POST", path, "application/json", envelope, 0}, {}));
  if (response.status == 200) return sync::parse_enrolment_answer(response.body);
  const auto refusal = parse_json(as_text(response.body));
  const std::string* message = refusal ? (*refusal)["message"].as_string() : nullptr;
  return make_error(ErrorCode::kPermissionDenied,
                    "the server refuses: " + (message != nullptr ? printable(*message) : "status " + std::to_string(response.status)));
}

// A school with a long history of roots gives it in several answers; the certificate is by the newest, so it is handed over last.
Status hand_over(platform::HttpTransport& server, const Bytes& envelope, GuardClient& guard) {
  TRY(answer, ask_server(server, "/v1/enrol", envelope));
  for (std::size_t known = answer.roots.size(); sync::may_go_on(answer.roots); known += answer.roots.size()) {
    TRY(more, ask_server(server, "/v1/enrol/" + std::to_string(known), envelope));
    if (more.roots.empty()) break;
    TRY_DONE(guard.enrol_finish({{}, std::move(answer.roots), {}, {}}));
    answer = std::move(more);
  }
  return guard.enrol_finish(answer);
}

Status enrol(const EnrolOptions& options, GuardClient& guard) {
  TRY(text, read_token(options.token_file));
  TRY(token, sync::parse_token_text(text));
  TRY(envelope, guard.enrol_begin({text, Poco::Environment::nodeName()}));
  TRY(server, platform::make_http_transport(token.server, {token.tls_pin}));
  TRY_DONE(hand_over(*server, envelope, guard));
  TRY(status, guard.status());
  std::printf("This machine belongs to %s now.\nDevice %s\n", status.school.c_str(), status.device.c_str());
  return ok();
}

// Nobody watches an installation: a token that was used already, before the power went, must not be tried for ever.
Status enrol_and_remove(const EnrolOptions& options, GuardClient& guard) {
  TRY(before, guard.status());
  if (before.enrolled) {
    std::printf("This machine belongs to %s already.\n", before.school.c_str());
  } else {
    TRY_DONE(enrol(options, guard));
  }
  return platform::remove_file(options.token_file);
}

Status run_enrol(const EnrolOptions& options) {
  TRY(guard, GuardClient::connect(options.socket));
  return options.remove_token ? enrol_and_remove(options, guard) : enrol(options, guard);
}

}  // namespace

void add_enrol(Command& program) {
  auto command = program.command("enrol", "Make this machine one of the school's");
  const auto options = std::make_shared<EnrolOptions>();
  command.option("--token-file", options->token_file, "File with the enrolment token; - is standard input").required();
  command.option("--socket", options->socket, "The guard's control socket");
  command.flag("--remove-token", options->remove_token, "Remove the file when this machine is enrolled, now or before");
  command.does([options] { return run_enrol(*options); });
}

}  // namespace caretaker::agent
