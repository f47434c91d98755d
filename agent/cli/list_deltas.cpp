#include "agent/cli/list_deltas.h"

#include <algorithm>
#include <cstdio>
#include <vector>

#include "agent/cli/set_view_file.h"
#include "platform/files.h"
#include "policy/set_delta.h"

namespace caretaker::agent {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kKept = 3;

// Those that are kept, the newest first.
std::vector<fs::path> kept_sets(const fs::path& folder) {
  std::vector<std::pair<fs::file_time_type, fs::path>> found;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(folder, none)) {
    if (entry.path().extension() == ".set") found.emplace_back(entry.last_write_time(none), entry.path());
  }
  std::ranges::sort(found, std::greater());
  std::vector<fs::path> out;
  for (const auto& [time, path] : found) out.push_back(path);
  return out;
}

Status send_delta(StaffClient& client, const Hash& base, const Hash& file, Bytes delta, const Clock& clock) {
  const Hash name = hash(delta);
  TRY(answer, client.ask("lists.delta", Json::Object{{"base", to_hex(base)}, {"file", to_hex(file)}, {"delta", to_hex(name)},
                                                     {"size", static_cast<std::int64_t>(delta.size())}}, clock));
  TRY(wants, answer.bool_at("upload"));
  std::printf("From lists %s: a delta of %zu bytes\n", to_hex(base).substr(0, 12).c_str(), delta.size());
  return wants ? client.upload_set(name, std::move(delta)) : ok();
}

Status delta_from(StaffClient& client, const fs::path& path, const policy::SetView& after, std::size_t size, const Hash& file, const Clock& clock) {
  TRY(before, open_set_file(path));
  const Hash base = hash(before.file.bytes());
  if (base == file) return ok();
  auto delta = policy::make_set_delta(before.view, after);
  if (!delta || delta->size() > size / 2) return ok();
  return send_delta(client, base, file, std::move(*delta), clock);
}

}  // namespace

Status send_deltas(StaffClient& client, const fs::path& school, ByteView set, const Hash& file, const Clock& clock) {
  const fs::path folder = school / "sets";
  TRY(after, policy::SetView::open(set));
  const auto kept = kept_sets(folder);
  for (const fs::path& path : kept) {
    // Devices do without: they fetch the whole.
    if (auto sent = delta_from(client, path, after, set.size(), file, clock); !sent) {
      std::printf("No delta from %s: %s\n", path.filename().c_str(), sent.error().message.c_str());
    }
  }
  TRY_DONE(platform::make_folder(folder, 0755));
  const fs::path own = folder / (to_hex(file).substr(0, 32) + ".set");
  TRY_DONE(platform::replace_file(own, set, 0644));
  for (std::size_t i = kKept - 1; i < kept.size(); ++i) {
    if (kept[i] != own) TRY_DONE(platform::remove_file(kept[i]));
  }
  return ok();
}

}  // namespace caretaker::agent
