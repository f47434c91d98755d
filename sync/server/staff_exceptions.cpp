// What teachers ask: sites for a lesson.
#include <algorithm>
#include <set>

#include "sync/exception.h"
#include "sync/server/desk.h"

namespace caretaker::server {
namespace {

constexpr std::size_t kMaxListed = 200;
// Letters of this kind that are not over: a key in wrong hands fills no disk, and keeps no other teacher out.
constexpr std::size_t kMaxRunning = 2048;
constexpr std::size_t kMaxRunningOfOne = 64;

Result<Json> exception_json(FleetStore& store, const LetterRow& row) {
  TRY(answers, store.letter_answers(row.id));
  std::int64_t taken = 0;
  std::map<std::string, std::int64_t> refused;
  for (const LetterAnswer& answer : answers) {
    if (answer.answer == "taken") ++taken;
    else if (!answer.answer.empty()) ++refused[answer.answer];
  }
  return Json(Json::Object{{"letter", sync::letter_name(row.id)},
                           {"envelope", to_base64(row.envelope)},
                           {"published", row.published},
                           {"taken", taken},
                           {"refused", Json::Object(refused.begin(), refused.end())}});
}

// Whoever's key is not in the root any more counts no more either. What is open can always be closed, once.
Status check_room(const Desk& desk, const sync::OpenedException& next, const std::vector<LetterRow>& running) {
  std::size_t of_one = 0;
  std::set<sync::LetterId> open_of_one, closed;
  for (const LetterRow& row : running) {
    if (row.id == next.id) return ok();  // the same again, with one more signature
    const auto other = sync::open_exception({row.envelope}, desk.school.root());
    if (!other) continue;
    const bool is_theirs = std::ranges::any_of(other->signers, [&](const sync::KeyId& key) { return next.signers.contains(key); });
    of_one += is_theirs ? 1 : 0;
    if (other->exception.closes) closed.insert(*other->exception.closes);
    else if (is_theirs) open_of_one.insert(row.id);
  }
  const auto is_open = [&](const sync::LetterId& id) { return !closed.contains(id) && std::ranges::find(running, id, &LetterRow::id) != running.end(); };
  if (next.exception.closes && is_open(*next.exception.closes)) return ok();
  std::erase_if(open_of_one, [&](const sync::LetterId& id) { return closed.contains(id); });
  if (open_of_one.size() >= sync::kMaxLessonsOfOne) {
    return make_error(ErrorCode::kFull, "this key has 32 exceptions that are open or to come, which is what a device holds: close some, or wait");
  }
  if (of_one >= kMaxRunningOfOne) return make_error(ErrorCode::kFull, "this key has signed 64 exceptions that are not over: wait");
  if (running.size() >= kMaxRunning) return make_error(ErrorCode::kFull, "too many exceptions are open at once");
  return ok();
}

}  // namespace

// Judged by the devices; here only that a teacher of this school signed it and that it is not over.
Result<Json> publish_exception(Desk& desk) {
  TRY(blob, envelope_of(desk));
  TRY(opened, sync::open_exception(blob, desk.school.root()));
  const sync::LetterHead& head = opened.exception.head;
  TRY_DONE(sync::check_letter_head(head, desk.school.id(), head.device.value_or(sync::DeviceId{}), desk.now));
  const std::string type(sync::payload_type_name(sync::PayloadType::kException));
  TRY(running, desk.store.letters_of(type, desk.now, kMaxRunning));
  TRY_DONE(check_room(desk, opened, running));
  TRY_DONE(desk.store.add_letter({opened.id, type, head.device, head.until, std::move(blob.bytes)}, desk.now));
  return Json(Json::Object{{"letter", sync::letter_name(opened.id)}});
}

Result<Json> list_exceptions(Desk& desk) {
  TRY(rows, desk.store.letters_of(sync::payload_type_name(sync::PayloadType::kException), 0, kMaxListed));
  Json::Array exceptions;
  for (const LetterRow& row : rows) {
    TRY(json, exception_json(desk.store, row));
    exceptions.push_back(std::move(json));
  }
  return Json(Json::Object{{"exceptions", std::move(exceptions)}});
}

Result<Json> current_policy(Desk& desk) {
  TRY(newest, desk.store.newest_policy());
  Json::Object json{{"version", newest ? newest->version : 0}};
  if (newest) json["envelope"] = to_base64(newest->envelope);
  return Json(std::move(json));
}

}  // namespace caretaker::server
