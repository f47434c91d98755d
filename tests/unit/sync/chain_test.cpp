#include "sync/chain.h"

#include <catch2/catch.hpp>

using namespace caretaker;
using namespace caretaker::sync;

namespace {

// A device's book as the device writes it.
struct Book {
  ChainHead start = first_head(Hash{1}, Hash{2}, EpochId{3});
  RatchetKey first_key{1, random_key()};
  std::vector<ChainEntry> entries;

  explicit Book(int events) {
    ChainHead head = start;
    RatchetKey key = first_key;
    for (int i = 1; i <= events; ++i) {
      Bytes body = to_bytes("body " + std::to_string(i));
      head = next_head(head, body);
      entries.push_back({head.seq, head.seq, std::move(body), {}, make_tag(key.key, head.link)});
      links.push_back(head.link);
      advance(key);
    }
  }

  // Replaces entries [from, to] by the stub that an honest device would leave.
  void drop(std::size_t from, std::size_t to) {
    ChainEntry stub{from, to, {}, links[to - 1], entries[to - 1].tag};
    entries.erase(entries.begin() + static_cast<long>(from) - 1, entries.begin() + static_cast<long>(to));
    entries.insert(entries.begin() + static_cast<long>(from) - 1, std::move(stub));
  }

  std::string verdict() const {
    const auto chain = verify_chain(start, first_key, entries);
    return chain ? "verified" : chain.error().message.substr(0, chain.error().message.find(':'));
  }

  std::vector<Hash> links;
};

}  // namespace

TEST_CASE("an honest book verifies, in one piece and in two") {
  const Book book(10);
  const auto whole = verify_chain(book.start, book.first_key, book.entries);
  REQUIRE(whole);
  CHECK(whole->head == ChainHead{10, book.links.back()});
  CHECK(whole->next_key.seq == 11);
  const std::span<const ChainEntry> entries = book.entries;
  const auto half = verify_chain(book.start, book.first_key, entries.first(4));
  REQUIRE(half);
  const auto rest = verify_chain(half->head, half->next_key, entries.subspan(4));
  REQUIRE(rest);
  CHECK(rest->head == whole->head);
  CHECK(verify_chain(book.start, book.first_key, {})->head == book.start);
}

TEST_CASE("a known answer for the chain, computed with another BLAKE2b (Python's hashlib)") {
  const ChainHead start = first_head(Hash{}, Hash{}, EpochId{});
  CHECK(to_hex(start.link) == "f7508b7dfb995bd0bf1f4d580cee629c754bda0607a9c06b656bf24069d4a390");
  const ChainHead one = next_head(start, as_bytes("a"));
  CHECK(one.seq == 1);
  CHECK(to_hex(one.link) == "f9a9c18bcaac6070942180f9a79f7e0ed9491badf5b8372ab3539aeb488bf0f7");
  RatchetKey key{1, SecretKey(Hash{})};
  CHECK(to_hex(make_tag(key.key, one.link)) == "248379f7f9f8e275456de92ba917c05b96d07be813ec8d7053a1e8c9d28e1a30");
  advance(key);
  CHECK(to_hex(key.key.view()) == "88b22fb7d2d7e1e468d61867a6498336422b9ef4a4471d3bdd451b1c3a02a4e3");
}

TEST_CASE("link_0 differs with the school, the device and the epoch") {
  const Hash one = first_head(Hash{1}, Hash{2}, EpochId{3}).link;
  CHECK(first_head(Hash{9}, Hash{2}, EpochId{3}).link != one);
  CHECK(first_head(Hash{1}, Hash{9}, EpochId{3}).link != one);
  CHECK(first_head(Hash{1}, Hash{2}, EpochId{9}).link != one);
}

