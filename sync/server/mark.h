// What a device would get at a check-in now, named in a few bytes: sync/hold.h.
#pragma once

#include "sync/server/school_state.h"

namespace caretaker::server {

[[nodiscard]] Result<std::string> mark_for(FleetStore& store, const SchoolState& school, const sync::DeviceId& device);

// The marks of all devices at one moment.
class Marks {
 public:
  [[nodiscard]] static Result<Marks> now(FleetStore& store, const SchoolState& school);
  [[nodiscard]] std::string of(const sync::DeviceId& device) const;

 private:
  std::string common_;
  std::map<sync::DeviceId, std::int64_t> own_;
};

}  // namespace caretaker::server
