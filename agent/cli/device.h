// `caretaker device list`: the school's machines as the server knows them.
#pragma once

#include <filesystem>

#include "platform/base/clock.h"
#include "platform/base/json.h"
#include "platform/base/result.h"

namespace caretaker::agent {

struct DeviceListOptions {
  std::filesystem::path school;
  std::filesystem::path key;
  std::filesystem::path passphrase_file;
  bool json = false;
};

// One line for each device, with a heading. Pure.
[[nodiscard]] Result<std::string> show_devices(const Json& answer, UnixSeconds now);

[[nodiscard]] Status run_device_list(const DeviceListOptions& options, const Clock& clock);

}  // namespace caretaker::agent
