// The one table of numbered checks: what is refused, with which error, under which number of PROTOCOL.md (where the attack
// and the TUF clause stand beside each). A refusal's message begins with the number. Pure; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "platform/base/result.h"

namespace caretaker::sync {

enum class Check {
  kEnvelopeSize, kEnvelopeForm, kEnvelopeType, kSignatureList, kBadSignature, kNoSigner,
  kRootForm, kRootKeyIds, kRootRoles, kRootThresholds, kRootSeparation, kRootPinned, kRootFirstVersion, kRootNextVersion,
  kRootSignedByOld, kRootSignedByItself, kRootSchool, kRootTime, kRootGenerations,
  kPolicyForm, kListsForm, kBundleSigners, kBundleSchool, kBundleVersion, kBundleExpiry, kBundleCritical, kLockedEmptied,
  kListsCountersigned, kBundleGeneration,
  kEntrySequence, kEntryShape, kStubSpan, kEntryTag,
  kBodyForm, kSealedForm, kSealedRecipient, kSealedHash, kSealedKey, kSealedCommitment, kSealedContent,
  kBatchForm, kBatchSequence, kBatchEpochStart, kBatchOwner, kReceiptForm, kReceiptOwner, kRequestForm, kAnswerForm,
  kHoldForm, kHoldOwner, kHoldReplayed,
  kLetterForm, kLetterType, kLetterSchool, kLetterDevice, kLetterOver, kLetterUsed, kLetterRoom,
  kExceptionForm, kExceptionSigners, kExceptionGroup, kExceptionHours, kExceptionName, kExceptionRoom,
  kChangeNumber, kChangeLink, kChangeRoot, kChangeVersion, kChangeHead, kChangeDevice,
  kOrderForm, kOrderSigners, kOrderSchool, kOrderDevice, kOrderHardware, kOrderExpired, kOrderClock, kOrderUsed, kOrderForked,
  kWipeForm, kWipeMethod, kWipeOwner, kWipeRecordForm, kWipeOrder,
  kTokenForm, kEnrolmentForm, kCertificateForm, kCertificateOwner, kEnrolmentAnswerForm,
  kStaffForm, kStaffSchool, kStaffFresh, kStaffRole,
  kAuditNumber, kAuditLink, kAuditRequest, kAuditTwice, kAuditHead,
  kKeyFileForm, kKeyFilePassphrase, kKeyFileMatch, kBackupForm, kBackupMatch,
};

struct CheckRow {
  Check check;
  std::string_view number;  // "E1"
  ErrorCode code;
  std::string_view text;    // what went wrong, for a person
};
[[nodiscard]] std::span<const CheckRow> check_table();

// The refusal of a check: "E1: text" or "E1: text: detail".
[[nodiscard]] Error refuse(Check check, std::string_view detail = {});

// The same result; an error gets the check's number in front and keeps its own code.
template <typename T>
[[nodiscard]] Result<T> in_check(Check check, Result<T> result);
[[nodiscard]] std::string_view check_number(Check check);

template <typename T>
Result<T> in_check(Check check, Result<T> result) {
  if (result) return result;
  return result.error().with_context(check_number(check));
}

}  // namespace caretaker::sync
