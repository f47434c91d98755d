// caretakerd as a later version may be.
#include "tests/package/next_schema.h"

#define event_schema event_schema_of_now
#include "agent/guard/event_schema.cpp"  // the steps that there are; this program's own event_schema() takes the place of that one
#undef event_schema

namespace caretaker::agent {

std::span<const platform::Migration> event_schema() {
  static const auto kNext = one_step_more(event_schema_of_now(), "ALTER TABLE owner ADD COLUMN rolled_forward INTEGER NOT NULL DEFAULT 1;");
  return kNext;
}

}  // namespace caretaker::agent
