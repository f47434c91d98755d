// What an event is about, before it has its time and is sealed.
#pragma once

#include <optional>
#include <string>

#include "sync/event.h"

namespace caretaker::agent {

struct Subject {
  std::string kind;
  std::string rule;
  sync::Severity severity = sync::Severity::kInfo;
  std::optional<sync::Details> details = std::nullopt;  // to be sealed
};

struct PlannedEvent {
  Subject subject;
  std::uint32_t count = 1;
  UnixSeconds time = 0;
};

}  // namespace caretaker::agent
