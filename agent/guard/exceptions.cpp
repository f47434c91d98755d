#include "agent/guard/exceptions.h"

#include <algorithm>

#include "agent/control_net.h"
#include "agent/guard/signer_room.h"
#include "platform/base/log.h"
#include "sync/checks.h"

namespace caretaker::agent {
namespace {

using policy::LessonRefusal;

constexpr SignerRoom kRoom{kMaxLessons, sync::kMaxLessonsOfOne};  // all of them may be open at once
constexpr std::size_t kMaxFile = 32u << 20;  // that many of the longest letters
constexpr MonotonicMs kWriteMs = 60'000;
constexpr UnixSeconds kClockSlack = 5;  // what a clock that is set by the network may go back over a restart

Status as_check(LessonRefusal refusal) {
  switch (refusal) {
    case LessonRefusal::kNone: return ok();
    case LessonRefusal::kNobody:
    case LessonRefusal::kGroup: return sync::refuse(sync::Check::kExceptionGroup);
    case LessonRefusal::kHours: return sync::refuse(sync::Check::kExceptionHours);
    case LessonRefusal::kSuffix:
    case LessonRefusal::kCategory: return sync::refuse(sync::Check::kExceptionName);
  }
  return sync::refuse(sync::Check::kExceptionForm);
}

policy::LessonRequest request_of(const sync::Exception& exception) {
  return {{exception.name, exception.group}, exception.head.until - exception.from, local_second_of_day(exception.from),
          local_second_of_day(exception.head.until)};
}

Subject told(const char* kind, const sync::LetterId& id) { return {kind, sync::letter_name(id)}; }

}  // namespace

Exceptions::Exceptions(std::filesystem::path file, const PolicyStore& trust, const Clock& clock, Note note)
    : file_(std::move(file)), trust_(trust), clock_(clock), note_(std::move(note)) {}

// By which root, policy and lists; empty while one of them is missing.
std::string Exceptions::judged_by() const {
  if (trust_.root() == nullptr || trust_.policy() == nullptr || trust_.set() == nullptr) return {};
  return std::to_string(trust_.root()->root().version) + "." + std::to_string(trust_.policy()->verified.bundle().version) + "." +
         std::to_string(trust_.lists()->verified.manifest().version);
}

Status Exceptions::judge(const sync::OpenedException& opened) const {
  if (judged_by().empty()) return make_error(ErrorCode::kUnavailable, "there is no policy yet to judge it by");
  const auto& rules = trust_.policy()->rules;
  TRY_DONE(as_check(policy::judge_lesson(rules, request_of(opened.exception))));
  return as_check(policy::judge_lesson_name(rules, *trust_.set(), opened.exception.name));
}

Result<Letters::Taken> Exceptions::take(const sync::RawBlob& blob, const sync::LetterId& id, const sync::DeviceId& device,
                                        const Letters::Room& room) {
  TRY(opened, sync::open_exception(blob, *trust_.root()));
  const std::string by = signers_name(opened.signers);
  const sync::Exception& exception = opened.exception;
  TRY_DONE(sync::check_letter_head(exception.head, trust_.root()->root().school, device, now()));
  if (exception.closes) {
    close(*exception.closes);
    TRY_DONE(write());
    return Letters::Taken{exception.head.until, {}, by};
  }
  TRY_DONE(judge(opened));
  TRY_DONE(room(by));
  look();
  if (!has_room(held_, by, kRoom) && !held_.contains(id)) return sync::refuse(sync::Check::kExceptionRoom);
  const std::int64_t length = (exception.head.until - exception.from) * 1000;
  if (!held_.contains(id)) held_[id] = {exception, blob.bytes, by, length, false, 0};
  if (auto written = write(); !written) {
    held_.erase(id);
    return written.error();
  }
  judged_ = judged_by();
  look();
  return Letters::Taken{exception.head.until, {}, by};
}

void Exceptions::begin(const sync::LetterId& id, Held& held) {
  const std::int64_t until_end = (held.exception.head.until - now()) * 1000;
  held.begun = true;
  held.ends = clock_.monotonic_ms() + std::min(held.left_ms, until_end);
  note_(told("exception.opened", id));
}

void Exceptions::close(const sync::LetterId& id) {
  const auto found = held_.find(id);
  if (found == held_.end()) return;
  if (found->second.begun) note_(told("exception.closed", id));
  held_.erase(found);
}

void Exceptions::look() {
  std::vector<sync::LetterId> over;
  for (auto& [id, held] : held_) {
    const bool is_over = now() >= held.exception.head.until || (held.begun && clock_.monotonic_ms() >= held.ends);
    if (is_over) over.push_back(id);
    else if (!held.begun && now() >= held.exception.from) begin(id, held);
  }
  for (const sync::LetterId& id : over) close(id);
  if (over.empty()) return;
  if (auto written = write(); !written) log_warning("exceptions", written.error().message);  // its own end stands in it
}

// A root may have taken the teacher's key away, a policy the class, lists the name.
void Exceptions::judge_again() {
  const std::string by = judged_by();
  if (by.empty() || by == judged_ || held_.empty()) return;
  std::vector<sync::LetterId> refused;
  for (const auto& [id, held] : held_) {
    const auto opened = sync::open_exception({held.envelope}, *trust_.root());
    if (!opened || !judge(*opened)) refused.push_back(id);
  }
  for (const sync::LetterId& id : refused) close(id);
  judged_ = by;
  if (refused.empty()) return;
  if (auto written = write(); !written) log_warning("exceptions", written.error().message);
}

std::vector<Exceptions::Open> Exceptions::open() {
  judge_again();
  look();
  std::vector<Open> out;
  if (judged_by().empty()) return out;
  for (const auto& [id, held] : held_) {
    if (held.begun) out.push_back({id, {held.exception.name, held.exception.group}, held.ends});
  }
  return out;
}

void Exceptions::tick() {
  judge_again();
  look();
  if (held_.empty() || clock_.monotonic_ms() - written_ < kWriteMs) return;
  written_ = clock_.monotonic_ms();
  if (auto written = write(); !written) log_warning("exceptions", written.error().message);
}

Status Exceptions::write() const {
  Json::Array rows;
  for (const auto& [id, held] : held_) {
    const std::int64_t left = held.begun ? std::max<std::int64_t>(0, held.ends - clock_.monotonic_ms()) : held.left_ms;
    rows.push_back(Json::Object{{"envelope", to_base64(held.envelope)}, {"left_ms", left}, {"begun", held.begun}});
  }
  const Json json(Json::Object{{"v", 1}, {"seen", std::max<UnixSeconds>(0, now())}, {"held", std::move(rows)}});
  return platform::replace_file(file_, as_bytes(json.dump()), 0600);
}

void Exceptions::read() {
  held_.clear();
  const auto bytes = platform::read_file(file_, kMaxFile);
  if (!bytes || trust_.root() == nullptr) return;
  const auto json = parse_json(as_text(*bytes), {kMaxFile, 8});
  const std::int64_t* seen = json ? (*json)["seen"].as_int() : nullptr;
  const auto rows = json ? json->array_at("held") : Result<const Json::Array*>(json.error());
  if (seen == nullptr || !rows) {
    log_error("exceptions", "exceptions.json is damaged: all of them are closed");
    return;
  }
  const bool clock_is_back = now() + kClockSlack < *seen;
  for (const Json& row : **rows) {
    const auto envelope = row.base64_at("envelope");
    const std::int64_t* left = row["left_ms"].as_int();
    const bool* begun = row["begun"].as_bool();
    const auto opened = envelope ? sync::open_exception({*envelope}, *trust_.root()) : Result<sync::OpenedException>(envelope.error());
    if (!opened || left == nullptr || begun == nullptr || opened->exception.closes) continue;
    const sync::Exception& exception = opened->exception;
    const std::int64_t most = (exception.head.until - exception.from) * 1000;
    Held held{exception, *envelope, signers_name(opened->signers), std::clamp<std::int64_t>(*left, 0, most), *begun, 0};
    if (clock_is_back || exception.head.until <= now()) {
      if (held.begun) note_(told("exception.closed", opened->id));
      continue;
    }
    if (held.begun) held.ends = clock_.monotonic_ms() + std::min(held.left_ms, (exception.head.until - now()) * 1000);
    held_.emplace(opened->id, std::move(held));
  }
}

}  // namespace caretaker::agent
