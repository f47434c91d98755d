// What a device's book takes on its disk, as its files say and not as the product counts.
#pragma once

#include <optional>
#include <string>

#include "agent/guard/event_quota.h"
#include "tests/sim/disk.h"

namespace caretaker::sim {

// Of a book that was closed in order; nullopt: within its bounds, or the disk did not let it be closed in order.
[[nodiscard]] std::optional<std::string> check_book_files(Disk& disk, const agent::QuotaLimits& quota);
// The rows themselves, which opens the book: only at the end.
[[nodiscard]] std::optional<std::string> check_book_rows(Disk& disk, const agent::QuotaLimits& quota);

}  // namespace caretaker::sim
