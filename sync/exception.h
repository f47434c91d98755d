// A teacher opens a site for a lesson, or closes it early: the letter of that kind. PROTOCOL.md, "Exceptions". Pure; any thread.
#pragma once

#include <string>

#include "sync/letter.h"
#include "sync/root.h"

namespace caretaker::sync {

struct Exception {
  LetterHead head;                 // `until`: when the lesson ends
  std::string name;                // normalised
  std::string group;               // of the policy, or of the operating system
  UnixSeconds from = 0;
  std::optional<LetterId> closes;  // this one ends now; name, group and from are empty then
};
[[nodiscard]] Bytes make_exception_payload(const Exception& exception);
[[nodiscard]] Result<Exception> parse_exception(ByteView payload);

struct OpenedException {
  Exception exception;
  LetterId id{};
  std::set<KeyId> signers;
};
// Signed by enough holders of the role exception, and for this school. Whether its time is over is for the caller.
[[nodiscard]] Result<OpenedException> open_exception(const RawBlob& blob, const VerifiedRoot& root);

}  // namespace caretaker::sync
