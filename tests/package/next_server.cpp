// caretaker-server as a later version may be: with one step more in the schema of its fleet. The package tests upgrade to it.
#include <vector>

#include "platform/sqlite.h"

#define fleet_schema fleet_schema_of_now
#include "sync/server/fleet_schema.cpp"  // the steps that there are; this program's own fleet_schema() takes the place of that one
#undef fleet_schema

namespace caretaker::server {

std::span<const platform::Migration> fleet_schema();  // fleet_schema.h

std::span<const platform::Migration> fleet_schema() {
  static const std::vector<platform::Migration> kNext = [] {
    const auto now = fleet_schema_of_now();
    std::vector<platform::Migration> steps(now.begin(), now.end());
    steps.push_back({now.back().number + 1, "ALTER TABLE devices ADD COLUMN rolled_forward INTEGER NOT NULL DEFAULT 1;"});
    return steps;
  }();
  return kNext;
}

}  // namespace caretaker::server
