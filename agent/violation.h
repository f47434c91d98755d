// Something to be recorded about a name that was asked for: from the filter to the guard.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "platform/base/clock.h"
#include "policy/decide_dns.h"

namespace caretaker::agent {

// `name` is the registrable name, never the whole one.
struct Violation {
  std::optional<std::uint32_t> uid;  // nullopt: nobody could tell who asked; never guessed
  policy::Reason reason = policy::Reason::kCategory;
  std::string category;
  std::string name;
  UnixSeconds time = 0;
  std::uint32_t count = 1;
  friend bool operator==(const Violation&, const Violation&) = default;
};
using ViolationSink = std::function<void(Violation)>;  // called on the DNS thread; must not block

}  // namespace caretaker::agent
