// What a later version's schema has beyond this one's: a step more. The package tests upgrade to programs that have it.
#pragma once

#include <span>
#include <vector>

#include "platform/sqlite.h"

inline std::vector<caretaker::platform::Migration> one_step_more(std::span<const caretaker::platform::Migration> now, const char* sql) {
  std::vector<caretaker::platform::Migration> steps(now.begin(), now.end());
  steps.push_back({now.back().number + 1, sql});
  return steps;
}
