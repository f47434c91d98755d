#include "platform/linux/input_activity_evdev.h"

#include <fcntl.h>
#include <linux/input.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <filesystem>

namespace caretaker::platform {
namespace {

using KeyBits = std::array<unsigned char, KEY_MAX / 8 + 1>;

bool has_bit(const KeyBits& bits, unsigned bit) { return (bits[bit / 8] >> (bit % 8) & 1) != 0; }

// Power buttons, lids, sensors and drifting joysticks are nobody at work.
bool is_for_people(const KeyBits& keys) {
  return has_bit(keys, KEY_ENTER) || has_bit(keys, KEY_A) || has_bit(keys, BTN_LEFT) || has_bit(keys, BTN_TOUCH);
}

bool is_use(const input_event& event, bool has_touch) {
  if (event.type == EV_SYN) return event.code == SYN_DROPPED;     // there was more than the kernel keeps
  if (event.type == EV_KEY) return event.value != 2;              // not the repeats of a key with a book on it
  return event.type == EV_REL || (event.type == EV_ABS && has_touch);
}

MonotonicMs time_of(const input_event& event) {
  return static_cast<MonotonicMs>(event.input_event_sec) * 1000 + static_cast<MonotonicMs>(event.input_event_usec) / 1000;
}

// The newest use among what is waiting; false when the device has gone.
bool drain(int fd, bool has_touch, MonotonicMs& newest) {
  std::array<input_event, 64> events{};
  for (int round = 0; round < 64; ++round) {
    const ssize_t size = ::read(fd, events.data(), sizeof events);
    if (size < 0) return errno == EAGAIN || errno == EINTR;
    for (std::size_t i = 0; i < static_cast<std::size_t>(size) / sizeof(input_event); ++i) {
      if (is_use(events[i], has_touch)) newest = std::max(newest, time_of(events[i]));
    }
    if (static_cast<std::size_t>(size) < sizeof events) break;
  }
  return true;
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
    devices_[name] = {std::move(file), has_bit(keys, BTN_TOUCH)};
    last_ = std::max(last_, now);  // plugged in by somebody
  }
}

std::optional<MonotonicMs> InputActivity::last_input(MonotonicMs now) {
  std::erase_if(devices_, [this](auto& entry) { return !drain(entry.second.file.fd(), entry.second.has_touch, last_); });
  find_new_devices(now);
  if (devices_.empty()) return std::nullopt;
  last_ = std::min(last_, now);
  return last_;
}

}  // namespace caretaker::platform
