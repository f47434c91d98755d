// The JSON of a root, both ways; its sense is checked in sync/root.cpp.
#pragma once

#include "sync/root.h"

namespace caretaker::sync {

// Unknown roles, key types and fields are left out: an older device takes a newer root.
[[nodiscard]] Result<Root> parse_root_form(ByteView payload);

}  // namespace caretaker::sync
