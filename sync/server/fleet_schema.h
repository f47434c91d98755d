// The schema of the server's database, step by step. A step that has been released is never edited: a test holds its hash.
#pragma once

#include <span>

#include "platform/sqlite.h"

namespace caretaker::server {

[[nodiscard]] std::span<const platform::Migration> fleet_schema();

}  // namespace caretaker::server
