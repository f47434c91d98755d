#include "policy/categories.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

using namespace caretaker::policy;

TEST_CASE("publishers' folders become our categories", "[R4]") {
  CHECK(category_for_list("porn") == "adult");
  CHECK(category_for_list("drogue") == "drugs");
  CHECK(category_for_list("audio-video") == "music_film_download");
  CHECK(category_for_list("manga") == "manga");
  CHECK_FALSE(category_for_list("liste_blanche"));
}

TEST_CASE("the table of categories is sound") {
  const auto known = known_categories();
  CHECK(std::ranges::is_sorted(known, {}, &KnownCategory::id));
  for (const auto& category : known) {
    CHECK(is_category_id(category.id));
    CHECK(category_for_list(category.id) == category.id);
  }
}

TEST_CASE("the locked class is fixed in code", "[R7]") {
  for (const auto* id : {"illegal", "child_abuse", "csam", "terrorism_illegal"}) CHECK(is_locked_category(id));
  CHECK_FALSE(is_locked_category("adult"));
}

TEST_CASE("a category's id is plain") {
  CHECK(is_category_id("dynamic-dns"));
  CHECK(is_category_id(std::string(64, 'a')));
  CHECK_FALSE(is_category_id(std::string(65, 'a')));
  CHECK_FALSE(is_category_id(""));
  CHECK_FALSE(is_category_id("A"));
  CHECK_FALSE(is_category_id("a/b"));
}
