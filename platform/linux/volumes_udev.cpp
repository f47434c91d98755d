// Removable media by udev: what the rules have marked.
#include <libudev.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <iterator>
#include <optional>

#include "platform/base/text.h"
#include "platform/files.h"
#include "platform/linux/posix_error.h"
#include "platform/mount_watch.h"
#include "platform/node_watch.h"
#include "platform/volumes.h"

namespace caretaker::platform {
namespace {

constexpr const char* kMedium = "CARETAKER_MEDIUM";
constexpr int kReceiveBuffer = 8 << 20;  // a hub full of card readers at once

using Udev = std::unique_ptr<udev, decltype(&::udev_unref)>;
using Device = std::unique_ptr<udev_device, decltype(&::udev_device_unref)>;
using Monitor = std::unique_ptr<udev_monitor, decltype(&::udev_monitor_unref)>;
using Enumeration = std::unique_ptr<udev_enumerate, decltype(&::udev_enumerate_unref)>;

std::string text(const char* value) { return value == nullptr ? "" : value; }

Medium medium_of(std::string_view word) {
  for (const Medium medium : {Medium::kUsbStorage, Medium::kSdCard, Medium::kOptical, Medium::kPhone}) {
    if (medium_name(medium) == word) return medium;
  }
  return Medium::kOtherStorage;
}

VolumeAccess access_of(std::string_view word) {
  return word == "whole" ? VolumeAccess::kWhole : word == "readonly" ? VolumeAccess::kReadOnly : VolumeAccess::kNone;
}

MediumIdentity identity_of(udev_device* device) {
  MediumIdentity out;
  out.medium = medium_of(text(::udev_device_get_property_value(device, kMedium)));
  udev_device* usb = text(::udev_device_get_devtype(device)) == "usb_device"
                         ? device
                         : ::udev_device_get_parent_with_subsystem_devtype(device, "usb", "usb_device");
  if (usb != nullptr) {
    out.usb = lower_case(text(::udev_device_get_sysattr_value(usb, "idVendor")) + ":" +
                         text(::udev_device_get_sysattr_value(usb, "idProduct")));
    out.serial = text(::udev_device_get_sysattr_value(usb, "serial"));
  } else if (udev_device* card = ::udev_device_get_parent_with_subsystem_devtype(device, "mmc", nullptr)) {
    out.serial = text(::udev_device_get_sysattr_value(card, "serial"));
  }
  return out;
}

// Read from the kernel, so before the bytes are looked at: what comes later to the same place has another.
std::string number_of(udev_device* device) {
  if (text(::udev_device_get_subsystem(device)) == "usb") return text(::udev_device_get_sysattr_value(device, "devnum"));
  udev_device* disk = text(::udev_device_get_devtype(device)) == "partition" ? ::udev_device_get_parent(device) : device;
  return disk == nullptr ? "" : text(::udev_device_get_sysattr_value(disk, "diskseq"));
}

// A card reader's slot or a drive without a disc has a node, but nothing in it.
bool is_there(udev_device* device) {
  const bool is_block = text(::udev_device_get_subsystem(device)) == "block";
  return text(::udev_device_get_action(device)) != "remove" &&
         ::udev_device_get_property_value(device, "CARETAKER_EMPTY") == nullptr &&
         (!is_block || text(::udev_device_get_sysattr_value(device, "size")) != "0");
}

VolumeChange change_of(udev_device* device) {
  VolumeChange change;
  change.volume.id = text(::udev_device_get_devpath(device));
  if (!is_there(device)) {
    change.what = VolumeChange::What::kGone;
    return change;
  }
  change.volume.node = text(::udev_device_get_devnode(device));
  change.volume.number = number_of(device);
  change.volume.identity = identity_of(device);
  change.volume.access = access_of(text(::udev_device_get_property_value(device, "CARETAKER_ACCESS")));
  return change;
}

// Our own gate's events are no news.
bool concerns_us(udev_device* device) {
  return ::udev_device_get_property_value(device, kMedium) != nullptr &&
         ::udev_device_get_property_value(device, "SYNTH_ARG_CARETAKER") == nullptr;
}

}  // namespace

struct VolumeWatcher::State {
  Udev udev{nullptr, &::udev_unref};
  Monitor monitor{nullptr, &::udev_monitor_unref};
  OpenFile wake;
  std::optional<NodeWatch> nodes;
  std::optional<MountWatch> mounts;
  std::vector<VolumeChange> waiting;  // what was there at the start, or is to be seen again

