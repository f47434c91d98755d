#include "sync/chain.h"

#include "sync/checks.h"
#include "sync/limits.h"

namespace caretaker::sync {
namespace {

constexpr std::string_view kChainLabel = "caretaker chain v1";
constexpr std::string_view kRatchetContext = "ctratche";

std::string at(const ChainEntry& entry) { return "seq " + std::to_string(entry.from); }

// `start`: where the walk began. It is bounded as a whole, not stub by stub: the ratchet turns once for each event.
Status check_shape(const ChainHead& start, const ChainHead& head, const ChainEntry& entry) {
  if (entry.from != head.seq + 1) return refuse(Check::kEntrySequence, at(entry));
  if (entry.to < entry.from || entry.to > kMaxSeq) return refuse(Check::kEntryShape, at(entry));
  if (!entry.is_stub() && entry.to != entry.from) return refuse(Check::kEntryShape, at(entry));
  if (entry.to - start.seq > kMaxStubSpan) return refuse(Check::kStubSpan, at(entry));
  return ok();
}

}  // namespace

ChainHead first_head(const SchoolId& school, const DeviceId& device, const EpochId& epoch) {
  Hasher hasher;
  hasher.add(as_bytes(kChainLabel));
  hasher.add(school);
  hasher.add(device);
  hasher.add(epoch);
  return {0, hasher.finish()};
}

ChainHead next_head(const ChainHead& head, ByteView body) {
  ByteWriter out;
  out.raw(head.link);
  out.u64(head.seq + 1);
  out.raw(hash(body));
  return {head.seq + 1, hash(out.bytes())};
}

Hash make_tag(const SecretKey& key, const Hash& link) { return keyed_hash(key, link); }

void advance(RatchetKey& key) {
  key.key = derive_key(key.key, 1, kRatchetContext);
  ++key.seq;
}

Status advance_to(RatchetKey& key, std::uint64_t seq, std::uint64_t at_most) {
  if (seq < key.seq) return make_error(ErrorCode::kInvalidInput, "the key of an earlier entry is gone");
  if (seq - key.seq > at_most) return make_error(ErrorCode::kInvalidInput, "the entry is too far ahead of the key");
  while (key.seq < seq) advance(key);
  return ok();
}

Result<VerifiedChain> verify_chain(const ChainHead& head, const RatchetKey& key, std::span<const ChainEntry> entries) {
  if (key.seq != head.seq + 1) return make_error(ErrorCode::kInvalidInput, "the key is not that of the next entry");
  VerifiedChain chain{head, key};
  for (const ChainEntry& entry : entries) {
    TRY_DONE(check_shape(head, chain.head, entry));
    TRY_DONE(advance_to(chain.next_key, entry.to, kMaxStubSpan));
    chain.head = entry.is_stub() ? ChainHead{entry.to, entry.link} : next_head(chain.head, entry.body);
    if (!equal_constant_time(make_tag(chain.next_key.key, chain.head.link), entry.tag)) {
      return refuse(Check::kEntryTag, at(entry));
    }
    advance(chain.next_key);
  }
  return chain;
}

}  // namespace caretaker::sync
