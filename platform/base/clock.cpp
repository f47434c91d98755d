#include "platform/base/clock.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>

namespace caretaker {
namespace {

class SystemClock final : public Clock {
 public:
  UnixSeconds now() const override { return static_cast<UnixSeconds>(std::time(nullptr)); }
  MonotonicMs monotonic_ms() const override {
#ifdef CLOCK_BOOTTIME
    timespec t{};
    clock_gettime(CLOCK_BOOTTIME, &t);
    return static_cast<MonotonicMs>(t.tv_sec) * 1000 + t.tv_nsec / 1000000;
#else
    using namespace std::chrono;
    return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
#endif
  }
};

}  // namespace

const Clock& system_clock() {
  static const SystemClock clock;
  return clock;
}

std::int64_t local_second_of_day(UnixSeconds time) {
  const std::time_t at = static_cast<std::time_t>(time);
  std::tm local{};
  if (localtime_r(&at, &local) == nullptr) return time % 86400;
  return local.tm_hour * 3600 + local.tm_min * 60 + std::min(local.tm_sec, 59);
}

std::string to_rfc3339(UnixSeconds time) {
  using namespace std::chrono;
  const sys_seconds at{seconds{time}};
  const sys_days day = floor<days>(at);
  const year_month_day date{day};
  const hh_mm_ss clock{at - day};
  char text[48];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text;
}

Result<UnixSeconds> parse_rfc3339(std::string_view text) {
  const Error bad = make_error(ErrorCode::kInvalidInput, "not a time of the form 2026-11-23T16:17:00Z");
  const std::string_view form = "dddd-dd-ddTdd:dd:ddZ";
  if (text.size() != form.size()) return bad;
  for (std::size_t i = 0; i < form.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (form[i] == 'd' ? !digit : text[i] != form[i]) return bad;
  }
  const auto number = [&](std::size_t at, std::size_t size) {
    int value = 0;
    for (std::size_t i = at; i < at + size; ++i) value = value * 10 + (text[i] - '0');
    return value;
  };
  using namespace std::chrono;
  const year_month_day date{year{number(0, 4)}, month{static_cast<unsigned>(number(5, 2))},
                            day{static_cast<unsigned>(number(8, 2))}};
  const int hour = number(11, 2), minute = number(14, 2), second = number(17, 2);
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) return bad;
  return static_cast<UnixSeconds>(sys_days{date}.time_since_epoch().count()) * 86400 + hour * 3600 + minute * 60 + second;
}

}  // namespace caretaker
