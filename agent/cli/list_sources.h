// Where public lists come from: folders in the layout of UT1 (Toulouse), single files, https addresses.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "platform/base/bytes.h"
#include "platform/base/result.h"
#include "platform/files.h"

namespace caretaker::agent {

struct ListSource {
  std::string category;  // our id for it
  std::string place;     // a path, or "https://..."
};

struct ListSources {
  std::vector<ListSource> sources;   // in order of category and place
  std::vector<std::string> skipped;  // for people: what was not taken, and why
};

// Each place is "DIR", "FILE", "https://..." or one of the last two with "CATEGORY=" in front. A DIR holds a `domains` file or
// folders that do, named by the category. `category` is for single files that are not given one.
[[nodiscard]] Result<ListSources> find_list_sources(const std::vector<std::string>& places, const std::string& category);

// A list's text, mapped or downloaded. A compressed one is an error that says so.
class ListText {
 public:
  [[nodiscard]] static Result<ListText> open(const ListSource& source);
  [[nodiscard]] std::string_view text() const;

 private:
  using Source = std::variant<platform::MappedFile, Bytes>;
  explicit ListText(Source source) : source_(std::move(source)) {}
  Source source_;
};

}  // namespace caretaker::agent
