// What a device, or somebody in its place, may send to POST /v1/checkin: the request, the batch in it, and what the server
// decides about the batch. The first byte says where the server stands.
#include <cstdlib>

#include "sync/server/decide_batch.h"

using namespace caretaker;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView bytes(data + 1, size - 1);
  if (auto request = sync::parse_checkin_request(bytes, sync::kMaxCheckinBytes)) {
    const Bytes made = sync::make_checkin_request(*request);
    if (!sync::parse_checkin_request(made, sync::kMaxCheckinBytes)) std::abort();
  }
  const auto batch = sync::parse_batch(bytes);
  if (!batch) return 0;
  const std::uint64_t seq = data[0] & 0x7f;
  const server::HeldEpoch held{{seq, batch->prev}, {seq + 1, SecretKey(batch->prev)}, (data[0] & 0x80) != 0};
  const sync::Receipt proof{batch->school, batch->device, batch->epoch, {seq + 5, batch->head}, "", 0};
  const auto decision = server::decide_batch(held, *batch, batch->head, proof);
  const bool takes = decision.fit == server::BatchFit::kTake;
  if (takes != decision.taken.has_value()) std::abort();
  if (takes && decision.taken->head.seq != batch->seq_to) std::abort();
  return 0;
}
