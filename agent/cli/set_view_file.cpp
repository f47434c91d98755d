#include "agent/cli/set_view_file.h"

namespace caretaker::agent {

Result<SetViewFile> open_set_file(const std::filesystem::path& path) {
  const auto in_file = [&](const Error& error) { return error.with_context(path.string()); };
  auto opened = platform::open_read_only(path);
  if (!opened) return in_file(opened.error());
  auto mapped = platform::MappedFile::map(*opened);
  if (!mapped) return in_file(mapped.error());
  auto view = policy::SetView::open(mapped->bytes(), platform::make_file_reader(std::move(*opened)));
  if (!view) return in_file(view.error());
  return SetViewFile{std::move(*mapped), std::move(*view)};
}

}  // namespace caretaker::agent
