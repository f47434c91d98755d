#include "agent/control_user.h"

#include "agent/control_fields.h"

namespace caretaker::agent {
namespace {

constexpr std::size_t kMaxHealthCodes = 64;
constexpr std::size_t kMaxEvents = 10'000;
constexpr std::size_t kMaxSealed = 1u << 20;
constexpr std::size_t kMaxMedia = 256;
constexpr std::size_t kMaxPosture = 16;
constexpr std::size_t kMaxNotice = 4096;
constexpr std::size_t kMaxTyped = 1024;  // a name as somebody typed it, a user, a group

constexpr std::array kMediumFields = {&MediumRow::medium, &MediumRow::usb,    &MediumRow::serial, &MediumRow::volume,
                                      &MediumRow::kind,   &MediumRow::access, &MediumRow::reason, &MediumRow::notice};

bool read_media(ByteReader& in, std::vector<MediumRow>& rows) {
  const std::uint32_t count = in.u32();
  if (count > kMaxMedia) return false;
  for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
    MediumRow& row = rows.emplace_back();
    for (const auto field : kMediumFields) row.*field = in.text(kMaxShortText);
  }
  return true;
}

bool read_posture(ByteReader& in, std::vector<PostureRow>& rows) {
  const std::uint32_t count = in.u32();
  if (count > kMaxPosture) return false;
  for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
    PostureRow& row = rows.emplace_back();
    row.first = in.text(kMaxShortText);
    row.second = in.text(kMaxShortText);
  }
  return true;
}

}  // namespace

Bytes make_status_answer(const StatusAnswer& answer) {
  ByteWriter out;
  out.sized(answer.agent_version);
  out.u8(answer.enrolled ? 1 : 0);
  out.sized(std::string_view(answer.school).substr(0, kMaxShortText));
  out.sized(answer.device);
  for (const std::int64_t number : {answer.root_version, answer.policy_version, answer.lists_version,
                                    answer.stale_since, answer.last_receipt}) {
    out.u64(static_cast<std::uint64_t>(number));
  }
  out.u64(answer.events_queued);
  write_texts(out, answer.health);
  const std::size_t media = std::min(answer.media.size(), kMaxMedia);
  out.u32(static_cast<std::uint32_t>(media));
  for (std::size_t i = 0; i < media; ++i) {
    for (const auto field : kMediumFields) out.sized(std::string_view(answer.media[i].*field).substr(0, kMaxShortText));
  }
  out.u32(static_cast<std::uint32_t>(answer.posture.size()));
  for (const auto& [subject, word] : answer.posture) {
    out.sized(subject);
    out.sized(word);
  }
  out.sized(std::string_view(answer.notice).substr(0, kMaxNotice));
  out.sized(answer.portal.name);
  out.u64(static_cast<std::uint64_t>(answer.portal.left_ms));
  return std::move(out).take();
}

Result<StatusAnswer> parse_status_answer(ByteView fields) {
  ByteReader in(fields);
  StatusAnswer out;
  out.agent_version = in.text(kMaxShortText);
  const std::uint8_t enrolled = in.u8();
  out.school = in.text(kMaxShortText);
  out.device = in.text(kMaxShortText);
  for (std::int64_t* number : {&out.root_version, &out.policy_version, &out.lists_version, &out.stale_since,
                               &out.last_receipt}) {
    *number = static_cast<std::int64_t>(in.u64());
  }
  out.events_queued = in.u64();
  const bool whole = read_texts(in, out.health, kMaxHealthCodes) && read_media(in, out.media) && read_posture(in, out.posture);
  out.notice = in.text(kMaxNotice);
  out.portal.name = in.text(kMaxShortText);
  out.portal.left_ms = static_cast<MonotonicMs>(in.u64());
  if (!whole || !in.at_end() || enrolled > 1) return malformed("status");
  out.enrolled = enrolled == 1;
  return out;
}

Bytes make_events_question(const EventsQuestion& question) {
  ByteWriter out;
  out.u64(question.from_seq);
  out.u32(question.limit);
  return std::move(out).take();
}

Result<EventsQuestion> parse_events_question(ByteView fields) {
  ByteReader in(fields);
  EventsQuestion out;
  out.from_seq = in.u64();
  out.limit = in.u32();
  if (!in.at_end() || out.limit == 0 || out.limit > kMaxEvents) return malformed("question for events");
  return out;
}

Bytes make_events_answer(const EventsAnswer& answer) {
  ByteWriter out;
  out.raw(answer.epoch);
  out.u32(static_cast<std::uint32_t>(answer.events.size()));
  for (const QueuedEvent& event : answer.events) {
    out.u64(event.from);
    out.u64(event.to);
    out.u8(event.acknowledged ? 1 : 0);
    out.sized(event.body);
    out.sized(event.sealed);
  }
  return std::move(out).take();
}

