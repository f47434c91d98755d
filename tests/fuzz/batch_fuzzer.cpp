// What the server reads from devices: batches, receipts shown to it, check-in bodies, requests to be held. A batch is walked along its chain as
// the server would, with a key that never tagged it.
#include "sync/batch.h"

#include "sync/hold.h"
#include "sync/limits.h"
#include "tests/fuzz/round_trip.h"

using namespace caretaker;
using namespace caretaker::sync;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes(data, size);
  fuzz::round_trip(bytes, parse_batch, make_batch_payload);
  fuzz::round_trip(bytes, parse_receipt, make_receipt_payload);
  fuzz::round_trip(bytes, [](ByteView body) { return parse_checkin_request(body, kMaxCheckinBytes); }, make_checkin_request);
  fuzz::round_trip(bytes, parse_hold, make_hold_payload);
  fuzz::round_trip(bytes, parse_hold_request, make_hold_request);
  const auto batch = parse_batch(bytes);
  if (!batch || batch->entries.empty() || batch->entries.front().to - batch->seq_from > 1000) return 0;
  const ChainHead before{batch->seq_from - 1, batch->prev};
  if (verify_chain(before, RatchetKey{batch->seq_from, SecretKey(Hash{1})}, batch->entries)) std::abort();
  return 0;
}
