// What the server decides about any batch that parses. The first byte says where the server stands, and whether it has asked.
#include <cstdlib>

#include "sync/server/decide_batch.h"

using namespace caretaker;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto batch = sync::parse_batch({data + 1, size - 1});
  if (!batch) return 0;
  const std::uint64_t seq = data[0] & 0x7f;
  const server::HeldEpoch held{{seq, batch->prev}, {seq + 1, SecretKey(batch->prev)}, (data[0] & 0x80) != 0};
  const sync::Receipt proof{batch->school, batch->device, batch->epoch, {seq + 5, batch->head}, "", 0};
  const auto decision = server::decide_batch(held, *batch, {{batch->seq_to, batch->head}}, proof);
  const bool takes = decision.fit == server::BatchFit::kTake;
  if (takes != decision.taken.has_value()) std::abort();
  if (takes && decision.taken->head.seq != batch->seq_to) std::abort();
  return 0;
}
