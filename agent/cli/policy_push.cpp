#include "agent/cli/policy_push.h"

#include <cstdio>

#include "agent/cli/passphrase.h"
#include "agent/cli/staff_client.h"
#include "platform/files.h"
#include "sync/bundle.h"
#include "sync/limits.h"

namespace caretaker::agent {
namespace {

Result<Json> publish(StaffClient& client, const char* action, const std::filesystem::path& file, const Clock& clock) {
  TRY(envelope, platform::read_file(file, sync::kMaxEnvelopeBytes));
  auto answer = client.ask(action, Json::Object{{"envelope", to_base64(envelope)}}, clock);
  if (!answer) return answer.error().with_context(file.string());
  TRY(version, answer->int_at("version"));
  std::printf("%s: the server has version %lld now\n", action, static_cast<long long>(version));
  return answer;
}

// The file is checked here first, so that a wrong one does not cross the network.
Status upload(StaffClient& client, const std::filesystem::path& set, const Json& answer) {
  TRY(wanted, answer.hex_array_at<32>("file"));
  TRY(file, platform::read_file(set, static_cast<std::size_t>(sync::kMaxSetFileBytes)));
  if (hash(file) != wanted) {
    return make_error(ErrorCode::kInvalidInput, set.string() + " is not the file that the lists name; build and sign them again");
  }
  const std::size_t size = file.size();
  std::printf("Sending %s (%zu bytes) ...\n", set.c_str(), size);
  std::fflush(stdout);
  TRY_DONE(client.upload_set(wanted, std::move(file)));
  std::printf("The server has the set file.\n");
  return ok();
}

Status push_lists(StaffClient& client, const PolicyPushOptions& options, const Clock& clock) {
  TRY(answer, publish(client, "lists.publish", options.lists, clock));
  TRY(wants_file, answer.bool_at("upload"));
  if (!wants_file) return ok();
  if (!options.set.empty()) return upload(client, options.set, answer);
  return make_error(ErrorCode::kInvalidInput, "the server waits for the set file of these lists: --set FILE");
}

}  // namespace

Status run_policy_push(const PolicyPushOptions& options, const Clock& clock) {
  if (options.policy.empty() && options.lists.empty() && options.root.empty()) {
    return make_error(ErrorCode::kInvalidInput, "nothing to push: --policy, --lists or --root");
  }
  TRY(school, open_school(options.school));
  TRY(key, open_person(options.key, options.passphrase_file));
  TRY(client, StaffClient::connect(school, std::move(key)));
  if (!options.root.empty()) TRY_DONE(publish(client, "root.publish", options.root, clock));
  if (!options.lists.empty()) TRY_DONE(push_lists(client, options, clock));
  if (!options.policy.empty()) TRY_DONE(publish(client, "policy.publish", options.policy, clock));
  return ok();
}

}  // namespace caretaker::agent
