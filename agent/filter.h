// What names are decided with, by caretaker-net and caretaker-inspect, as one immutable set that is swapped as a whole.
#pragma once

#include <memory>

#include "agent/violation.h"
#include "platform/files.h"
#include "platform/base/clock.h"
#include "policy/exceptions.h"

namespace caretaker::agent {

struct Filter {
  policy::Policy policy;
  platform::MappedFile file;
  policy::SetView set;  // looks into `file`
  struct Lesson {
    policy::Lesson lesson;
    MonotonicMs ends = 0;  // also when the guard says nothing more
  };
  std::vector<Lesson> lessons = {};
  struct Portal {
    std::string name;      // empty: none is open
    MonotonicMs ends = 0;
  };
  Portal portal = {};
};
using FilterPtr = std::shared_ptr<const Filter>;

}  // namespace caretaker::agent
