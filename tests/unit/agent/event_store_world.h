// A book of events on a temporary folder, with a server that knows the first keys: what is needed to ask whether all
// that was promised is still there.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "agent/guard/event_store.h"
#include "tests/unit/platform/temporary_folder.h"

namespace caretaker::agent {

class TestClock final : public Clock {
 public:
  UnixSeconds now() const override { return time; }
  MonotonicMs monotonic_ms() const override { return time * 1000 + apart; }
  UnixSeconds time = 1'790'000'000;
  MonotonicMs apart = 0;  // what somebody has put the clock back by
};

// What a server does with batches: verifies the chain from the first key on, and keeps bodies once.
class TestServer {
 public:
  explicit TestServer(const BoxKey& box) : box_(box) {}
  // The batch fits onto what it has, or overlaps with it; false: refused.
  [[nodiscard]] bool take(const sync::Batch& batch);
  [[nodiscard]] sync::ChainHead head(const sync::EpochId& epoch) const;
  [[nodiscard]] sync::Receipt receipt(const sync::Batch& batch) const;
  [[nodiscard]] std::vector<std::string> rules() const;  // of all events, in order of coming
  void forget_after(const sync::EpochId& epoch, std::size_t events);

 private:
  struct Chain {
    sync::VerifiedChain at;
    std::vector<sync::VerifiedChain> before;  // after each entry; only what the test of forgetting needs
  };
  BoxKey box_;
  std::map<sync::EpochId, Chain> chains_;
  std::vector<std::string> rules_;
};

struct EventWorld {
  EventWorld() {
    settings.folder = folder / "state";
    settings.school = hash(as_bytes("school"));
    settings.device = hash(as_bytes("device"));
    settings.server_box = box.public_key;
  }
  TemporaryFolder folder;
  TestClock clock;
  BoxKey box = make_box_key(random_key());
  EventStoreSettings settings;

  [[nodiscard]] EventStore open() const {
    auto store = EventStore::open(settings, clock);
    if (!store) FAIL(store.error().message);
    return std::move(*store);
  }
};

// An event of which only the rule matters.
[[nodiscard]] NewEvent event(const std::string& rule, sync::Severity severity = sync::Severity::kLow,
                             const std::string& kind = "web.blocked");
// The same with numbers for rules, from..to.
[[nodiscard]] std::vector<NewEvent> events(int from, int to, sync::Severity severity = sync::Severity::kLow);
[[nodiscard]] NewEvent sealed_event(const std::string& rule, const BoxPublicKey& lead);

// Everything that the book would send, taken by a server that knows nothing yet; fails the test if a batch is refused.
[[nodiscard]] std::vector<std::string> send_all(EventStore& store, TestServer& server, std::size_t max_events = 100);

}  // namespace caretaker::agent
