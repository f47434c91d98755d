#include "agent/guard/suspensions.h"

#include <algorithm>

#include "platform/base/json.h"
#include "platform/base/log.h"
#include "platform/files.h"

namespace caretaker::agent {
namespace {

constexpr std::size_t kMaxFile = 1u << 20;
constexpr MonotonicMs kBetweenWritesMs = 60'000;

}  // namespace

Suspensions::Suspensions(std::filesystem::path file, const Clock& clock)
    : file_(std::move(file)), clock_(clock), counted_(clock.monotonic_ms()), written_(counted_) {
  read();
}

void Suspensions::read() {
  const auto bytes = platform::read_file(file_, kMaxFile);
  if (!bytes) return;
  const auto json = parse_json(as_text(*bytes), {kMaxFile, 2, 100'000});
  if (!json || json->as_object() == nullptr) {
    log_warning("sessions", file_.string() + " is damaged: what is left of suspensions is counted anew");
    return;
  }
  for (const auto& [name, entry] : *json->as_object()) {
    const auto until = entry.int_at("until");
    const auto left = entry.int_at("left_ms");
    const auto over = entry.bool_at("is_over");
    if (until && left && over) held_[name] = {*until, *left, *over};
  }
}

void Suspensions::write() {
  Json::Object json;
  for (const auto& [name, held] : held_) {
    json[name] = Json::Object{{"until", held.until}, {"left_ms", held.left_ms}, {"is_over", held.is_over}};
  }
  written_ = clock_.monotonic_ms();
  if (auto kept = platform::replace_file(file_, as_bytes(Json(std::move(json)).dump()), 0600); !kept) {
    log_warning("sessions", "what is left of suspensions is lost at the next start: " + kept.error().message);
  }
}

void Suspensions::count() {
  const MonotonicMs now = clock_.monotonic_ms();
  for (auto& [name, held] : held_) held.left_ms = std::max<MonotonicMs>(held.left_ms - (now - counted_), 0);
  counted_ = now;
}

policy::Suspensions Suspensions::in_force(const policy::Suspensions& ordered, UnixSeconds proved) {
  count();
  bool changed = std::erase_if(held_, [&](const auto& entry) { return !ordered.contains(entry.first); }) > 0;
  policy::Suspensions out;
  for (const auto& [name, until] : ordered) {
    const MonotonicMs longest = std::max<MonotonicMs>(until - proved, 0) * 1000;
    const auto [place, is_new] = held_.try_emplace(name, Held{until, longest, false});
    Held& held = place->second;
    if (held.until != until) held = {until, longest, false};
    held.left_ms = std::min(held.left_ms, longest);
    const bool is_over = held.is_over || proved >= until || (held.left_ms == 0 && clock_.now() >= until);
    changed = changed || is_new || is_over != held.is_over;
    held.is_over = is_over;
    if (!is_over) out[name] = kNoEnd;
  }
  if (changed || (!out.empty() && clock_.monotonic_ms() - written_ >= kBetweenWritesMs)) write();
  return out;
}

}  // namespace caretaker::agent
