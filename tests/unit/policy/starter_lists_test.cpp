// The lists that the project ships, as files.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>

#include "policy/categories.h"
#include "policy/domain_name.h"
#include "policy/list_import.h"

using namespace caretaker::policy;
namespace fs = std::filesystem;

namespace {

const fs::path kStarter = fs::path(CARETAKER_SOURCE_DIR) / "policy/starter";

struct Shipped {
  std::vector<std::string> names;
  ListReport report;
};

Shipped read_list(const fs::path& path) {
  std::ifstream in(path);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  Shipped list;
  list.report = parse_list(text, [&](std::string_view name) {
    list.names.emplace_back(name);
    return true;
  });
  return list;
}

std::map<std::string, Shipped> starter_lists() {
  std::map<std::string, Shipped> lists;
  for (const auto& category : known_categories()) {
    lists.emplace(category.id, read_list(kStarter / category.id / "domains"));
  }
  return lists;
}

bool is_reserved(std::string_view name) {
  return name.ends_with(".test") || name.ends_with(".example") || name.ends_with(".invalid");
}

}  // namespace

TEST_CASE("every known category has a starter list without a bad line", "[R4]") {
  std::size_t folders = 0;
  for (const auto& entry : fs::directory_iterator(kStarter)) folders += entry.is_directory() ? 1 : 0;
  CHECK(folders == known_categories().size());
  for (const auto& [category, list] : starter_lists()) {
    INFO(category);
    CHECK(list.report.bad + list.report.other_rules + list.report.with_path + list.report.addresses == 0);
    CHECK(list.names.size() >= 2);
    CHECK(std::set<std::string>(list.names.begin(), list.names.end()).size() == list.names.size());
    for (const auto& name : list.names) {
      INFO(name);
      CHECK_FALSE(is_public_suffix(name));
    }
  }
}

TEST_CASE("classes that nobody should write down hold reserved names alone") {
  const auto lists = starter_lists();
  for (const auto* category : {"adult", "extremism", "illegal", "malware", "phishing", "race_hatred", "self_harm"}) {
    for (const auto& name : lists.at(category).names) {
      INFO(name);
      CHECK(is_reserved(name));
    }
  }
}

TEST_CASE("no starter list blocks a popular ordinary name", "[R8]") {
  std::map<std::string, std::string> rules;
  for (const auto& [category, list] : starter_lists()) {
    for (const auto& name : list.names) rules[name] = category;
  }
  const auto popular = read_list(kStarter / "popular.txt");
  CHECK(popular.report.bad == 0);
  CHECK(popular.names.size() > 250);
  for (const auto& name : popular.names) {
    for_each_suffix(name, [&](std::string_view suffix) {
      INFO(name << " by " << suffix);
      CHECK(rules.count(std::string(suffix)) == 0);
      return true;
    });
  }
}
