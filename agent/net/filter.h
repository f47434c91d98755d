// What the DNS filter decides with, as one immutable set that is swapped as a whole.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "platform/base/clock.h"
#include "platform/files.h"
#include "policy/decide_dns.h"

namespace caretaker::agent {

struct Filter {
  policy::Policy policy;
  platform::MappedFile file;
  policy::SetView set;  // looks into `file`
};
using FilterPtr = std::shared_ptr<const Filter>;

// Something to be recorded. `name` is the registrable name, never the whole one.
struct Violation {
  std::optional<std::uint32_t> uid;  // nullopt: nobody could tell who asked; never guessed
  policy::Reason reason = policy::Reason::kCategory;
  std::string category;
  std::string name;
  UnixSeconds time = 0;
  std::uint32_t count = 1;
};
using ViolationSink = std::function<void(Violation)>;  // called on the DNS thread; must not block

}  // namespace caretaker::agent