TEST_CASE("an altered, removed, doubled, swapped or foreign entry does not verify", "[R26]") {
  Book book(5);
  SECTION("altered body") { book.entries[2].body[0] ^= 1; CHECK(book.verdict() == "C4"); }
  SECTION("altered tag") { book.entries[2].tag[31] ^= 1; CHECK(book.verdict() == "C4"); }
  SECTION("removed") { book.entries.erase(book.entries.begin() + 2); CHECK(book.verdict() == "C1"); }
  SECTION("removed and renumbered") {
    book.entries.erase(book.entries.begin() + 2);
    for (std::size_t i = 2; i < book.entries.size(); ++i) book.entries[i].from = book.entries[i].to = i + 1;
    CHECK(book.verdict() == "C4");
  }
  SECTION("doubled") { book.entries.insert(book.entries.begin() + 2, book.entries[2]); CHECK(book.verdict() == "C1"); }
  SECTION("swapped") { std::swap(book.entries[1], book.entries[2]); CHECK(book.verdict() == "C1"); }
  SECTION("swapped bodies") { std::swap(book.entries[1].body, book.entries[2].body); CHECK(book.verdict() == "C4"); }
  SECTION("of another epoch") {
    Book other(5);
    other.start = first_head(Hash{1}, Hash{2}, EpochId{4});
    CHECK(other.verdict() == "C4");
  }
}

TEST_CASE("who has a later key cannot write earlier entries") {
  Book book(5);
  RatchetKey stolen = book.first_key;
  REQUIRE(advance_to(stolen, 4, 10));
  ChainHead head = book.start;
  book.entries[2].body = to_bytes("rewritten");
  for (ChainEntry& entry : book.entries) {
    head = next_head(head, entry.body);
    if (entry.from >= 3) entry.tag = make_tag(stolen.key, head.link);  // the best that he can do
  }
  CHECK(book.verdict() == "C4");
}

TEST_CASE("a stub stands for what the quota dropped, and for nothing else") {
  Book book(8);
  book.drop(3, 5);
  CHECK(book.verdict() == "verified");
  ChainEntry& stub = book.entries[2];
  SECTION("another link") { stub.link[0] ^= 1; CHECK(book.verdict() == "C4"); }
  SECTION("another tag") { stub.tag[0] ^= 1; CHECK(book.verdict() == "C4"); }
  SECTION("longer than it was") { stub.to = 6; CHECK(book.verdict() == "C4"); }
  SECTION("shorter than it was") { stub.to = 4; CHECK(book.verdict() == "C4"); }
  SECTION("begins later") { stub.from = 4; CHECK(book.verdict() == "C1"); }
  SECTION("ends before it begins") { stub.to = 2; CHECK(book.verdict() == "C2"); }
  SECTION("forged over an event that is still there, without its key") {
    Book other(8);
    other.entries[3] = ChainEntry{4, 4, {}, Hash{7}, make_tag(random_key(), Hash{7})};
    CHECK(other.verdict() == "C4");
  }
  SECTION("for more events than one stub may") { stub.to = stub.from + 1'000'000; CHECK(book.verdict() == "C3"); }
}

TEST_CASE("many stubs cannot add up to a walk without end") {
  const RatchetKey key{1, SecretKey(Hash{1})};
  RatchetKey at_600k = key;
  REQUIRE(advance_to(at_600k, 600'000, 1'000'000));
  const std::vector<ChainEntry> stubs = {{1, 600'000, {}, Hash{2}, make_tag(at_600k.key, Hash{2})}, {600'001, 1'200'000, {}, Hash{3}, Hash{}}};
  const auto chain = verify_chain(first_head(Hash{}, Hash{}, EpochId{}), key, stubs);
  REQUIRE_FALSE(chain);
  CHECK(chain.error().message.starts_with("C3"));
}

TEST_CASE("stubs merge: the book after dropping more still verifies") {
  Book book(12);
  book.drop(2, 4);
  ChainEntry merged = book.entries[1];
  merged.to = 7;
  merged.link = book.links[6];
  merged.tag = book.entries[4].tag;  // of seq 7
  book.entries.erase(book.entries.begin() + 2, book.entries.begin() + 5);
  book.entries[1] = merged;
  CHECK(book.verdict() == "verified");
}

TEST_CASE("the ratchet goes forward only, and not without bound") {
  RatchetKey key{5, random_key()};
  CHECK_FALSE(advance_to(key, 4, 100));
  CHECK_FALSE(advance_to(key, 106, 100));
  CHECK(key.seq == 5);
  REQUIRE(advance_to(key, 105, 100));
  CHECK(key.seq == 105);
}

TEST_CASE("a key of another entry is refused before anything is computed") {
  const Book book(3);
  CHECK_FALSE(verify_chain(book.start, RatchetKey{2, random_key()}, book.entries));
}
