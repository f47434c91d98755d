#include "agent/guard/set_in_force.h"

namespace caretaker::agent {

Result<SetInForce> SetInForce::open(const std::filesystem::path& path, const sync::ListsManifest& manifest) {
  TRY(opened, platform::open_read_only(path));
  TRY(file, platform::MappedFile::map(opened));
  TRY(view, policy::SetView::open(file.bytes()));
  TRY(content, view.canonical_content());
  if (content.all != manifest.content || content.locked != manifest.locked_content ||
      content.names != manifest.names || content.locked_names != manifest.locked_names) {
    return make_error(ErrorCode::kUnauthentic, "the set file is not the one that the lists' manifest names");
  }
  return SetInForce(std::move(file), std::move(view));
}

}  // namespace caretaker::agent
