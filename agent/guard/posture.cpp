#include "agent/guard/posture.h"

#include "platform/base/json.h"
#include "platform/base/log.h"
#include "platform/files.h"
#include "policy/decide_posture.h"

namespace caretaker::agent {
namespace {

constexpr MonotonicMs kPauseMs = 60'000;
constexpr std::size_t kMaxFile = 4096;

PostureWords read_told(const std::filesystem::path& file) {
  const auto bytes = platform::read_file(file, kMaxFile);
  const auto json = bytes ? parse_json(as_text(*bytes), {kMaxFile, 1, 16}) : bytes.error();
  PostureWords told;
  if (!json || json->as_object() == nullptr) return told;
  for (const auto& [subject, word] : *json->as_object()) {
    if (word.as_string() != nullptr) told[subject] = *word.as_string();
  }
  return told;
}

}  // namespace

Posture::Posture(std::filesystem::path file, Look look, Book& book, const Clock& clock)
    : file_(std::move(file)), look_(std::move(look)), book_(book), clock_(clock), told_(read_told(file_)) {}

void Posture::tick() {
  if (clock_.monotonic_ms() < next_) return;
  next_ = clock_.monotonic_ms() + kPauseMs;
  PostureWords words;
  for (const auto& [subject, word] : policy::decide_posture(look_(), clock_.now())) words[std::string(subject)] = word;
  const PostureWords before = std::exchange(words_, std::move(words));
  if (before == words_) tell(words_);  // twice the same: what starts with the machine has started
}

void Posture::tell(const PostureWords& words) {
  if (words == told_ || book_.store() == nullptr) return;
  Json::Object file;
  for (const auto& [subject, word] : words) {
    file[subject] = word;
    if (const auto told = told_.find(subject); told != told_.end() && told->second == word) continue;
    const auto severity = policy::is_fine(subject, word) ? sync::Severity::kLow : sync::Severity::kMedium;
    book_.note({"posture.changed", subject + ":" + word, severity});
  }
  told_ = words;
  if (auto kept = platform::replace_file(file_, as_bytes(Json(file).dump()), 0600); !kept) {
    log_warning("posture", "told again after the next start: " + kept.error().message);
  }
}

}  // namespace caretaker::agent
