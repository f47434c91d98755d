// What is said between the guard and its callers: the requests and how a frame begins. The fields of each are in
// control_net.h (asked by caretaker-net), control_gate.h (by caretaker-gate) and control_user.h (by the command line); who may ask what is one table in
// agent/guard/monitor.cpp. A request is one byte (Ask), then its fields; an answer is one byte (0, or an error code + 1),
// then its fields or the error's message. agent/PROTOCOL.md describes the bytes. Pure; any thread.
#pragma once

#include <cstdint>

#include "platform/base/bytes.h"
#include "platform/base/clock.h"
#include "platform/base/result.h"

namespace caretaker::agent {

// How often gate, inspect, net and programs look at the guard, and the guard at what it counts: all at the same moment (`next_together`), so
// that they wake the machine once together.
inline constexpr MonotonicMs kGuardLookMs = 15'000;

enum class Ask : std::uint8_t {
  kGetFilter = 1,      // net: policy text, set file (as an open file), revision
  kWaitFilter = 2,     // net: is this revision still the one in force?  answered at once
  kReportWeb = 3,      // net: up to 64 violations; the answer means that they are durable
  kNextBatch = 4,      // net: the signed check-in request body, or an empty one
  kTakeAnswer = 5,     // net: the server's answer, unpacked; guard verifies each blob
  kOfferSet = 6,       // net: a downloaded set file (as an open file) for the manifest that waits for it
  kGetUplink = 7,      // net: server urls, pins, enrolled or not, the set file that is waited for
  kNextHold = 8,       // net: the signed body of a request that the server may hold, or an empty one
  kReportHelp = 9,     // net: what somebody wrote on the device's own page; the answer says whether it is durable
  kReportGate = 32,    // gate: what happened at the packet filter in, the policy out
  kReportPrograms = 33,  // programs: up to 64 that were refused; the answer means that they are durable
  kReportInspect = 34,   // inspect: whether it sees connections
  kReportProgramsState = 35,  // programs: that it begins to judge, goes on, or stops
  kCheckSet = 10,      // net: a part of the set file is not what it was; no fields in request and answer
  kReportPortal = 11,  // net: where this network wants people to log in; what becomes of it out
  kStatus = 16,        // anybody: what `caretaker status` shows
  kEvents = 17,        // owner: queued events: open bodies, and sealed parts that only a recipient's key opens
  kEnrolBegin = 18,    // owner: token and label in, signed enrolment request out
  kEnrolFinish = 19,   // owner: the server's answer in
  kWhy = 20,           // anybody about themselves, owner about anybody: the decision on a name
  kLostNotice = 30,    // anybody: what somebody may read on the screen of a lost device
  kUnlock = 31,        // anybody: a code that was read out over the telephone
  kSnooze = 21,        // anybody whose group may: tonight's power-off half an hour later
  kImport = 22,        // owner: signed things from a folder, as in take-answer; what became of each out
  kImportSet = 23,     // owner: as offer-set
};

[[nodiscard]] Bytes make_request(Ask ask, ByteView fields);

// The first byte may be no Ask at all: the monitor's table decides. kInvalidInput: an empty frame.
struct Request {
  std::uint8_t ask = 0;
  ByteView fields;  // looks into the frame
};
[[nodiscard]] Result<Request> parse_request(ByteView frame);

[[nodiscard]] Bytes make_answer(ByteView fields);
[[nodiscard]] Bytes make_error_answer(const Error& error);
// The fields of a good answer (a view into the frame), or the error that the guard gave.
[[nodiscard]] Result<ByteView> parse_answer(ByteView frame);

}  // namespace caretaker::agent
