// The fields of the requests that the command line makes. Every parse_ is bounded, takes any bytes, and refuses what is left
// over. agent/PROTOCOL.md. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "agent/control.h"
#include "platform/base/clock.h"
#include "sync/enrolment.h"

namespace caretaker::agent {

// A removable volume that is plugged in, and what became of it.
struct MediumRow {
  std::string medium;  // "usb-storage", "sd-card", ...
  std::string usb;     // "0951:1666", as the policy's [[media.allow]] wants it; empty when it is not on USB
  std::string serial;
  std::string volume;  // the volume's id
  std::string kind;    // "luks2", "vfat", ...; empty when nothing was recognised
  std::string access;  // policy::access_name
  std::string reason;  // policy::media_reason_name
  std::string notice;  // what its user is told; empty when there is nothing to tell
  bool operator==(const MediumRow&) const = default;
};

// How the machine itself is kept: a subject and a word of policy::decide_posture.
using PostureRow = std::pair<std::string, std::string>;

// kStatus, no fields in the request. Nothing in it is about a person. Times are 0 where there is none.
struct StatusAnswer {
  std::string agent_version;
  bool enrolled = false;
  std::string school;  // name
  std::string device;  // id in hexadecimal
  std::int64_t root_version = 0;
  std::int64_t policy_version = 0;
  std::int64_t lists_version = 0;
  UnixSeconds stale_since = 0;
  std::uint64_t events_queued = 0;  // not yet acknowledged by the server
  UnixSeconds last_receipt = 0;
  std::vector<std::string> health;  // stable codes; empty when all is well
  std::vector<MediumRow> media;
  std::vector<PostureRow> posture;
  std::string notice;  // what every user is told; empty before there is a school
  struct Portal {
    std::string name;  // the login page of the network at hand, while it is open; else empty
    MonotonicMs left_ms = 0;
  };
  Portal portal = {};
};
[[nodiscard]] Bytes make_status_answer(const StatusAnswer& answer);
[[nodiscard]] Result<StatusAnswer> parse_status_answer(ByteView fields);

// kEvents: entries of the current epoch from `from_seq` on, at most `limit`, and no more than a frame holds.
struct EventsQuestion {
  std::uint64_t from_seq = 1;
  std::uint32_t limit = 100;
};
[[nodiscard]] Bytes make_events_question(const EventsQuestion& question);
[[nodiscard]] Result<EventsQuestion> parse_events_question(ByteView fields);
struct QueuedEvent {
  std::uint64_t from = 0;  // a stub stands for from..to, and has no body
  std::uint64_t to = 0;
  bool acknowledged = false;
  Bytes body;    // sync/event.h
  Bytes sealed;  // sync/event.h, make_sealed_json; empty when there is none
};
struct EventsAnswer {
  sync::EpochId epoch{};
  std::vector<QueuedEvent> events;
};
[[nodiscard]] Bytes make_events_answer(const EventsAnswer& answer);
[[nodiscard]] Result<EventsAnswer> parse_events_answer(ByteView fields);

// kEnrolBegin: the token's text and the machine's name; out: the envelope that POST /v1/enrol takes.
struct EnrolBegin {
  std::string token;
  std::string label;
};
[[nodiscard]] Bytes make_enrol_begin(const EnrolBegin& begin);
[[nodiscard]] Result<EnrolBegin> parse_enrol_begin(ByteView fields);
[[nodiscard]] Bytes make_enrol_begin_answer(ByteView envelope);
[[nodiscard]] Result<Bytes> parse_enrol_begin_answer(ByteView fields);

// kEnrolFinish: the server's answer; no fields in the guard's.
[[nodiscard]] Bytes make_enrol_finish(const sync::EnrolmentAnswer& answer);
[[nodiscard]] Result<sync::EnrolmentAnswer> parse_enrol_finish(ByteView fields);

// kImport: in as kTakeAnswer with what was found; a line for each thing that was taken or refused out: "policy.applied v3".
[[nodiscard]] Bytes make_import_answer(const std::vector<std::string>& lines);
[[nodiscard]] Result<std::vector<std::string>> parse_import_answer(ByteView fields);

// kWhy: about a name as typed; user and group empty: whoever asks.
struct WhyQuestion {
  std::string name;
  std::string user;   // operating-system user
  std::string group;  // of the policy; beats `user`
};
[[nodiscard]] Bytes make_why_question(const WhyQuestion& question);
[[nodiscard]] Result<WhyQuestion> parse_why_question(ByteView fields);
struct WhyAnswer {
  std::string name;     // normalised
  std::string group;
  std::string verdict;  // "allow", "block", "rewrite", "forward"
  std::string reason;   // policy::reason_name
  std::string category;
  std::string rule;     // the name that matched
  std::string target;   // of a rewrite
  std::int64_t policy_version = 0;
  std::int64_t lists_version = 0;
};
[[nodiscard]] Bytes make_why_answer(const WhyAnswer& answer);
[[nodiscard]] Result<WhyAnswer> parse_why_answer(ByteView fields);

// kLostNotice, no fields in the request.
struct LostAnswer {
  bool is_locked = false;
  std::string school;
  std::string message;
  std::string telephone;
  std::string challenge;  // empty: no code unlocks it
};
[[nodiscard]] Bytes make_lost_answer(const LostAnswer& answer);
[[nodiscard]] Result<LostAnswer> parse_lost_answer(ByteView fields);

// kUnlock: the code as it was typed; no fields in the answer.
[[nodiscard]] Bytes make_unlock(std::string_view code);
[[nodiscard]] Result<std::string> parse_unlock(ByteView fields);

}  // namespace caretaker::agent
