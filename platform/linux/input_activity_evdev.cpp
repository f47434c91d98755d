#include "platform/linux/input_activity_evdev.h"

#include <fcntl.h>
#include <libudev.h>
#include <linux/input.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <filesystem>
#include <iterator>
#include <memory>

#include "platform/input_use.h"
#include "platform/sessions.h"

namespace caretaker::platform {
namespace {

using KeyBits = std::array<unsigned char, KEY_MAX / 8 + 1>;

bool has_bit(const KeyBits& bits, unsigned bit) { return (bits[bit / 8] >> (bit % 8) & 1) != 0; }

// Power buttons, lids, sensors and drifting joysticks are nobody at work.
bool is_for_people(const KeyBits& keys) {
  return has_bit(keys, KEY_ENTER) || has_bit(keys, KEY_A) || has_bit(keys, BTN_LEFT) || has_bit(keys, BTN_TOUCH);
}

InputEvent told_by(const input_event& event) {
  return {event.type, event.code, event.value, static_cast<MonotonicMs>(event.input_event_sec) * 1000 + static_cast<MonotonicMs>(event.input_event_usec) / 1000};
}

// The newest use among what is waiting; false when the device has gone.
bool drain(int fd, bool has_touch, bool& was_use, MonotonicMs& newest) {
  std::array<input_event, 64> events{};
  for (int round = 0; round < 64; ++round) {
    const ssize_t size = ::read(fd, events.data(), sizeof events);
    if (size < 0) return errno == EAGAIN || errno == EINTR;
    const std::size_t count = static_cast<std::size_t>(size) / sizeof(input_event);
    std::array<InputEvent, events.size()> told;
    std::transform(events.begin(), events.begin() + count, told.begin(), told_by);
    newest = std::max(newest, newest_use(std::span(told).first(count), has_touch, was_use));
    if (static_cast<std::size_t>(size) < sizeof events) break;
  }
  return true;
}

// As udev has attached it (ID_SEAT); what nobody has attached anywhere belongs to the main seat. nullopt: it has gone.
std::optional<std::string> seat_of_device(const std::string& name) {
  const std::unique_ptr<udev, decltype(&::udev_unref)> context(::udev_new(), &::udev_unref);
  if (!context) return std::nullopt;
  const std::unique_ptr<udev_device, decltype(&::udev_device_unref)> device(
      ::udev_device_new_from_subsystem_sysname(context.get(), "input", name.c_str()), &::udev_device_unref);
  if (!device) return std::nullopt;
  const char* seat = ::udev_device_get_property_value(device.get(), "ID_SEAT");
  return seat == nullptr ? std::string(kMainSeat) : seat;
}

}  // namespace

void InputActivity::find_new_devices(MonotonicMs now) {
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator("/dev/input", failed)) {
    const std::string name = entry.path().filename();
    if (!name.starts_with("event") || devices_.contains(name)) continue;
    OpenFile file(::open(entry.path().c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    KeyBits keys{};
    int clock = CLOCK_BOOTTIME;
    if (!file.is_open() || ::ioctl(file.fd(), EVIOCSCLOCKID, &clock) != 0) continue;
    if (::ioctl(file.fd(), EVIOCGBIT(EV_KEY, sizeof keys), keys.data()) < 0 || !is_for_people(keys)) continue;
    const std::string seat = seat_of_device(name).value_or(std::string(kMainSeat));
    devices_[name] = {std::move(file), has_bit(keys, BTN_TOUCH), true, seat};
    last_[seat] = now;  // plugged in by somebody
  }
}

void InputActivity::follow_seats(MonotonicMs now) {
  for (auto& [name, device] : devices_) {
    const auto seat = seat_of_device(name);
    if (!seat || *seat == device.seat) continue;
    device.seat = *seat;
    last_[*seat] = now;  // attached by somebody
  }
}

void InputActivity::look(MonotonicMs now) {
  for (auto entry = devices_.begin(); entry != devices_.end();) {
    Device& device = entry->second;
    entry = drain(device.file.fd(), device.has_touch, device.was_use, last_[device.seat]) ? std::next(entry) : devices_.erase(entry);
  }
  follow_seats(now);
  find_new_devices(now);
  for (auto& [seat, last] : last_) last = std::min(last, now);
}

std::optional<MonotonicMs> InputActivity::last_input(const std::string& seat) const {
  const bool has_devices = std::ranges::any_of(devices_, [&](const auto& entry) { return entry.second.seat == seat; });
  return has_devices ? std::optional(last_.at(seat)) : std::nullopt;
}

}  // namespace caretaker::platform
