#include "agent/guard/set_in_force.h"

namespace caretaker::agent {

Result<SetInForce> SetInForce::open_installed(const std::filesystem::path& path) {
  TRY(opened, platform::open_read_only(path));
  TRY(file, platform::MappedFile::map(opened));
  TRY(view, policy::SetView::open(file.bytes(), platform::make_file_reader(std::move(opened))));
  return SetInForce(std::move(file), std::move(view));
}

Result<SetInForce> SetInForce::open(const std::filesystem::path& path, const sync::ListsManifest& manifest) {
  TRY(set, open_installed(path));
  while (!set.is_checked()) TRY_DONE(set.check_part(manifest));
  return set;
}

Status SetInForce::check_part(const sync::ListsManifest& manifest) {
  TRY(content, walk_->next(view_));
  if (!content) return ok();
  walk_.reset();
  if (content->all != manifest.content || content->locked != manifest.locked_content ||
      content->names != manifest.names || content->locked_names != manifest.locked_names) {
    return make_error(ErrorCode::kUnauthentic, "the set file is not the one that the lists' manifest names");
  }
  return ok();
}

}  // namespace caretaker::agent
