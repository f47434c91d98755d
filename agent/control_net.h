// The fields of the requests that caretaker-net makes. Every parse_ is bounded, takes any bytes, and refuses what is
// left over. agent/PROTOCOL.md. Pure; any thread.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "agent/control.h"
#include "agent/violation.h"
#include "platform/base/crypto.h"
#include "policy/exceptions.h"
#include "policy/portal.h"
#include "sync/batch.h"

namespace caretaker::agent {

// Names a policy together with a set file and the lessons that are open; others have another revision. All zeros: none.
using Revision = Hash;

enum class FilterState : std::uint8_t {
  kNotEnrolled = 0,  // nothing is answered
  kIncomplete = 1,   // enrolled, but policy or set file have not arrived: nothing is answered
  kReady = 2,        // the set file is passed along with the answer
};

// kGetFilter, no fields in the request.
// A site that is open for a lesson.
struct OpenLesson {
  policy::Lesson lesson;
  MonotonicMs left_ms = 0;  // from the answer on
};
inline constexpr std::size_t kMaxLessons = 240;  // their number is one byte

// The login page of the network at hand, while it is open.
struct OpenPortal {
  std::string name;
  MonotonicMs left_ms = 0;  // from the answer on
};

struct FilterAnswer {
  FilterState state = FilterState::kNotEnrolled;
  Revision revision{};
  std::string policy_toml;
  std::vector<OpenLesson> lessons;
  std::optional<OpenPortal> portal = std::nullopt;
};
[[nodiscard]] Bytes make_filter_answer(const FilterAnswer& answer);
[[nodiscard]] Result<FilterAnswer> parse_filter_answer(ByteView fields);

// kWaitFilter: the revision that the caller has.
[[nodiscard]] Bytes make_wait_filter(const Revision& revision);
[[nodiscard]] Result<Revision> parse_wait_filter(ByteView fields);
struct WaitedFilter {
  bool is_current = false;
  bool is_urgent = false;  // the book has something that the school should hear soon
};
[[nodiscard]] Bytes make_wait_filter_answer(const WaitedFilter& answer);
[[nodiscard]] Result<WaitedFilter> parse_wait_filter_answer(ByteView fields);

// kReportWeb. A group that is sent again after a lost answer has the same id, and is stored once.
inline constexpr std::size_t kMaxReported = 64;
struct WebReport {
  std::array<std::uint8_t, 16> id{};
  std::uint32_t lost = 0;  // violations that found no room in the caller's queue since the last group
  std::vector<Violation> violations;
};
[[nodiscard]] Bytes make_web_report(const WebReport& report);
[[nodiscard]] Result<WebReport> parse_web_report(ByteView fields);
// The answer: true when something in it should reach the school soon.
[[nodiscard]] Bytes make_web_report_answer(bool urgent);
[[nodiscard]] Result<bool> parse_web_report_answer(ByteView fields);

// kNextBatch, no fields in the request; the body of POST /v1/checkin out, empty when there is nobody to send as.
[[nodiscard]] Bytes make_body_answer(ByteView body);
[[nodiscard]] Result<Bytes> parse_body_answer(ByteView fields);

// kNextHold: the server's mark in; the body of POST /v1/hold out, empty when there is nobody to send as.
[[nodiscard]] Bytes make_next_hold(std::string_view mark);
[[nodiscard]] Result<std::string> parse_next_hold(ByteView fields);

// kTakeAnswer: everything in it is still a raw blob to the guard.
[[nodiscard]] Bytes make_take_answer(const sync::CheckinAnswer& answer);
[[nodiscard]] Result<sync::CheckinAnswer> parse_take_answer(ByteView fields);
struct TakenAnswer {
  bool more = false;  // another batch should follow at once
  bool soon = false;  // something was taken that the school waits to hear of: a check-in within seconds
};
[[nodiscard]] Bytes make_taken_answer(const TakenAnswer& taken);
[[nodiscard]] Result<TakenAnswer> parse_taken_answer(ByteView fields);

// kReportPortal: the host that this network sends people to, as it gave it.
[[nodiscard]] Bytes make_portal_report(std::string_view host);
[[nodiscard]] Result<std::string> parse_portal_report(ByteView fields);
[[nodiscard]] Bytes make_portal_verdict(policy::PortalVerdict verdict);
[[nodiscard]] Result<policy::PortalVerdict> parse_portal_verdict(ByteView fields);

// kOfferSet has no fields: the open file is the request, and what it is must show. No fields in the answer.

// kGetUplink, no fields in the request.
struct WantedSet {
  Hash file{};  // names it at the server: GET /v1/set/<hex>
  std::uint64_t size = 0;
  std::optional<Hash> base = std::nullopt;  // the file in force: a delta to it will do (policy/set_delta.h)
};
struct UplinkAnswer {
  bool enrolled = false;
  std::vector<std::string> servers;
  std::vector<Hash> tls_pins;
  std::optional<WantedSet> wanted;
};
[[nodiscard]] Bytes make_uplink_answer(const UplinkAnswer& answer);
[[nodiscard]] Result<UplinkAnswer> parse_uplink_answer(ByteView fields);

}  // namespace caretaker::agent
