// caretaker-server as a later version may be.
#include "tests/package/next_schema.h"

#define fleet_schema fleet_schema_of_now
#include "sync/server/fleet_schema.cpp"  // the steps that there are; this program's own fleet_schema() takes the place of that one
#undef fleet_schema

namespace caretaker::server {

std::span<const platform::Migration> fleet_schema() {
  static const auto kNext = one_step_more(fleet_schema_of_now(), "ALTER TABLE devices ADD COLUMN rolled_forward INTEGER NOT NULL DEFAULT 1;");
  return kNext;
}

}  // namespace caretaker::server
