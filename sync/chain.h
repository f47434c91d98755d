// The chain and the ratchet that make a device's book tamper-evident. PROTOCOL.md, "Chain". Pure; any thread.
//   link_0 = BLAKE2b("caretaker chain v1" || school || device || epoch)
//   link_i = BLAKE2b(link_{i-1} || u64le(seq_i) || BLAKE2b(body_i))     seq counts from 1 in each epoch
//   tag_i  = keyed BLAKE2b(K_i, link_i)        K_{i+1} = crypto_kdf(K_i, 1, "ctratche")    K_i is wiped after use
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "sync/ids.h"

namespace caretaker::sync {

struct ChainHead {
  std::uint64_t seq = 0;  // of the last entry; 0 before the first
  Hash link{};
  friend bool operator==(const ChainHead&, const ChainHead&) = default;
};

[[nodiscard]] ChainHead first_head(const SchoolId& school, const DeviceId& device, const EpochId& epoch);
[[nodiscard]] ChainHead next_head(const ChainHead& head, ByteView body);
[[nodiscard]] Hash make_tag(const SecretKey& key, const Hash& link);

// K_i together with i: the key that tags entry `seq`.
struct RatchetKey {
  std::uint64_t seq = 1;
  SecretKey key;
};
void advance(RatchetKey& key);                       // to the next entry; the old key is gone
[[nodiscard]] Status advance_to(RatchetKey& key, std::uint64_t seq, std::uint64_t at_most);  // kInvalidInput: backwards, or further than at_most

// An entry of the chain as it travels: an event, or the stub that stands for events which the quota dropped.
struct ChainEntry {
  std::uint64_t from = 0;  // = seq of an event; a stub stands for from..to
  std::uint64_t to = 0;
  Bytes body;              // empty in a stub
  Hash link{};             // only in a stub: the link after entry `to`
  Hash tag{};              // of entry `to`
  // Of the sealed part that travels beside it, wrapped keys included (make_sealed_json). Signed with the batch, not chained:
  // keys may be wrapped anew for another recipient. nullopt: none comes with it.
  std::optional<Hash> sealed = std::nullopt;
  [[nodiscard]] bool is_stub() const { return body.empty(); }
};

struct VerifiedChain {
  ChainHead head;
  RatchetKey next_key;
};
// Walks entries from `head` with `key` (key.seq must be head.seq + 1), over at most kMaxStubSpan events in all.
// kUnauthentic names the first bad entry.
[[nodiscard]] Result<VerifiedChain> verify_chain(const ChainHead& head, const RatchetKey& key,
                                                 std::span<const ChainEntry> entries);

}  // namespace caretaker::sync
