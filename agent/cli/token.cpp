#include "agent/cli/token.h"

#include <cstdio>

#include "agent/cli/new_file.h"
#include "platform/files.h"
#include "sync/enrolment.h"

namespace caretaker::agent {

Status run_token_new(const TokenNewOptions& options, const Clock& clock) {
  TRY_DONE(check_new_file(options.out));
  TRY(desk, sit_down(options));
  const sync::Root& root = desk.school.root.root();
  const sync::EnrolmentToken token{random_array<16>(), desk.school.id, root.tls_pins.front(), root.servers.front()};
  TRY(answer, desk.client.ask("token.new", Json::Object{{"token_hash", to_hex(sync::token_hash(token.secret))}}, clock));
  TRY(expires, answer.int_at("expires"));
  TRY_DONE(platform::replace_file(options.out, as_bytes(sync::make_token_text(token) + "\n"), 0600));
  std::printf("Written: %s\nIt enrols one machine until %s; keep it as you would a password.\n", options.out.c_str(),
              to_rfc3339(expires).c_str());
  return ok();
}

}  // namespace caretaker::agent
