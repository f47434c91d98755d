#include "agent/cli/policy_push.h"

#include <cstdio>

#include "agent/cli/list_deltas.h"
#include "platform/files.h"
#include "sync/bundle_form.h"
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

// The set file that these lists name. Read before anything is published: lists are published once, and a wrong file must not
// use them up.
Result<Bytes> read_set(const PolicyPushOptions& options, const Hash& wanted) {
  if (options.set.empty()) return make_error(ErrorCode::kInvalidInput, "lists travel with their set file: --set FILE");
  TRY(file, platform::read_file(options.set, static_cast<std::size_t>(sync::kMaxSetFileBytes)));
  if (hash(file) == wanted) return file;
  return make_error(ErrorCode::kInvalidInput,
                    options.set.string() + " is not the file that the lists name; build and sign them again");
}

Status upload(StaffClient& client, const PolicyPushOptions& options, const Hash& wanted, Bytes file) {
  std::printf("Sending %s (%zu bytes) ...\n", options.set.c_str(), file.size());
  std::fflush(stdout);
  TRY_DONE(client.upload_set(wanted, std::move(file)));
  std::printf("The server has the set file.\n");
  return ok();
}

Status push_lists(StaffClient& client, const PolicyPushOptions& options, const Clock& clock) {
  TRY(envelope, platform::read_file(options.lists, sync::kMaxEnvelopeBytes));
  TRY(payload, sync::unverified_payload(envelope, sync::PayloadType::kLists, sync::kMaxEnvelopeBytes));
  TRY(form, sync::parse_lists_form(payload));
  const Hash wanted = form.manifest.file;
  TRY(file, read_set(options, wanted));
  const auto answer = publish(client, "lists.publish", options.lists, clock);
  // Published before, and the file was cut off on its way: it is still waited for.
  if (!answer && answer.error().code != ErrorCode::kConflict) return answer.error();
  if (answer) {
    TRY(wants_file, answer->bool_at("upload"));
    if (!wants_file) return send_deltas(client, options.school, file, wanted, clock);
  }
  // Devices are told when the whole file is there: what makes it out of theirs has to be there before.
  const Status deltas = send_deltas(client, options.school, file, wanted, clock);
  TRY_DONE(upload(client, options, wanted, file));
  return deltas;
}

}  // namespace

Status run_policy_push(const PolicyPushOptions& options, const Clock& clock) {
  if (options.policy.empty() && options.lists.empty() && options.root.empty()) {
    return make_error(ErrorCode::kInvalidInput, "nothing to push: --policy, --lists or --root");
  }
  TRY(desk, sit_down(options));
  if (!options.root.empty()) TRY_DONE(publish(desk.client, "root.publish", options.root, clock));
  if (!options.lists.empty()) TRY_DONE(push_lists(desk.client, options, clock));
  if (!options.policy.empty()) TRY_DONE(publish(desk.client, "policy.publish", options.policy, clock));
  return ok();
}

}  // namespace caretaker::agent
