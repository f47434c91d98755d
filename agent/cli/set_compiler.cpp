#include "agent/cli/set_compiler.h"

#include <filesystem>

#include "policy/categories.h"

namespace caretaker::agent {
namespace {

constexpr int kReadingPercent = 80;  // of the whole work; the rest is building
constexpr std::uint64_t kNamesBetweenLooks = 8192;

Error cancelled() { return make_error(ErrorCode::kUnavailable, "cancelled; nothing was written"); }

// 0 for what is still to be downloaded.
std::uint64_t known_size(const ListSource& source) {
  std::error_code error;
  const auto size = std::filesystem::file_size(source.place, error);
  return error ? 0 : size;
}

class Compiler {
 public:
  Compiler(policy::ListScreen& screen, std::uint32_t salt_number, const ShowProgress& show)
      : screen_(screen), show_(show), builder_(policy::set_salt(salt_number)) {}

  [[nodiscard]] Status read(const ListSource& source, int percent) {
    if (!show_("reading " + source.place, percent)) return cancelled();
    TRY(list, ListText::open(source));
    TRY(number, number_of(source.category));
    const bool locked = policy::is_locked_category(source.category);
    ReadList read{source, {}, 0, 0};
    bool go_on = true;
    std::uint64_t seen = 0;
    read.report = policy::parse_list(list.text(), [&](std::string_view name) {
      const auto judgement = screen_.judge(name, number, locked);
      if (judgement == policy::ListScreen::Judgement::kTake) builder_.add(name, number);
      else if (judgement == policy::ListScreen::Judgement::kReleased) ++read.released;
      else ++read.public_suffixes;
      if (++seen % kNamesBetweenLooks == 0) go_on = show_("reading " + source.place, percent);
      return go_on;
    });
    if (!go_on) return cancelled();
    compiled_.lists.push_back(std::move(read));
    return ok();
  }

  [[nodiscard]] Result<CompiledSet> finish() && {
    auto file = builder_.build([this](int percent) {
      return show_("building the set", kReadingPercent + percent * (100 - kReadingPercent) / 100);
    });
    if (!file) return file.error().code == ErrorCode::kUnavailable ? cancelled() : file.error();
    compiled_.file = std::move(*file);
    TRY(set, policy::SetView::open(compiled_.file));
    TRY(content, set.canonical_content());
    const auto collisions = screen_.collisions(set);
    if (!collisions.empty()) {
      return make_error(ErrorCode::kConflict, collisions.front() + " looks like a listed name under this salt; build again "
                                              "with another --salt-number");
    }
    compiled_.content = content;
    compiled_.categories = set.categories();
    compiled_.undecided = screen_.undecided();
    return std::move(compiled_);
  }

 private:
  [[nodiscard]] Result<int> number_of(const std::string& category) {
    TRY(number, builder_.category(category, false));
    if (static_cast<std::size_t>(number) == compiled_.category_names.size()) compiled_.category_names.push_back(category);
    return number;
  }

  policy::ListScreen& screen_;
  const ShowProgress& show_;
  policy::SetBuilder builder_;
  CompiledSet compiled_;
};

}  // namespace

Result<CompiledSet> compile_set(const std::vector<ListSource>& sources, policy::ListScreen& screen, std::uint32_t salt_number,
                                const ShowProgress& show) {
  Compiler compiler(screen, salt_number, show);
  std::uint64_t total = 1;
  for (const auto& source : sources) total += known_size(source);
  std::uint64_t done = 0;
  for (const auto& source : sources) {
    TRY_DONE(compiler.read(source, static_cast<int>(kReadingPercent * done / total)));
    done += known_size(source);
  }
  return std::move(compiler).finish();
}

}  // namespace caretaker::agent
