#include <cstdio>
#include <filesystem>
#include <memory>

#include "agent/cli/build_report.h"
#include "agent/cli/commands.h"
#include "agent/cli/progress.h"
#include "agent/cli/set_compiler.h"
#include "platform/files.h"
#include "platform/stop_signal.h"
#include "policy/policy.h"

namespace caretaker::agent {
namespace {

constexpr std::size_t kMaxPolicyText = 1u << 20;

struct BuildOptions {
  std::vector<std::string> lists;
  std::string category, policy, popular, release, keep, out;
  std::uint32_t salt_number = 0;
  bool progress = false;
};

// Hands the names of a file, in any form of list, to the screen. No file: no names.
template <typename Watch>
Status watch_file(const std::string& path, Watch watch) {
  if (path.empty()) return ok();
  TRY(list, ListText::open({"", path}));
  const auto report = policy::parse_list(list.text(), [&](std::string_view name) {
    watch(name);
    return true;
  });
  if (report.bad == 0) return ok();
  const auto& first = report.examples.front();
  return make_error(ErrorCode::kInvalidInput, path + ", line " + std::to_string(first.number) + ": " + first.why);
}

Result<policy::Policy> read_policy(const std::string& path) {
  if (path.empty()) return policy::Policy{};
  auto text = platform::read_file(path, kMaxPolicyText);
  if (!text) return text.error().with_context(path);
  auto parsed = policy::parse_policy(as_text(*text), policy::Strictness::kTechnician);
  if (parsed.usable()) return std::move(parsed.policy);
  return make_error(ErrorCode::kInvalidInput, path + ": not a usable policy; see `caretaker policy check`");
}

Status write_outputs(const std::filesystem::path& folder, const CompiledSet& compiled) {
  TRY_DONE(platform::make_folder(folder, 0755));
  const auto write = [&](const char* name, ByteView bytes) { return platform::replace_file(folder / name, bytes, 0644); };
  TRY_DONE(write("lists.set", compiled.file));
  TRY_DONE(write("lists.sources.json", as_bytes(make_sources_json(compiled).dump(2) + "\n")));
  TRY_DONE(write("lists.findings.txt", as_bytes(make_findings_text(compiled))));
  return write("lists.json", sync::make_lists_draft(make_manifest(compiled)));  // last: it names the others' content
}

Result<policy::ListScreen> make_screen(const BuildOptions& options, const policy::Policy& policy) {
  policy::ListScreen screen;
  for (const auto& group : policy.groups) {
    for (const auto& name : group.allowed_names) screen.watch_allowed(name);
  }
  TRY_DONE(watch_file(options.popular, [&](std::string_view name) { screen.watch_popular(name); }));
  TRY_DONE(watch_file(options.release, [&](std::string_view name) { screen.release(name); }));
  TRY_DONE(watch_file(options.keep, [&](std::string_view name) { screen.keep(name); }));
  return screen;
}

Status build_policy_lists(const BuildOptions& options) {
  TRY(stop, platform::StopSignal::install([] {}));
  TRY(found, find_list_sources(options.lists, options.category));
  TRY(policy, read_policy(options.policy));
  Progress progress(options.progress);
  const auto show = [&](std::string_view what, int percent) {
    progress.show(what, percent);
    return !stop.requested();
  };
  if (!show("reading popular names", 0)) return make_error(ErrorCode::kUnavailable, "cancelled; nothing was written");
  TRY(screen, make_screen(options, policy));
  TRY(compiled, compile_set(found.sources, screen, options.salt_number, show));
  TRY_DONE(write_outputs(options.out, compiled));
  progress.finish();

  BuildNotes notes{found.skipped, screen.idle_decisions(), screen.locked_anyway(), {}};
  for (const auto& group : policy.groups) {
    notes.blocked.insert(group.blocked_categories.begin(), group.blocked_categories.end());
  }
  std::fputs(make_build_summary(compiled, notes).c_str(), stdout);
  std::printf("\nWritten: %s and lists.json beside it, to be signed with `caretaker policy sign`.\n",
              (std::filesystem::path(options.out) / "lists.set").c_str());
  return ok();
}

}  // namespace

void add_policy_build(Command& policy) {
  auto options = std::make_shared<BuildOptions>();
  auto build = policy.command("build", "Compile public lists into one set, ready to be looked at and signed");
  build.option("--lists", options->lists,
                    "Folder of CATEGORY/domains, or a file or https address as CATEGORY=PLACE; may be given several times")
      .required().shown_as("PLACE");
  build.option("--category", options->category, "Category of single files that have none in front");
  build.option("--policy", options->policy, "Policy whose allow-lists and categories are checked against the lists");
  build.option("--popular", options->popular, "Popular names, most popular first: what over-blocking would hit");
  build.option("--release", options->release, "Rules that are wrong: they leave the set (never the locked class)");
  build.option("--keep", options->keep, "Rules that are right although what they block is popular");
  build.option("--salt-number", options->salt_number, "Another number when a look-up collides");
  build.flag("--progress", options->progress, "Show progress where standard error is no terminal, too");
  build.option("--out", options->out, "Folder for lists.set, lists.json, lists.sources.json, lists.findings.txt").required();
  build.does([options] { return build_policy_lists(*options); });
}

}  // namespace caretaker::agent
