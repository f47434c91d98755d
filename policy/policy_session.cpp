#include "policy/policy_session.h"

#include <algorithm>
#include <array>

#include "policy/policy_words.h"

namespace caretaker::policy {
namespace {

constexpr std::array<std::string_view, 4> kLockKeys = {"after_minutes", "notice_seconds", "video_minutes", "if_not_locked"};
constexpr std::array<std::string_view, 3> kPowerOffKeys = {"at", "warning_minutes", "snoozes"};
constexpr std::int64_t kMaxLockMinutes = 240;

struct Bounds {
  std::int64_t least;
  std::int64_t most;
};

std::int64_t read_number(const Section& section, std::string_view key, Bounds bounds, std::int64_t otherwise) {
  const auto number = section.whole_number(key);
  if (!number) return otherwise;
  if (*number >= bounds.least && *number <= bounds.most) return *number;
  section.error(key, *section.table().find(key),
                "expected " + std::to_string(bounds.least) + " to " + std::to_string(bounds.most));
  return otherwise;
}

}  // namespace

std::optional<std::int64_t> parse_time_of_day(std::string_view text) {
  const auto digit = [&](std::size_t at) { return text[at] >= '0' && text[at] <= '9'; };
  if (text.size() != 5 || text[2] != ':' || !digit(0) || !digit(1) || !digit(3) || !digit(4)) return std::nullopt;
  const int hour = (text[0] - '0') * 10 + (text[1] - '0');
  const int minute = (text[3] - '0') * 10 + (text[4] - '0');
  if (hour > 23 || minute > 59) return std::nullopt;
  return hour * 60 + minute;
}

IdleLock read_idle_lock(const Section& group) {
  IdleLock lock;
  const auto section = group.section("idle_lock");
  if (!section) return lock;
  section->allow_only(kLockKeys);
  lock.after_minutes = read_number(*section, "after_minutes", {1, kMaxLockMinutes}, lock.after_minutes);
  lock.notice_seconds = read_number(*section, "notice_seconds", {0, 300}, lock.notice_seconds);
  lock.video_minutes = read_number(*section, "video_minutes", {0, kMaxLockMinutes}, lock.video_minutes);
  lock.if_not_locked =
      section->choice<IfNotLocked>("if_not_locked", kIfNotLockedWords).value_or(lock.if_not_locked);
  if (lock.notice_seconds >= lock.after_minutes * 60) {
    section->error("notice_seconds", section->table(), "the notice must be shorter than after_minutes");
  }
  if (section->has("video_minutes") && lock.video_minutes <= lock.after_minutes && lock.video_minutes != 0) {
    section->warn("video_minutes", *section->table().find("video_minutes"), "does nothing: no longer than after_minutes");
  }
  return lock;
}

std::optional<PowerOff> read_power_off(const Section& group) {
  const auto section = group.section("power_off");
  if (!section) return std::nullopt;
  section->allow_only(kPowerOffKeys);
  PowerOff out;
  const auto text = section->text("at");
  const auto at = text ? parse_time_of_day(*text) : std::nullopt;
  if (!section->has("at")) {
    section->error_here("at", "missing: expected a time of day such as \"21:30\"");
  } else if (text && !at) {
    section->error("at", *section->table().find("at"), "expected a time of day such as \"21:30\"");
  }
  out.at_minute = at.value_or(0);
  out.warning_minutes = read_number(*section, "warning_minutes", {1, 60}, out.warning_minutes);
  out.snoozes = read_number(*section, "snoozes", {0, 12}, out.snoozes);
  return out;
}

Suspensions read_suspensions(const Section& root) {
  Suspensions out;
  const auto section = root.section("suspended");
  if (!section) return out;
  for (const TomlMember& member : section->table().members) {
    const auto text = section->text(member.key);
    if (!text) continue;
    const auto until = parse_rfc3339(*text);
    if (!until) {
      section->error(member.key, member.value, "expected until when, in UTC, such as \"2027-01-08T08:00:00Z\"");
    } else if (member.key.empty() || member.key == "root") {
      section->error(member.key, member.value, "expected the name of a person's account");
    } else {
      out[member.key] = *until;
    }
  }
  return out;
}

}  // namespace caretaker::policy
