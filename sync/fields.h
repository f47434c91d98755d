// Members of the JSON objects in our formats, with their ranges: every number is a whole one from 0 to 2^53 - 1, every text
// has a longest length. Pure; any thread.
#pragma once

#include "platform/base/json.h"
#include "sync/limits.h"

namespace caretaker::sync {

// A payload: one JSON object whose "v" is 1 (kUnsupported otherwise).
[[nodiscard]] Result<Json> parse_object_v1(ByteView bytes, std::size_t max_bytes, std::size_t max_values = kMaxValues);

[[nodiscard]] Result<std::int64_t> number_at(const Json& object, std::string_view key, std::int64_t most = kMaxInteger,
                                             std::int64_t least = 0);
[[nodiscard]] Result<std::string> text_at(const Json& object, std::string_view key, std::size_t max_size = kMaxText);
// Base64 of at most max_size bytes.
[[nodiscard]] Result<Bytes> blob_at(const Json& object, std::string_view key, std::size_t max_size);
// The same; empty where there is no such member.
[[nodiscard]] Result<Bytes> optional_blob_at(const Json& object, std::string_view key, std::size_t max_size);
[[nodiscard]] Result<std::vector<Bytes>> blobs_at(const Json& object, std::string_view key, std::size_t max_count,
                                                  std::size_t max_size);

}  // namespace caretaker::sync
