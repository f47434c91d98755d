#include "agent/cli/import.h"

#include <algorithm>
#include <cstdio>
#include <memory>

#include "agent/cli/check_words.h"
#include "agent/cli/commands.h"
#include "agent/cli/school_folder.h"
#include "agent/cli/table.h"
#include "agent/guard_client.h"
#include "platform/files.h"
#include "sync/bundle.h"
#include "sync/limits.h"
#include "sync/root_pages.h"

namespace caretaker::agent {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxFolderLetters = 4096;

struct ImportOptions {
  fs::path folder;
  fs::path work = "/var/lib/caretaker";
  fs::path socket = kDefaultSocket;
};

// Empty where there is no such file.
Result<Bytes> read_if_there(const fs::path& path, std::size_t most) {
  auto bytes = platform::read_file(path, most);
  if (!bytes && bytes.error().code == ErrorCode::kNotFound) return Bytes{};
  return bytes;
}

Result<std::vector<Bytes>> read_letters(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(folder, none)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  if (files.size() > kMaxFolderLetters) return make_error(ErrorCode::kTooLarge, folder.string() + ": more than " + std::to_string(kMaxFolderLetters) + " letters");
  std::vector<Bytes> out;
  for (const fs::path& file : files) {
    TRY(bytes, platform::read_file(file, sync::kMaxLetterBytes));
    out.push_back(std::move(bytes));
  }
  return out;
}

Result<std::vector<Bytes>> read_roots(const fs::path& folder) {
  std::vector<Bytes> out;
  while (out.size() < sync::kMaxKeptRoots) {
    TRY(root, read_if_there(folder / (std::to_string(out.size() + 1) + ".json"), sync::kMaxRootBytes));
    if (root.empty()) break;
    out.push_back(std::move(root));
  }
  return out;
}

// At most `most` of them in each.
void add_parcels(std::vector<sync::CheckinAnswer>& out, std::vector<Bytes> blobs, std::vector<Bytes> sync::CheckinAnswer::*part, std::size_t most) {
  for (std::size_t i = 0; i < blobs.size(); ++i) {
    if (i % most == 0) out.emplace_back();
    (out.back().*part).push_back(std::move(blobs[i]));
  }
}

// "policy.refused B5" with what B5 means.
std::string explain_line(const std::string& line) {
  const std::size_t space = line.find(' ');
  if (line.find(".refused") == std::string::npos || space == std::string::npos) return printable(line);
  const std::string rule = line.substr(space + 1);
  return printable(line.substr(0, space)) + " " + in_words(rule.substr(0, rule.find(':')));
}

// The guard takes a file only from its own file system: a copy goes there first.
Status import_set(const ImportOptions& options, const fs::path& set, GuardClient& guard) {
  const fs::path copy = options.work / "import.set";
  std::error_code failed;
  fs::copy_file(set, copy, fs::copy_options::overwrite_existing, failed);
  if (failed) return make_error(ErrorCode::kUnavailable, "copy " + set.string() + ": " + failed.message());
  const auto file = platform::open_read_only(copy);
  const Status taken = file ? guard.import_set(*file) : Status(file.error());
  TRY_DONE(platform::remove_file(copy));
  if (taken) std::printf("The lists are in force.\n");
  else if (taken.error().code == ErrorCode::kNotFound) std::printf("No lists wait for the set file: these are here already, or were refused.\n");
  return taken || taken.error().code == ErrorCode::kNotFound ? ok() : taken;
}

Status run_import(const ImportOptions& options) {
  TRY(parcels, read_parcels(options.folder));
  const fs::path set = options.folder / "lists.set";
  std::error_code none;
  const bool has_set = fs::exists(set, none);
  if (parcels.empty() && !has_set) {
    return make_error(ErrorCode::kNotFound, options.folder.string() + " has nothing for a device (caretaker policy export makes such a folder)");
  }
  TRY(guard, GuardClient::connect(options.socket));
  bool refused = false;
  for (const sync::CheckinAnswer& parcel : parcels) {
    TRY(lines, guard.import(parcel));
    for (const std::string& line : lines) {
      refused = refused || line.find(".refused") != std::string::npos;
      std::printf("%s\n", explain_line(line).c_str());
    }
  }
  if (has_set) TRY_DONE(import_set(options, set, guard));
  if (refused) return make_error(ErrorCode::kPermissionDenied, "not everything was taken; what was in force before stays");
  return ok();
}

Status copy_into(const fs::path& from, const fs::path& to) {
  std::error_code failed;
  fs::copy_file(from, to, fs::copy_options::overwrite_existing, failed);
  if (failed) return make_error(ErrorCode::kUnavailable, "copy " + from.string() + ": " + failed.message());
  std::printf("  %s\n", to.c_str());
  return ok();
}

}  // namespace

