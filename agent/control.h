// What is said between the guard and its callers: the table of requests is in agent/guard/monitor.cpp, the frames are here.
// A request is one byte (Ask), then its fields; an answer is one byte (0 or an error code + 1), then fields or a message.
// agent/PROTOCOL.md describes the bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "platform/base/bytes.h"
#include "platform/base/result.h"

namespace caretaker::agent {

enum class Ask : std::uint8_t {
  kGetFilter = 1,      // net: policy text, set file (as an open file), version numbers
  kWaitFilter = 2,     // net: has anything newer than these versions come?  answered at once
  kReportWeb = 3,      // net: up to 64 violations; the answer means that they are durable
  kNextBatch = 4,      // net: the signed check-in request body, or an empty one
  kTakeAnswer = 5,     // net: the server's answer, unpacked; guard verifies each blob
  kOfferSet = 6,       // net: a downloaded set file (as an open file) for the manifest that waits for it
  kGetUplink = 7,      // net: server urls, pins, enrolled or not
  kStatus = 16,        // anybody: what `caretaker status` shows
  kEvents = 17,        // owner: queued events, open bodies only
  kEnrolBegin = 18,    // owner: token and label in, signed enrolment request out
  kEnrolFinish = 19,   // owner: the server's answer in
  kWhy = 20,           // anybody about themselves, owner about anybody: the decision on a name
};

}  // namespace caretaker::agent
