// The key of one sealed record, for whoever may open it and wants to wrap it for somebody else. Pure; any thread.
#pragma once

#include "sync/event.h"

namespace caretaker::sync {

// As open_details() refuses: V3 to V6.
[[nodiscard]] Result<SecretKey> open_sealed_key(const SealedDetails& sealed, const EventBody& body, const BoxKey& key);

}  // namespace caretaker::sync