Result<EventsAnswer> parse_events_answer(ByteView fields) {
  ByteReader in(fields);
  EventsAnswer out;
  out.epoch = read_array<16>(in);
  const std::uint32_t count = in.u32();
  if (count > kMaxEvents) return malformed("list of events");
  for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
    QueuedEvent event;
    event.from = in.u64();
    event.to = in.u64();
    event.acknowledged = in.u8() != 0;
    event.body = to_bytes(in.sized(kMaxSealed));
    event.sealed = to_bytes(in.sized(kMaxSealed));
    out.events.push_back(std::move(event));
  }
  if (!in.at_end()) return malformed("list of events");
  return out;
}

Bytes make_enrol_begin(const EnrolBegin& begin) {
  ByteWriter out;
  out.sized(begin.token);
  out.sized(std::string_view(begin.label).substr(0, kMaxTyped));
  return std::move(out).take();
}

Result<EnrolBegin> parse_enrol_begin(ByteView fields) {
  ByteReader in(fields);
  EnrolBegin out;
  out.token = in.text(2 * kMaxShortText);
  out.label = in.text(kMaxTyped);
  if (!in.at_end()) return malformed("enrolment");
  return out;
}

Bytes make_enrol_begin_answer(ByteView envelope) { return make_blob(envelope); }
Result<Bytes> parse_enrol_begin_answer(ByteView fields) { return parse_blob(fields); }

Bytes make_enrol_finish(const sync::EnrolmentAnswer& answer) {
  ByteWriter out;
  out.sized(answer.certificate);
  write_blobs(out, answer.roots);
  out.sized(answer.policy);
  out.sized(answer.lists);
  return std::move(out).take();
}

Result<sync::EnrolmentAnswer> parse_enrol_finish(ByteView fields) {
  ByteReader in(fields);
  sync::EnrolmentAnswer out;
  out.certificate = to_bytes(in.sized(kMaxBlob));
  const bool roots_fit = read_blobs(in, out.roots);
  out.policy = to_bytes(in.sized(kMaxBlob));
  out.lists = to_bytes(in.sized(kMaxBlob));
  if (!roots_fit || !in.at_end()) return malformed("enrolment answer");
  return out;
}

Bytes make_import_answer(const std::vector<std::string>& lines) {
  ByteWriter out;
  write_texts(out, lines);
  return std::move(out).take();
}

Result<std::vector<std::string>> parse_import_answer(ByteView fields) {
  ByteReader in(fields);
  std::vector<std::string> lines;
  if (!read_texts(in, lines, kMaxHealthCodes * 4) || !in.at_end()) return malformed("answer to an import");
  return lines;
}

Bytes make_why_question(const WhyQuestion& question) {
  ByteWriter out;
  for (const std::string* text : {&question.name, &question.user, &question.group}) {
    out.sized(std::string_view(*text).substr(0, kMaxTyped));
  }
  return std::move(out).take();
}

Result<WhyQuestion> parse_why_question(ByteView fields) {
  ByteReader in(fields);
  WhyQuestion out;
  for (std::string* text : {&out.name, &out.user, &out.group}) *text = in.text(kMaxTyped);
  if (!in.at_end()) return malformed("question about a name");
  return out;
}

Bytes make_why_answer(const WhyAnswer& answer) {
  ByteWriter out;
  for (const std::string* text : {&answer.name, &answer.group, &answer.verdict, &answer.reason, &answer.category,
                                  &answer.rule, &answer.target}) {
    out.sized(std::string_view(*text).substr(0, kMaxTyped));
  }
  out.u64(static_cast<std::uint64_t>(answer.policy_version));
  out.u64(static_cast<std::uint64_t>(answer.lists_version));
  return std::move(out).take();
}

Result<WhyAnswer> parse_why_answer(ByteView fields) {
  ByteReader in(fields);
  WhyAnswer out;
  for (std::string* text : {&out.name, &out.group, &out.verdict, &out.reason, &out.category, &out.rule, &out.target}) {
    *text = in.text(kMaxTyped);
  }
  out.policy_version = static_cast<std::int64_t>(in.u64());
  out.lists_version = static_cast<std::int64_t>(in.u64());
  if (!in.at_end()) return malformed("answer about a name");
  return out;
}

Bytes make_lost_answer(const LostAnswer& answer) {
  ByteWriter out;
  out.u8(answer.is_locked ? 1 : 0);
  for (const std::string* text : {&answer.school, &answer.message, &answer.telephone, &answer.challenge}) {
    out.sized(std::string_view(*text).substr(0, kMaxShortText));
  }
  return std::move(out).take();
}

Result<LostAnswer> parse_lost_answer(ByteView fields) {
  ByteReader in(fields);
  LostAnswer out;
  const std::uint8_t locked = in.u8();
  out.is_locked = locked == 1;
  for (std::string* text : {&out.school, &out.message, &out.telephone, &out.challenge}) *text = in.text(kMaxShortText);
  if (!in.at_end() || locked > 1) return malformed("notice of a lost device");
  return out;
}

Bytes make_unlock(std::string_view code) { return make_text(code, kMaxShortText); }

Result<std::string> parse_unlock(ByteView fields) { return parse_text(fields, kMaxShortText, "code"); }

}  // namespace caretaker::agent
