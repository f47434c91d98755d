// What the DNS filter decides with, as one immutable set that is swapped as a whole.
#pragma once

#include <memory>

#include "agent/violation.h"
#include "platform/files.h"
#include "policy/decide_dns.h"

namespace caretaker::agent {

struct Filter {
  policy::Policy policy;
  platform::MappedFile file;
  policy::SetView set;  // looks into `file`
};
using FilterPtr = std::shared_ptr<const Filter>;

}  // namespace caretaker::agent
