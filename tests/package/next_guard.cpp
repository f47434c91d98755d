// caretakerd as a later version may be: with one step more in the schema of its book. The package tests upgrade to it.
#include <vector>

#include "platform/sqlite.h"

#define event_schema event_schema_of_now
#include "agent/guard/event_schema.cpp"  // the steps that there are; this program's own event_schema() takes the place of that one
#undef event_schema

namespace caretaker::agent {

std::span<const platform::Migration> event_schema();  // event_schema.h

std::span<const platform::Migration> event_schema() {
  static const std::vector<platform::Migration> kNext = [] {
    const auto now = event_schema_of_now();
    std::vector<platform::Migration> steps(now.begin(), now.end());
    steps.push_back({now.back().number + 1, "ALTER TABLE owner ADD COLUMN rolled_forward INTEGER NOT NULL DEFAULT 1;"});
    return steps;
  }();
  return kNext;
}

}  // namespace caretaker::agent
