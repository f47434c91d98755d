#include "agent/cli/list_sources.h"

#include <algorithm>
#include <filesystem>
#include <tuple>

#include "platform/http_transport.h"
#include "policy/categories.h"

namespace caretaker::agent {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxDownload = 256u << 20;
constexpr std::chrono::seconds kDownloadTimeout{600};

// "CATEGORY=place" in two. A '=' behind anything that no category can hold belongs to the place.
ListSource split_place(const std::string& place, const std::string& category) {
  const auto equals = place.find('=');
  if (equals == std::string::npos || !policy::is_category_id(place.substr(0, equals))) return {category, place};
  return {place.substr(0, equals), place.substr(equals + 1)};
}

class Finder {
 public:
  [[nodiscard]] Status add(const std::string& text, const std::string& fallback) {
    auto [category, place] = split_place(text, fallback);
    if (place.starts_with("http://")) {
      return make_error(ErrorCode::kInvalidInput, place + ": a list is fetched by https:// only");
    }
    std::error_code error;
    if (!place.starts_with("https://") && fs::is_directory(place, error)) return add_folder(place, category);
    if (!place.starts_with("https://") && !fs::exists(place, error)) {
      return make_error(ErrorCode::kNotFound, place + ": no such file or folder");
    }
    if (category.empty()) {
      return make_error(ErrorCode::kInvalidInput, place + ": say its category: --lists CATEGORY=" + place);
    }
    return take(category, place);
  }

  [[nodiscard]] ListSources finish() && {
    const auto key = [](const ListSource& source) { return std::tie(source.category, source.place); };
    std::ranges::sort(found_.sources, {}, key);
    return std::move(found_);
  }

 private:
  [[nodiscard]] Status add_folder(const fs::path& folder, const std::string& category) {
    std::error_code error;
    if (fs::is_regular_file(folder / "domains", error)) {
      const auto name = fs::path(folder / "domains").parent_path().filename().string();
      return take(category.empty() ? name : category, folder / "domains");
    }
    const auto before = found_.sources.size() + found_.skipped.size();
    for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
      std::error_code ignored;
      if (!fs::is_directory(at->path(), ignored)) continue;
      const auto name = at->path().filename().string();
      if (!fs::is_regular_file(at->path() / "domains", ignored)) {
        found_.skipped.push_back(at->path().string() + ": no file `domains` in it");
      } else if (category.empty() && !policy::is_category_id(name)) {
        found_.skipped.push_back(at->path().string() + ": not a category's name (a-z, 0-9, _ and - only)");
      } else {
        TRY_DONE(take(category.empty() ? name : category, at->path() / "domains"));
      }
    }
    if (error) return make_error(ErrorCode::kUnavailable, folder.string() + ": " + error.message());
    if (found_.sources.size() + found_.skipped.size() == before) {
      return make_error(ErrorCode::kNotFound, folder.string() + ": no CATEGORY/domains in it");
    }
    return ok();
  }

  [[nodiscard]] Status take(const std::string& name, const fs::path& place) {
    if (!policy::is_category_id(name)) {
      return make_error(ErrorCode::kInvalidInput, "\"" + name + "\" cannot be a category: a-z, 0-9, _ and - only");
    }
    const auto category = policy::category_for_list(name);
    if (category) found_.sources.push_back({std::string(*category), place.string()});
    else found_.skipped.push_back(place.string() + ": a list of names to allow, not to block");
    return ok();
  }

  ListSources found_;
};

Result<Bytes> download(const std::string& address) {
  const auto path_at = address.find('/', std::string_view("https://").size());
  const auto server = address.substr(0, path_at);
  TRY(transport, platform::make_http_transport(server, {}));
  platform::HttpRequest request;
  request.method = "GET";
  request.path = path_at == std::string::npos ? "/" : address.substr(path_at);
  Bytes body;
  const auto sink = [&body](ByteView piece) {
    body.insert(body.end(), piece.begin(), piece.end());
    return ok();
  };
  auto response = transport->send(request, {kDownloadTimeout, kMaxDownload}, sink);
  if (!response) return response.error().with_context(address);
  if (response->status != 200) {
    const std::string hint = response->status / 100 == 3 ? " (it has moved: give its new address)" : "";
    return make_error(ErrorCode::kUnavailable, address + ": status " + std::to_string(response->status) + hint);
  }
  return body;
}

bool is_compressed(std::string_view text) {
  return text.starts_with("\x1f\x8b") || text.starts_with("\x28\xb5\x2f\xfd") || text.starts_with("PK\x03\x04") ||
         text.starts_with("BZh") || text.starts_with("\xfd" "7zXZ");
}

}  // namespace

Result<ListSources> find_list_sources(const std::vector<std::string>& places, const std::string& category) {
  Finder finder;
  for (const auto& place : places) TRY_DONE(finder.add(place, category));
  return std::move(finder).finish();
}

Result<ListText> ListText::open(const ListSource& source) {
  std::optional<ListText> list;
  if (source.place.starts_with("https://")) {
    TRY(body, download(source.place));
    list = ListText(std::move(body));
  } else {
    auto file = platform::open_read_only(source.place);
    if (!file) return file.error().with_context(source.place);
    auto mapped = platform::MappedFile::map(*file);
    if (!mapped) return mapped.error().with_context(source.place);
    list = ListText(std::move(*mapped));
  }
  if (is_compressed(list->text())) {
    return make_error(ErrorCode::kUnsupported, source.place + ": it is compressed; unpack it first");
  }
  return std::move(*list);
}

std::string_view ListText::text() const {
  const auto* mapped = std::get_if<platform::MappedFile>(&source_);
  return as_text(mapped != nullptr ? mapped->bytes() : ByteView(std::get<Bytes>(source_)));
}

}  // namespace caretaker::agent
