#include "agent/askers.h"

#include <sys/wait.h>
#include <pwd.h>

#include "platform/users.h"
#include "tests/unit/agent/running_dns.h"

using namespace caretaker;
using namespace caretaker::agent;
using namespace caretaker::agent::test;

namespace {

std::optional<platform::User> some_person() {
  std::optional<platform::User> found;
  ::setpwent();
  while (const auto* entry = ::getpwent()) {
    const auto user = platform::find_user(entry->pw_uid);
    if (user && user->is_person) found = *user;
  }
  ::endpwent();
  return found;
}

// Asks for www.example as `uid` in a process of their own; the code of the answer, or 255.
int code_for(std::uint32_t uid, const platform::Endpoint& server) {
  const auto child = ::fork();
  if (child == 0) {
    if (::setuid(uid) != 0) ::_exit(255);
    auto socket = platform::Socket::udp_client(server);
    if (!socket || socket->send(make_query("www.example", dns_type::kA)).size == 0) ::_exit(255);
    Bytes answer(512);
    for (int i = 0; i < 3000; ++i) {
      if (socket->receive(answer).state == platform::Transfer::State::kMoved) ::_exit(answer[3] & 0x0f);
      ::usleep(1000);
    }
    ::_exit(255);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WEXITSTATUS(status);
}

}  // namespace

TEST_CASE("each user is answered by the rules of their own group") {
  const auto person = some_person();
  if (::getuid() != 0 || !person) {
    WARN("skipped: needs root, to ask as a user, and a user who is a person");
    return;
  }
  FakeUpstream upstream([](ByteView query, bool) {
    return std::vector<Bytes>{make_answer(query, {a_record("www.example", {192, 0, 2, 1})})};
  });
  auto policy = small_policy({upstream.address()});
  policy.groups[0].denied_names = {"www.example"};
  policy::Group staff;
  staff.name = "staff";
  staff.users = {person->name};
  policy.groups.push_back(staff);
  RunningDns dns(make_filter(policy));
  CHECK(code_for(person->uid, dns.at()) == rcode::kNoError);
  CHECK(dns.violations().empty());
  CHECK(code_for(0, dns.at()) == rcode::kNxDomain);  // the device's own: as strict as the strictest

  policy.groups[0].denied_names.clear();
  policy.groups[1].denied_names = {"www.example"};
  dns.server().set_filter(make_filter(policy));
  CHECK(code_for(person->uid, dns.at()) == rcode::kNxDomain);
  const auto violations = dns.violations();
  REQUIRE(violations.size() == 2);
  CHECK_FALSE(violations[0].uid);
  CHECK(violations[1].uid == std::optional(person->uid));
}
