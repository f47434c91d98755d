// The tables of the book of events, as numbered steps that are never edited once released (a test holds their hashes).
#pragma once

#include <span>

#include "platform/sqlite.h"

namespace caretaker::agent {

[[nodiscard]] std::span<const platform::Migration> event_schema();

}  // namespace caretaker::agent