  void watch(std::vector<VolumeChange>& changes) {
    for (VolumeChange& change : changes) {
      change.mounts = mounts->points_of(block_number(change.volume.node));
      if (change.what == VolumeChange::What::kSeen && change.volume.identity.medium != Medium::kPhone) nodes->watch(change.volume.node);
    }
  }
};

namespace {

Result<Monitor> start_monitor(udev* context) {
  Monitor monitor(::udev_monitor_new_from_netlink(context, "udev"), &::udev_monitor_unref);
  if (!monitor) return make_error(ErrorCode::kUnavailable, "udev cannot be listened to");
  (void)::udev_monitor_set_receive_buffer_size(monitor.get(), kReceiveBuffer);
  const bool ready = ::udev_monitor_filter_add_match_subsystem_devtype(monitor.get(), "block", nullptr) >= 0 &&
                     ::udev_monitor_filter_add_match_subsystem_devtype(monitor.get(), "usb", "usb_device") >= 0 &&
                     ::udev_monitor_enable_receiving(monitor.get()) >= 0;
  if (!ready) return make_error(ErrorCode::kUnavailable, "udev cannot be listened to");
  return monitor;
}

std::vector<VolumeChange> what_is_there(udev* context) {
  std::vector<VolumeChange> out;
  Enumeration found(::udev_enumerate_new(context), &::udev_enumerate_unref);
  if (!found || ::udev_enumerate_add_match_property(found.get(), kMedium, "?*") < 0 ||
      ::udev_enumerate_scan_devices(found.get()) < 0) {
    return out;
  }
  for (udev_list_entry* entry = ::udev_enumerate_get_list_entry(found.get()); entry != nullptr;
       entry = ::udev_list_entry_get_next(entry)) {
    Device device(::udev_device_new_from_syspath(context, ::udev_list_entry_get_name(entry)), &::udev_device_unref);
    if (device && is_there(device.get())) out.push_back(change_of(device.get()));
  }
  return out;
}

// As udev knows it now; nothing where it is gone, or nothing of ours.
std::optional<VolumeChange> what_has(udev* context, dev_t number) {
  Device device(::udev_device_new_from_devnum(context, 'b', number), &::udev_device_unref);
  if (!device || ::udev_device_get_property_value(device.get(), kMedium) == nullptr) return std::nullopt;
  return change_of(device.get());
}

std::optional<VolumeChange> what_is_at(udev* context, const std::filesystem::path& node) {
  struct stat facts = {};
  if (::stat(node.c_str(), &facts) != 0) return std::nullopt;
  return what_has(context, facts.st_rdev);
}

std::optional<VolumeChange> what_is_mounted(udev* context, const std::string& device) {
  unsigned high = 0, low = 0;
  if (std::sscanf(device.c_str(), "%u:%u", &high, &low) != 2) return std::nullopt;
  auto change = what_has(context, makedev(high, low));
  if (change && change->what == VolumeChange::What::kSeen) change->what = VolumeChange::What::kMounted;
  return change;
}

}  // namespace

VolumeWatcher::VolumeWatcher(std::unique_ptr<State> state) : state_(std::move(state)) {}
VolumeWatcher::VolumeWatcher(VolumeWatcher&&) noexcept = default;
VolumeWatcher& VolumeWatcher::operator=(VolumeWatcher&&) noexcept = default;
VolumeWatcher::~VolumeWatcher() = default;

Result<VolumeWatcher> VolumeWatcher::open() {
  auto state = std::make_unique<State>();
  state->udev.reset(::udev_new());
  state->wake = OpenFile(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!state->udev || !state->wake.is_open()) return make_error(ErrorCode::kUnavailable, "no udev");
  TRY(monitor, start_monitor(state->udev.get()));  // before looking at what is there: nothing falls between
  state->monitor = std::move(monitor);
  TRY(nodes, NodeWatch::open());
  state->nodes = std::move(nodes);
  TRY(mounts, MountWatch::open());
  state->mounts = std::move(mounts);
  (void)state->mounts->take();
  state->waiting = what_is_there(state->udev.get());
  state->watch(state->waiting);
  return VolumeWatcher(std::move(state));
}

void VolumeWatcher::see_again(const std::filesystem::path& node) {
  std::vector<VolumeChange> now;
  if (auto change = what_is_at(state_->udev.get(), node)) now.push_back(*std::move(change));
  state_->watch(now);
  std::ranges::move(now, std::back_inserter(state_->waiting));
}

Result<std::vector<VolumeChange>> VolumeWatcher::wait(int limit_ms) {
  std::vector<VolumeChange> out = std::move(state_->waiting);
  state_->waiting.clear();
  if (!out.empty()) return out;
  std::array<pollfd, 4> files = {pollfd{::udev_monitor_get_fd(state_->monitor.get()), POLLIN, 0}, pollfd{state_->nodes->fd(), POLLIN, 0},
                                 pollfd{state_->wake.fd(), POLLIN, 0}, pollfd{state_->mounts->fd(), POLLPRI, 0}};
  if (::poll(files.data(), files.size(), limit_ms) < 0 && errno != EINTR) return posix_error(errno, "wait for udev");
  for (const auto& node : state_->nodes->take()) {
    if (auto change = what_is_at(state_->udev.get(), node)) out.push_back(*std::move(change));
  }
  while (Device device{::udev_monitor_receive_device(state_->monitor.get()), &::udev_device_unref}) {
    if (concerns_us(device.get())) out.push_back(change_of(device.get()));
  }
  for (const std::string& device : state_->mounts->take()) {
    if (auto change = what_is_mounted(state_->udev.get(), device)) out.push_back(*std::move(change));
  }
  state_->watch(out);
  return out;
}

void VolumeWatcher::wake() const {
  const std::uint64_t one = 1;
  if (::write(state_->wake.fd(), &one, sizeof one) < 0) return;  // full: it is awake already
}

}  // namespace caretaker::platform
