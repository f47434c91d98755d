#include "policy/set_change.h"

#include <catch2/catch.hpp>
#include <map>
#include <string>

using namespace caretaker;
using namespace caretaker::policy;

namespace {

using Names = std::map<std::string, std::vector<std::string>>;  // category -> names

Bytes build(const Names& names, std::uint8_t salt = 1) {
  std::array<std::uint8_t, 16> salt_bytes{};
  salt_bytes.fill(salt);
  SetBuilder builder(salt_bytes);
  for (const auto& [category, members] : names) {
    const auto number = builder.category(category, false);
    REQUIRE(number);
    for (const std::string& name : members) builder.add(name, *number);
  }
  auto file = builder.build(nullptr);
  REQUIRE(file);
  return std::move(*file);
}

std::uint64_t changed(const Bytes& before, const Bytes& after) {
  const auto a = SetView::open(before);
  const auto b = SetView::open(after);
  REQUIRE(a);
  REQUIRE(b);
  return compare_sets(*a, *b).names;
}

}  // namespace

TEST_CASE("a set does not differ from itself, nor by the numbering of its categories") {
  const Bytes set = build({{"drugs", {"a.example", "b.example"}}, {"gambling", {"c.example"}}});
  CHECK(changed(set, set) == 0);
  // "adult" comes first and moves the others' numbers; only its own name is new.
  const Bytes more = build({{"adult", {"d.example"}}, {"drugs", {"a.example", "b.example"}}, {"gambling", {"c.example"}}});
  CHECK(changed(set, more) == 1);
  CHECK(changed(more, set) == 1);
}

TEST_CASE("names exchanged at the same count are counted") {
  Names before{{"gambling", {}}};
  Names after{{"gambling", {}}};
  for (int i = 0; i < 1000; ++i) before["gambling"].push_back("old" + std::to_string(i) + ".example");
  for (int i = 0; i < 900; ++i) after["gambling"].push_back("old" + std::to_string(i) + ".example");
  for (int i = 0; i < 100; ++i) after["gambling"].push_back("new" + std::to_string(i) + ".example");
  CHECK(changed(build(before), build(after)) == 200);
}

TEST_CASE("a name in other categories has changed") {
  const Bytes before = build({{"drugs", {"a.example"}}, {"gambling", {"b.example"}}});
  CHECK(changed(before, build({{"drugs", {"a.example", "b.example"}}, {"gambling", {"b.example"}}})) == 1);
  CHECK(changed(before, build({{"drugs", {"b.example"}}, {"gambling", {"a.example"}}})) == 2);
}

TEST_CASE("sets with different salts differ in every name") {
  CHECK(changed(build({{"drugs", {"a.example"}}}, 1), build({{"drugs", {"a.example"}}}, 2)) == 2);
}

TEST_CASE("what came into a category and what left it is counted for each, whatever their counts say") {
  const Bytes before = build({{"drugs", {"a.example", "b.example"}}, {"gambling", {"b.example", "c.example", "d.example"}}});
  const Bytes after = build({{"adult", {"e.example"}}, {"drugs", {"a.example", "c.example"}}, {"gambling", {"c.example", "d.example", "f.example"}}});
  const SetChange change = compare_sets(*SetView::open(before), *SetView::open(after));
  CHECK(change.names == 4);  // b went, c is in drugs too, e and f came
  CHECK(change.categories == std::map<std::string, std::uint64_t>{{"adult", 1}, {"drugs", 2}, {"gambling", 2}});
  CHECK(compare_sets(*SetView::open(before), *SetView::open(before)).categories.empty());
  const SetChange gone = compare_sets(*SetView::open(after), *SetView::open(before));
  CHECK(gone.categories == change.categories);
  const Bytes salted = build({{"drugs", {"a.example"}}}, 2);
  CHECK(compare_sets(*SetView::open(before), *SetView::open(salted)).categories.at("drugs") == 3);
}
