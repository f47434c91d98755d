// `caretaker policy build` without its command line: finding lists, compiling them, and what is said about it.
#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>

#include "agent/cli/build_report.h"
#include "agent/cli/set_compiler.h"
#include "tests/unit/platform/temporary_folder.h"

using namespace caretaker;
using namespace caretaker::agent;
namespace fs = std::filesystem;

namespace {

void write(const fs::path& path, std::string_view text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

const ShowProgress kSilent = [](std::string_view, int) { return true; };

Result<CompiledSet> compile(const fs::path& folder, policy::ListScreen& screen) {
  TRY(found, find_list_sources({folder.string()}, ""));
  return compile_set(found.sources, screen, 0, kSilent);
}

std::vector<std::string> categories_of(const CompiledSet& compiled, std::string_view name) {
  std::vector<std::string> found;
  const auto set = *policy::SetView::open(compiled.file);
  for (std::size_t i = 0; i < compiled.categories.size(); ++i) {
    if ((set.categories_of(name).value() >> i & 1) != 0) found.push_back(compiled.categories[i].name);
  }
  return found;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("a folder of lists is found with our names for its categories", "[R4]") {
  TemporaryFolder folder;
  write(folder / "porn/domains", "a.example\n");
  write(folder / "adult/domains", "b.example\n");
  write(folder / "manga/domains", "c.example\n");
  write(folder / "liste_blanche/domains", "good.example\n");
  write(folder / "Bad Name/domains", "d.example\n");
  write(folder / "empty/urls", "e.example/x\n");
  write(folder / "README", "x");
  const auto found = find_list_sources({folder.path().string()}, "");
  REQUIRE(found);
  REQUIRE(found->sources.size() == 3);
  CHECK(found->sources[0].category == "adult");
  CHECK(found->sources[1].category == "adult");
  CHECK(found->sources[2].category == "manga");
  CHECK(found->skipped.size() == 3);
  const auto single = find_list_sources({(folder / "manga").string(), "chat=" + (folder / "porn/domains").string()}, "");
  REQUIRE(single);
  CHECK(single->sources[0].category == "chat");
  CHECK(single->sources[1].category == "manga");
}

TEST_CASE("places that cannot be lists are refused with a reason") {
  TemporaryFolder folder;
  write(folder / "list", "a.example\n");
  write(folder / "nothing/x/urls2", "");
  CHECK(find_list_sources({"http://lists.example/adult"}, "adult").error().code == ErrorCode::kInvalidInput);
  CHECK(find_list_sources({(folder / "missing").string()}, "adult").error().code == ErrorCode::kNotFound);
  CHECK(find_list_sources({(folder / "list").string()}, "").error().message.find("--lists CATEGORY=") != std::string::npos);
  CHECK(find_list_sources({(folder / "list").string()}, "Adult").error().code == ErrorCode::kInvalidInput);
  fs::create_directories(folder / "none");
  CHECK(find_list_sources({(folder / "none").string()}, "").error().code == ErrorCode::kNotFound);
  CHECK(find_list_sources({"adult=https://lists.example/adult"}, "")->sources[0].place == "https://lists.example/adult");
  write(folder / "packed/domains", "\x1f\x8b\x08");
  policy::ListScreen screen;
  CHECK(compile(folder / "packed", screen).error().message.find("compressed") != std::string::npos);
}

TEST_CASE("lists become one set, screened, with what was dropped counted", "[R4][R8]") {
  TemporaryFolder folder;
  write(folder / "porn/domains", "a.example\nboth.example\napple.com\nco.uk\n1.2.3.4\nbad line here\n");
  write(folder / "games/domains", "0.0.0.0 both.example\n||game.example^\n");
  write(folder / "illegal/domains", "released.example\n");
  policy::ListScreen screen;
  screen.watch_popular("www.apple.com");
  screen.watch_popular("game.example");
  screen.release("game.example");
  screen.release("released.example");
  screen.keep("idle.example");
  const auto compiled = compile(folder.path(), screen);
  REQUIRE(compiled);
  CHECK(categories_of(*compiled, "both.example") == Names{"adult", "gaming"});
  CHECK(categories_of(*compiled, "released.example") == Names{"illegal"});
  CHECK(categories_of(*compiled, "game.example").empty());
  CHECK(categories_of(*compiled, "co.uk").empty());
  CHECK(compiled->content.names == 4);
  CHECK(compiled->content.locked_names == 1);

  const auto manifest = make_manifest(*compiled);
  CHECK(manifest.names == 4);
  CHECK(manifest.categories.at("illegal").locked);
  CHECK(manifest.categories.at("adult").names == 3);
  CHECK(manifest.file == hash(compiled->file));
  CHECK(sync::parse_lists_draft(sync::make_lists_draft(manifest))->content == manifest.content);

  const BuildNotes notes{{}, screen.idle_decisions(), screen.locked_anyway(), {"adult", "chat"}};
  const auto summary = make_build_summary(*compiled, notes);
  for (const auto* said : {"1 public suffixes", "1 released by you", "1 addresses", "line 6: bad line here", "www.apple.com",
                           "no list has names for: chat", "1 names of --release and --keep", "released.example stays blocked"}) {
    INFO(said);
    CHECK(summary.find(said) != std::string::npos);
  }
  CHECK(make_findings_text(*compiled).find("\napple.com  # adult; blocks 1 popular names") != std::string::npos);
  CHECK(make_sources_json(*compiled)["gaming"].as_array()->size() == 1);
}

TEST_CASE("the findings that a build leaves are read as decisions by the next", "[R8]") {
  TemporaryFolder folder;
  write(folder / "porn/domains", "apple.com\nother.example\n");
  policy::ListScreen first;
  first.watch_popular("apple.com");
  const auto findings = make_findings_text(*compile(folder.path(), first));
  policy::ListScreen second;
  second.watch_popular("apple.com");
  const auto report = policy::parse_list(findings, [&](std::string_view name) {
    second.release(name);
    return true;
  });
  CHECK(report.names == 1);
  CHECK(report.bad == 0);
  const auto compiled = compile(folder.path(), second);
  CHECK(compiled->undecided.empty());
  CHECK(compiled->content.names == 1);
}

TEST_CASE("a build that is stopped says so, wherever it was") {
  TemporaryFolder folder;
  write(folder / "porn/domains", "a.example\n");
  int steps = 0;
  policy::ListScreen counting;
  REQUIRE(compile_set({{"adult", (folder / "porn/domains").string()}}, counting, 0,
                      [&](std::string_view, int) { return ++steps > 0; }));
  CHECK(steps > 3);
  for (int stop_at = 1; stop_at <= steps; ++stop_at) {
    int step = 0;
    policy::ListScreen screen;
    const auto compiled = compile_set({{"adult", (folder / "porn/domains").string()}}, screen, 0,
                                      [&](std::string_view, int) { return ++step < stop_at; });
    REQUIRE_FALSE(compiled);
    CHECK(compiled.error().code == ErrorCode::kUnavailable);
    CHECK(compiled.error().message.find("nothing was written") != std::string::npos);
  }
}
