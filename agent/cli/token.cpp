#include "agent/cli/token.h"

#include <cstdio>

#include "agent/cli/new_file.h"
#include "agent/cli/passphrase.h"
#include "agent/cli/staff_client.h"
#include "platform/files.h"
#include "sync/enrolment.h"

namespace caretaker::agent {

Status run_token_new(const TokenNewOptions& options, const Clock& clock) {
  TRY_DONE(check_new_file(options.out));
  TRY(school, open_school(options.school));
  TRY(key, open_person(options.key, options.passphrase_file));
  TRY(client, StaffClient::connect(school, std::move(key)));
  const sync::Root& root = school.root.root();
  const sync::EnrolmentToken token{random_array<16>(), school.id, root.tls_pins.front(), root.servers.front()};
  TRY(answer, client.ask("token.new", Json::Object{{"token_hash", to_hex(sync::token_hash(token.secret))}}, clock));
  TRY(expires, answer.int_at("expires"));
  TRY_DONE(platform::replace_file(options.out, as_bytes(sync::make_token_text(token) + "\n"), 0600));
  std::printf("Written: %s\nIt enrols one machine until %s; keep it as you would a password.\n", options.out.c_str(),
              to_rfc3339(expires).c_str());
  return ok();
}

}  // namespace caretaker::agent
