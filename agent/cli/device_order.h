// `caretaker device lock | unlock | wipe | cancel | code | certificate`: what the school's people do about a lost machine. Each names
// one machine, says in plain words what will happen, and wants its name typed before a key signs.
#pragma once

#include <string>

#include "agent/cli/named_device.h"
#include "sync/order.h"

namespace caretaker::agent {

struct DeviceOrderOptions : PersonOptions {
  std::string name;        // of the device: its label, or the beginning of its id
  std::string confirm;     // its name, for who cannot be asked
  std::string message;
  std::string telephone;
  std::string asset;
  std::string reason;
  int grace_minutes = 60;
  int days = 30;           // that it may take to be delivered
  std::filesystem::path also;  // a wipe that somebody else has signed already
  std::filesystem::path out;
  std::filesystem::path stick;  // folder of `caretaker import`, for a machine without a network; empty: none
  std::string challenge;
};

[[nodiscard]] sync::Order make_order(const DeviceOrderOptions& options, sync::OrderKind kind, const NamedDevice& device,
                                     const sync::SchoolId& school, UnixSeconds now);
// Which machine, and what will happen to it, for the person who signs.
[[nodiscard]] std::string explain(const sync::Order& order, const NamedDevice& device);

[[nodiscard]] Status run_device_lock(const DeviceOrderOptions& options, const Clock& clock);
[[nodiscard]] Status run_device_unlock(const DeviceOrderOptions& options, const Clock& clock);
[[nodiscard]] Status run_device_wipe(const DeviceOrderOptions& options, const Clock& clock);
[[nodiscard]] Status run_device_cancel(const DeviceOrderOptions& options, const Clock& clock);
[[nodiscard]] Status run_device_code(const DeviceOrderOptions& options, const Clock& clock);
[[nodiscard]] Status run_device_certificate(const DeviceOrderOptions& options, const Clock& clock);

}  // namespace caretaker::agent
