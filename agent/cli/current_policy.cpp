#include "agent/cli/current_policy.h"

namespace caretaker::agent {

Result<std::optional<CurrentPolicy>> fetch_current_policy(StaffClient& client, const School& school, const Clock& clock) {
  TRY(answer, client.ask("policy.current", Json::Object{}, clock));
  if (answer["envelope"].is_null()) return std::optional<CurrentPolicy>();
  TRY(envelope, answer.base64_at("envelope"));
  TRY(verified, sync::open_policy({std::move(envelope)}, school.root, 0, 0));
  auto parsed = policy::parse_policy(verified.bundle().policy_toml, policy::Strictness::kDevice);
  if (!parsed.usable()) return make_error(ErrorCode::kInvalidInput, "the policy on the server is not usable");
  return std::optional<CurrentPolicy>({verified.bundle().version, std::move(parsed.policy)});
}

}  // namespace caretaker::agent