Result<std::vector<sync::CheckinAnswer>> read_parcels(const fs::path& folder) {
  std::vector<sync::CheckinAnswer> out;
  TRY(roots, read_roots(folder / "roots"));
  add_parcels(out, std::move(roots), &sync::CheckinAnswer::roots, sync::kMaxAnswerRoots);
  TRY(policy, read_if_there(folder / "policy.json", sync::kMaxEnvelopeBytes));
  TRY(lists, read_if_there(folder / "lists.json", sync::kMaxEnvelopeBytes));
  if (!policy.empty() || !lists.empty()) {
    if (out.empty()) out.emplace_back();
    out.back().policy = std::move(policy);
    out.back().lists = std::move(lists);
  }
  TRY(letters, read_letters(folder / "letters"));
  add_parcels(out, std::move(letters), &sync::CheckinAnswer::letters, sync::kMaxLetters);
  return out;
}

Status run_policy_export(const ExportOptions& options, const Clock& clock) {
  TRY(school, open_school(options.school));
  // What no device would take is not worth carrying about.
  if (!options.policy.empty()) {
    TRY(bytes, platform::read_file(options.policy, sync::kMaxEnvelopeBytes));
    TRY_DONE(sync::open_policy({std::move(bytes)}, school.root, 0, clock.now()));
  }
  if (!options.lists.empty()) {
    TRY(bytes, platform::read_file(options.lists, sync::kMaxEnvelopeBytes));
    TRY_DONE(sync::open_lists({std::move(bytes)}, school.root, std::nullopt, clock.now()));
  }
  TRY_DONE(platform::make_folder(options.folder / "roots", 0755));
  TRY_DONE(platform::make_folder(options.folder / "letters", 0755));
  std::printf("For devices without a network (there: caretaker import FOLDER):\n");
  for (std::int64_t version = 1; version <= school.root.root().version; ++version) {
    const std::string name = std::to_string(version) + ".json";
    TRY_DONE(copy_into(school.folder / "roots" / name, options.folder / "roots" / name));
  }
  if (!options.policy.empty()) TRY_DONE(copy_into(options.policy, options.folder / "policy.json"));
  if (!options.lists.empty()) TRY_DONE(copy_into(options.lists, options.folder / "lists.json"));
  if (!options.set.empty()) TRY_DONE(copy_into(options.set, options.folder / "lists.set"));
  for (const fs::path& letter : options.letters) TRY_DONE(copy_into(letter, options.folder / "letters" / letter.filename()));
  return ok();
}

void add_import(Command& program) {
  auto command = program.command("import", "Take policy, lists and letters from a folder, as they would come from the server");
  const auto options = std::make_shared<ImportOptions>();
  command.option("FOLDER", options->folder, "As `caretaker policy export` leaves it").required();
  command.option("--work", options->work, "Folder on the file system of the guard's own, for a copy of the lists");
  command.option("--socket", options->socket, "The guard's control socket");
  command.does([options] { return run_import(*options); });
}

}  // namespace caretaker::agent
