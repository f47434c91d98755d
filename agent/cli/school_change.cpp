#include "agent/cli/school_change.h"

#include <cstdio>
#include <functional>

#include "agent/cli/passphrase.h"
#include "agent/cli/root_draft.h"
#include "agent/cli/root_edit.h"
#include "agent/cli/root_words.h"
#include "agent/cli/table.h"
#include "platform/files.h"
#include "platform/terminal.h"
#include "sync/fields.h"
#include "sync/limits.h"

namespace caretaker::agent {
namespace {

using sync::Root;

std::filesystem::path draft_of(const DraftOptions& options) {
  return options.draft.empty() ? options.school / "next-root.json" : options.draft;
}

Result<sync::PublicPerson> read_person(const std::filesystem::path& path) {
  TRY(file, platform::read_file(path, 64u << 10));
  auto person = sync::parse_public_person(file);
  return person ? std::move(person) : Result<sync::PublicPerson>(person.error().with_context(path.string()));
}

Result<RootDraft> read_draft(const std::filesystem::path& path, const School& school) {
  auto file = platform::read_file(path, sync::kMaxRootBytes);
  if (!file && file.error().code == ErrorCode::kNotFound) {
    return make_error(ErrorCode::kNotFound, path.string() + ": there is no draft (caretaker school add, remove, replace, renew, ... begin one)");
  }
  if (!file) return file.error();
  auto draft = open_draft(*file, school.root);
  return draft ? std::move(draft) : Result<RootDraft>(draft.error().with_context(path.string()));
}

void print_lines(const std::vector<std::string>& lines, const char* before) {
  for (const std::string& line : lines) std::printf("%s%s\n", before, line.c_str());
}

void tell_change(const School& school, const Root& next, UnixSeconds now) {
  const Root& current = school.root.root();
  const auto changes = describe_change(current, next);
  std::printf("Root %lld of %s:\n", static_cast<long long>(next.version), printable(next.school_name).c_str());
  print_lines(changes, "  - ");
  if (changes.empty()) std::printf("  - nobody may do more or less than before\n");
  std::printf("  - good until %s; the one in force until %s\n", to_rfc3339(next.expires).c_str(), to_rfc3339(current.expires).c_str());
  print_lines(root_warnings(next, now), "  warning: ");
}

// A draft that was begun, or a new one; what was signed of it is void once it changes.
struct Begun {
  Root root;
  bool was_signed = false;
};
Result<Begun> begin(const DraftOptions& options, const School& school, UnixSeconds now) {
  const auto path = draft_of(options);
  if (auto there = platform::read_file(path, sync::kMaxRootBytes); !there && there.error().code == ErrorCode::kNotFound) {
    return Begun{start_next_root(school.root.root(), now)};
  }
  TRY(draft, read_draft(path, school));
  return Begun{std::move(draft.root), !draft.signers.empty()};
}

Status change(const DraftOptions& options, const Clock& clock, const std::function<Status(Root&)>& edit) {
  TRY(school, open_school(options.school));
  TRY(begun, begin(options, school, clock.now()));
  TRY_DONE(edit(begun.root));
  TRY_DONE(check_sense(begun.root));
  const auto path = draft_of(options);
  TRY_DONE(platform::replace_file(path, make_draft(begun.root), 0644));
  tell_change(school, begun.root, clock.now());
  if (begun.was_signed) std::printf("It had signatures; they are gone, for it says something else now.\n");
  std::printf("\nNothing is in force yet. The draft is %s. Each holder of a root key reads and signs it\n"
              "(caretaker school sign), here or on a machine of their own; then caretaker school publish.\n", path.c_str());
  return ok();
}

Status check_may_sign(const sync::PersonKey& key, const Root& current, const Root& next) {
  const sync::KeyId id = sync::key_id(key.signing.public_key);
  if (role_ring(current, sync::Role::kRoot).contains(id) || role_ring(next, sync::Role::kRoot).contains(id)) return ok();
  return make_error(ErrorCode::kPermissionDenied, printable(key.holder) + " holds no root key: this signature would count for nothing");
}

Status ask_consent(bool yes) {
  if (yes) return ok();
  if (!platform::has_terminal()) return make_error(ErrorCode::kUnavailable, "there is no terminal to ask on; --yes signs without a question");
  TRY(answer, platform::ask_line("\nIs this what you want to sign? Type yes, or anything else to leave it: "));
  if (answer == "yes") return ok();
  return make_error(ErrorCode::kPermissionDenied, "not signed");
}

Status publish_root(Desk& desk, const Bytes& envelope, const Clock& clock) {
  const auto answer = desk.client.ask("root.publish", Json::Object{{"envelope", to_base64(envelope)}}, clock);
  if (!answer) return answer.error();
  TRY(version, answer->int_at("version"));
  std::printf("%s: root %lld is published; devices take it at their next check-in.\n", printable(desk.school.name).c_str(), static_cast<long long>(version));
  return ok();
}

}  // namespace

Status run_school_show(const SchoolShowOptions& options, const Clock& clock) {
  TRY(school, open_school(options.school));
  if (options.draft.empty()) {
    std::fputs(show_root(school.root.root(), clock.now()).c_str(), stdout);
    return ok();
  }
  TRY(draft, read_draft(options.draft, school));
  std::fputs(show_root(draft.root, clock.now()).c_str(), stdout);
  std::printf("\n");
  tell_change(school, draft.root, clock.now());
  const std::string missing = missing_signatures(draft, school.root);
  std::printf("%s\n", missing.empty() ? "Signed by enough holders: caretaker school publish." : ("Still to sign: " + missing).c_str());
  return ok();
}

Status run_school_add(const SchoolAddOptions& options, const Clock& clock) {
  TRY(person, read_person(options.person));
  TRY(office, find_office(options.office));
  return change(options, clock, [&](Root& root) { return add_person(root, person, *office); });
}

Status run_school_remove(const SchoolRemoveOptions& options, const Clock& clock) {
  return change(options, clock, [&](Root& root) { return remove_person(root, options.holder); });
}

Status run_school_replace(const SchoolReplaceOptions& options, const Clock& clock) {
  TRY(person, read_person(options.person));
  return change(options, clock, [&](Root& root) { return replace_person(root, options.holder, person); });
}

Status run_school_threshold(const SchoolThresholdOptions& options, const Clock& clock) {
  TRY(role, sync::parse_role(options.role));
  return change(options, clock, [&, role = role](Root& root) { return set_threshold(root, role, options.people); });
}

Status run_school_server(const SchoolServerOptions& options, const Clock& clock) {
  TRY(file, platform::read_file(options.server_info, 8192));
  const auto server = parse_server_info(file);
  if (!server) return server.error().with_context(options.server_info.string());
  return change(options, clock, [&](Root& root) { return move_server(root, *server, options.keep_old); });
}

Status run_school_renew(const SchoolRenewOptions& options, const Clock& clock) {
  const UnixSeconds now = clock.now();
  return change(options, clock, [&](Root& root) {
    root.issued = std::max(now, root.issued);
    root.expires = root.issued + kRootLifetime;
    if (!options.name.empty()) root.school_name = options.name;
    return ok();
  });
}

Status run_school_reset(const SchoolResetOptions& options, const Clock& clock) {
  return change(options, clock, [&](Root& root) { return start_generation(root, options.what); });
}

Status run_school_sign(const SchoolSignOptions& options, const Clock& clock) {
  TRY(school, open_school(options.school));
  const auto path = draft_of(options);
  TRY(draft, read_draft(path, school));
  TRY_DONE(check_sense(draft.root));
  tell_change(school, draft.root, clock.now());
  TRY_DONE(ask_consent(options.yes));
  TRY(key, open_person(options.key, options.passphrase_file));
  TRY_DONE(check_may_sign(key, school.root.root(), draft.root));
  TRY(file, platform::read_file(path, sync::kMaxRootBytes));
  TRY(envelope, sign_draft(file, key.signing));
  TRY(after, open_draft(envelope, school.root));
  if (after.payload != draft.payload) return make_error(ErrorCode::kConflict, "the draft was changed while it was read: look at it again");
  TRY_DONE(platform::replace_file(path, envelope, 0644));
  const std::string missing = missing_signatures(after, school.root);
  std::printf("\nSigned by %s. %s\n", printable(key.holder).c_str(),
              missing.empty() ? "That is enough: caretaker school publish." : ("Still to sign: " + missing).c_str());
  return ok();
}

Status run_school_publish(const SchoolPublishOptions& options, const Clock& clock) {
  TRY(school, open_school(options.school));
  const auto path = draft_of(options);
  TRY(draft, read_draft(path, school));
  if (const std::string missing = missing_signatures(draft, school.root); !missing.empty()) {
    return make_error(ErrorCode::kUnauthentic, "still to sign: " + missing);
  }
  TRY(envelope, platform::read_file(path, sync::kMaxRootBytes));
  TRY(next, school.root.open_next({envelope}));
  TRY(desk, sit_down({options.school, options.key, options.passphrase_file}, std::move(school)));
  TRY_DONE(publish_root(desk, envelope, clock));
  TRY_DONE(add_root(desk.school.folder, next, envelope));
  return platform::remove_file(path);
}

Status run_school_update(const SchoolUpdateOptions& options, const Clock& clock) {
  TRY(desk, sit_down(options));
  School& school = desk.school;
  const Root before = school.root.root();
  for (bool more = true; more;) {
    TRY(answer, desk.client.ask("roots.list", Json::Object{{"after", school.root.root().version}}, clock));
    TRY(roots, sync::blobs_at(answer, "roots", sync::kMaxAnswerRoots, sync::kMaxRootBytes));
    more = !roots.empty();
    for (Bytes& envelope : roots) {
      TRY(next, school.root.open_next({envelope}));
      TRY_DONE(add_root(school.folder, next, envelope));
      school.root = std::move(next);
    }
  }
  const Root& now = school.root.root();
  if (now.version == before.version) {
    std::printf("Nothing new: root %lld is the newest.\n", static_cast<long long>(now.version));
    return ok();
  }
  std::printf("From root %lld to root %lld:\n", static_cast<long long>(before.version), static_cast<long long>(now.version));
  print_lines(describe_change(before, now), "  - ");
  return ok();
}

}  // namespace caretaker::agent
