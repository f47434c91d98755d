#include "agent/control_net.h"

#include <algorithm>

#include "agent/control_fields.h"
#include "sync/limits.h"

namespace caretaker::agent {
namespace {

constexpr std::size_t kMaxPolicyText = 1u << 20;
constexpr std::size_t kMaxName = 255;
constexpr std::size_t kMaxCategory = 64;
constexpr std::size_t kMaxServers = 16;
constexpr MonotonicMs kMaxLessonMs = 86'400'000;

void write_violation(ByteWriter& out, const Violation& violation) {
  out.u8(violation.uid.has_value() ? 1 : 0);
  out.u32(violation.uid.value_or(0));
  out.u8(static_cast<std::uint8_t>(violation.reason));
  out.sized(violation.category);
  out.sized(violation.name);
  out.u64(static_cast<std::uint64_t>(violation.time));
  out.u32(violation.count);
}

Violation read_violation(ByteReader& in, bool& sensible) {
  Violation out;
  const std::uint8_t known = in.u8();
  const std::uint32_t uid = in.u32();
  if (known == 1) out.uid = uid;
  const std::uint8_t reason = in.u8();
  out.reason = static_cast<policy::Reason>(reason);
  out.category = in.text(kMaxCategory);
  out.name = in.text(kMaxName);
  out.time = static_cast<UnixSeconds>(in.u64());
  out.count = in.u32();
  sensible = sensible && known <= 1 && reason <= static_cast<std::uint8_t>(policy::kLastReason) && out.count > 0;
  return out;
}

void write_places(ByteWriter& out, const std::vector<sync::EpochPlace>& places) {
  out.u8(static_cast<std::uint8_t>(places.size()));
  for (const sync::EpochPlace& place : places) {
    out.raw(place.epoch);
    out.u64(place.head.seq);
    out.raw(place.head.link);
  }
}

bool read_places(ByteReader& in, std::vector<sync::EpochPlace>& out) {
  const std::uint8_t count = in.u8();
  if (count > sync::kMaxMissing) return false;
  for (std::uint8_t i = 0; i < count; ++i) {
    const auto epoch = read_array<16>(in);
    const std::uint64_t seq = in.u64();
    out.push_back({epoch, {seq, read_array<32>(in)}});
  }
  return true;
}

}  // namespace

Bytes make_filter_answer(const FilterAnswer& answer) {
  ByteWriter out;
  out.u8(static_cast<std::uint8_t>(answer.state));
  out.raw(answer.revision);
  out.sized(answer.policy_toml);
  out.u8(static_cast<std::uint8_t>(std::min(answer.lessons.size(), kMaxLessons)));
  for (std::size_t i = 0; i < std::min(answer.lessons.size(), kMaxLessons); ++i) {
    out.sized(answer.lessons[i].lesson.name);
    out.sized(answer.lessons[i].lesson.group);
    out.u64(static_cast<std::uint64_t>(answer.lessons[i].left_ms));
  }
  out.u8(answer.portal.has_value() ? 1 : 0);
  const OpenPortal portal = answer.portal.value_or(OpenPortal{});
  out.sized(portal.name);
  out.u64(static_cast<std::uint64_t>(portal.left_ms));
  return std::move(out).take();
}

Result<FilterAnswer> parse_filter_answer(ByteView fields) {
  ByteReader in(fields);
  FilterAnswer out;
  const std::uint8_t state = in.u8();
  out.state = static_cast<FilterState>(state);
  out.revision = read_array<32>(in);
  out.policy_toml = in.text(kMaxPolicyText);
  const std::uint8_t lessons = in.u8();
  if (lessons > kMaxLessons) return malformed("filter answer");
  for (std::uint8_t i = 0; i < lessons && in.ok(); ++i) {
    OpenLesson& open = out.lessons.emplace_back();
    open.lesson.name = in.text(kMaxName);
    open.lesson.group = in.text(sync::kMaxText);
    open.left_ms = static_cast<MonotonicMs>(in.u64());
    if (open.left_ms < 0 || open.left_ms > kMaxLessonMs) return malformed("filter answer");
  }
  const std::uint8_t has_portal = in.u8();
  OpenPortal portal;
  portal.name = in.text(kMaxName);
  portal.left_ms = static_cast<MonotonicMs>(in.u64());
  if (portal.left_ms < 0 || portal.left_ms > policy::kPortalHourMs) return malformed("filter answer");
  if (!in.at_end() || state > 2 || has_portal > 1) return malformed("filter answer");
  if (has_portal == 1) out.portal = std::move(portal);
  return out;
}

Bytes make_wait_filter(const Revision& revision) { return to_bytes(revision); }

Result<Revision> parse_wait_filter(ByteView fields) { return to_array<32>(fields); }

Bytes make_wait_filter_answer(const WaitedFilter& answer) {
  ByteWriter out;
  out.u8(answer.is_current ? 1 : 0);
  out.u8(answer.is_urgent ? 1 : 0);
  return std::move(out).take();
}

Result<WaitedFilter> parse_wait_filter_answer(ByteView fields) {
  ByteReader in(fields);
  const std::uint8_t current = in.u8();
  const std::uint8_t urgent = in.u8();
  if (!in.at_end() || current > 1 || urgent > 1) return malformed("answer about the filter");
  return WaitedFilter{current == 1, urgent == 1};
}

Bytes make_web_report(const WebReport& report) {
  ByteWriter out;
  out.raw(report.id);
  out.u32(report.lost);
  out.u32(static_cast<std::uint32_t>(report.violations.size()));
  for (const Violation& violation : report.violations) write_violation(out, violation);
  return std::move(out).take();
}

Result<WebReport> parse_web_report(ByteView fields) {
  ByteReader in(fields);
  WebReport out;
  out.id = read_array<16>(in);
  out.lost = in.u32();
  const std::uint32_t count = in.u32();
  bool sensible = count <= kMaxReported;
  for (std::uint32_t i = 0; i < count && sensible && in.ok(); ++i) out.violations.push_back(read_violation(in, sensible));
  if (!sensible || !in.at_end()) return malformed("web report");
  return out;
}

Bytes make_web_report_answer(bool urgent) { return make_flag(urgent); }
Result<bool> parse_web_report_answer(ByteView fields) { return parse_flag(fields); }

Bytes make_body_answer(ByteView body) { return make_blob(body); }
Result<Bytes> parse_body_answer(ByteView fields) { return parse_blob(fields); }

Bytes make_next_hold(std::string_view mark) { return make_blob(as_bytes(mark)); }

Result<std::string> parse_next_hold(ByteView fields) {
  TRY(mark, parse_blob(fields));
  if (mark.size() > sync::kMaxMark) return malformed("mark");
  return std::string(as_text(mark));
}

Bytes make_take_answer(const sync::CheckinAnswer& answer) {
  ByteWriter out;
  out.sized(answer.receipt);
  write_blobs(out, answer.roots);
  out.sized(answer.policy);
  out.sized(answer.lists);
  out.u8(answer.more ? 1 : 0);
  out.u8(answer.expected.has_value() ? 1 : 0);
  const sync::ChainHead expected = answer.expected.value_or(sync::ChainHead{});
  out.u64(expected.seq);
  out.raw(expected.link);
  write_places(out, answer.missing);
  write_blobs(out, answer.letters);
  out.sized(std::string_view(answer.problem).substr(0, kMaxShortText));
  return std::move(out).take();
}

Result<sync::CheckinAnswer> parse_take_answer(ByteView fields) {
  ByteReader in(fields);
  sync::CheckinAnswer out;
  out.receipt = to_bytes(in.sized(kMaxBlob));
  const bool roots_fit = read_blobs(in, out.roots);
  out.policy = to_bytes(in.sized(kMaxBlob));
  out.lists = to_bytes(in.sized(kMaxBlob));
  const std::uint8_t more = in.u8();
  const std::uint8_t has_expected = in.u8();
  sync::ChainHead expected;
  expected.seq = in.u64();
  expected.link = read_array<32>(in);
  const bool places_fit = read_places(in, out.missing);
  const bool letters_fit = read_blobs(in, out.letters) && out.letters.size() <= sync::kMaxLetters;
  out.problem = in.text(kMaxShortText);
  if (!roots_fit || !places_fit || !letters_fit || !in.at_end() || more > 1 || has_expected > 1) return malformed("server's answer");
  out.more = more == 1;
  if (has_expected == 1) out.expected = expected;
  return out;
}

Bytes make_taken_answer(const TakenAnswer& taken) {
  return {static_cast<std::uint8_t>(taken.more ? 1 : 0), static_cast<std::uint8_t>(taken.soon ? 1 : 0)};
}

Result<TakenAnswer> parse_taken_answer(ByteView fields) {
  if (fields.size() != 2 || fields[0] > 1 || fields[1] > 1) return malformed("guard's word on an answer");
  return TakenAnswer{fields[0] == 1, fields[1] == 1};
}

Bytes make_portal_report(std::string_view host) { return make_text(host, kMaxName); }

Result<std::string> parse_portal_report(ByteView fields) { return parse_text(fields, kMaxName, "report of a login page"); }

Bytes make_portal_verdict(policy::PortalVerdict verdict) { return {static_cast<std::uint8_t>(verdict)}; }

Result<policy::PortalVerdict> parse_portal_verdict(ByteView fields) {
  if (fields.size() != 1 || fields[0] > static_cast<std::uint8_t>(policy::kLastPortalVerdict)) return malformed("word about a login page");
  return static_cast<policy::PortalVerdict>(fields[0]);
}

Bytes make_uplink_answer(const UplinkAnswer& answer) {
  ByteWriter out;
  out.u8(answer.enrolled ? 1 : 0);
  write_texts(out, answer.servers);
  out.u32(static_cast<std::uint32_t>(answer.tls_pins.size()));
  for (const Hash& pin : answer.tls_pins) out.raw(pin);
  out.u8(answer.wanted.has_value() ? 1 : 0);
  const WantedSet wanted = answer.wanted.value_or(WantedSet{});
  out.raw(wanted.file);
  out.u64(wanted.size);
  out.u8(wanted.base.has_value() ? 1 : 0);
  out.raw(wanted.base.value_or(Hash{}));
  return std::move(out).take();
}

Result<UplinkAnswer> parse_uplink_answer(ByteView fields) {
  ByteReader in(fields);
  UplinkAnswer out;
  const std::uint8_t enrolled = in.u8();
  bool sensible = enrolled <= 1 && read_texts(in, out.servers, kMaxServers);
  const std::uint32_t pins = in.u32();
  sensible = sensible && pins <= kMaxServers;
  for (std::uint32_t i = 0; i < pins && sensible; ++i) out.tls_pins.push_back(read_array<32>(in));
  const std::uint8_t has_wanted = in.u8();
  WantedSet wanted;
  wanted.file = read_array<32>(in);
  wanted.size = in.u64();
  const std::uint8_t has_base = in.u8();
  const Hash base = read_array<32>(in);
  if (has_base == 1) wanted.base = base;
  if (!sensible || !in.at_end() || has_wanted > 1 || has_base > 1) return malformed("uplink answer");
  out.enrolled = enrolled == 1;
  if (has_wanted == 1) out.wanted = wanted;
  return out;
}

}  // namespace caretaker::agent
