#include "tests/unit/agent/event_store_world.h"

#include <algorithm>

namespace caretaker::agent {

bool TestServer::take(const sync::Batch& batch) {
  const sync::ChainHead start{batch.seq_from - 1, batch.prev};
  if (!chains_.contains(batch.epoch)) {
    if (!batch.epoch_start || start != sync::first_head(batch.school, batch.device, batch.epoch)) return false;
    const auto key = box_open(box_, batch.epoch_start->sealed_key);
    if (!key) return false;
    sync::RatchetKey first{1, SecretKey(*to_array<32>(*key))};
    chains_[batch.epoch].at = {start, first};
    chains_[batch.epoch].before = {chains_[batch.epoch].at};
  }
  Chain& chain = chains_[batch.epoch];
  std::vector<sync::ChainEntry> fresh;
  std::copy_if(batch.entries.begin(), batch.entries.end(), std::back_inserter(fresh),
               [&](const sync::ChainEntry& entry) { return entry.to > chain.at.head.seq; });
  if (!fresh.empty() && fresh.front().is_stub()) fresh.front().from = chain.at.head.seq + 1;
  for (const sync::ChainEntry& entry : fresh) {
    const auto verified = sync::verify_chain(chain.at.head, chain.at.next_key, {&entry, 1});
    if (!verified) return false;
    chain.at = *verified;
    chain.before.push_back(*verified);
    if (!entry.is_stub()) rules_.push_back(sync::parse_event_body(entry.body)->rule);
  }
  return batch.seq_to < chain.at.head.seq || chain.at.head == sync::ChainHead{batch.seq_to, batch.head};
}

sync::ChainHead TestServer::head(const sync::EpochId& epoch) const {
  return chains_.at(epoch).at.head;
}

sync::Receipt TestServer::receipt(const sync::Batch& batch) const {
  return {batch.school, batch.device, batch.epoch, head(batch.epoch), "nonce", 1};
}

std::vector<std::string> TestServer::rules() const {
  return rules_;
}

void TestServer::forget_after(const sync::EpochId& epoch, std::size_t entries) {
  Chain& chain = chains_.at(epoch);
  chain.before.resize(entries + 1);
  chain.at = chain.before.back();
}

NewEvent event(const std::string& rule, sync::Severity severity, const std::string& kind) {
  NewEvent out;
  out.body.kind = kind;
  out.body.time = 1'790'000'000;
  out.body.severity = severity;
  out.body.rule = rule;
  return out;
}

std::vector<NewEvent> events(int from, int to, sync::Severity severity) {
  std::vector<NewEvent> out;
  for (int i = from; i <= to; ++i) out.push_back(event(std::to_string(i), severity));
  return out;
}

NewEvent sealed_event(const std::string& rule, const BoxPublicKey& lead) {
  NewEvent out = event(rule);
  sync::Sealing sealing =
      sync::seal_details({{{"user", "pupil"}, {"name", "example.com"}}}, {{sync::key_id(lead), lead}});
  out.body.sealed = sealing.hash;
  out.body.key_commitment = sealing.commitment;
  out.sealed = std::move(sealing.sealed);
  return out;
}

std::vector<std::string> send_all(EventStore& store, TestServer& server, std::size_t max_events) {
  for (int i = 0; i < 100'000; ++i) {
    const auto next = store.next_batch(max_events, 1 << 20);
    REQUIRE(next);
    if (next->batch.entries.empty()) return server.rules();
    REQUIRE(server.take(next->batch));
    const auto done = store.acknowledge(server.receipt(next->batch), as_bytes("receipt"));
    if (!done) FAIL(done.error().message);
  }
  FAIL("the book never ends");
  return {};
}

}  // namespace caretaker::agent
