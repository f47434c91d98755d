#include "sync/checks.h"

#include <array>

namespace caretaker::sync {
namespace {

using enum ErrorCode;

// In the order of the enumeration.
constexpr std::array kTable = {
    CheckRow{Check::kEnvelopeSize, "E1", kTooLarge, "envelope too large"},
    CheckRow{Check::kEnvelopeForm, "E2", kInvalidInput, "not an envelope"},
    CheckRow{Check::kEnvelopeType, "E3", kUnsupported, "an envelope of another type"},
    CheckRow{Check::kSignatureList, "E4", kInvalidInput, "bad list of signatures"},
    CheckRow{Check::kBadSignature, "E5", kUnauthentic, "a signature does not verify"},
    CheckRow{Check::kNoSigner, "E6", kUnauthentic, "signed by no key that counts here"},
    CheckRow{Check::kRootForm, "T1", kInvalidInput, "not a root"},
    CheckRow{Check::kRootKeyIds, "T2", kInvalidInput, "a key stands under another key's id"},
    CheckRow{Check::kRootRoles, "T3", kInvalidInput, "a role that cannot be fulfilled"},
    CheckRow{Check::kRootThresholds, "T4", kInvalidInput, "threshold too low"},
    CheckRow{Check::kRootSeparation, "T5", kInvalidInput, "a machine's key with a person's power"},
    CheckRow{Check::kRootPinned, "T6", kUnauthentic, "not the root of the school that was pinned"},
    CheckRow{Check::kRootFirstVersion, "T7", kInvalidInput, "the first root does not have version 1"},
    CheckRow{Check::kRootNextVersion, "T8", kStale, "not the next version of the root"},
    CheckRow{Check::kRootSignedByOld, "T9", kUnauthentic, "not signed by enough holders of the root before"},
    CheckRow{Check::kRootSignedByItself, "T10", kUnauthentic, "not signed by enough of its own holders"},
    CheckRow{Check::kRootSchool, "T11", kUnauthentic, "another school's root"},
    CheckRow{Check::kRootTime, "T12", kInvalidInput, "issued before the root that it follows"},
    CheckRow{Check::kRootGenerations, "T13", kInvalidInput, "a generation goes up by one or stays"},
    CheckRow{Check::kPolicyForm, "B1", kInvalidInput, "not a policy bundle"},
    CheckRow{Check::kListsForm, "B2", kInvalidInput, "not a lists manifest"},
    CheckRow{Check::kBundleSigners, "B3", kUnauthentic, "not signed by enough holders of the role"},
    CheckRow{Check::kBundleSchool, "B4", kUnauthentic, "made for another school"},
    CheckRow{Check::kBundleVersion, "B5", kStale, "not newer than what was accepted before"},
    CheckRow{Check::kBundleExpiry, "B6", kStale, "expired"},
    CheckRow{Check::kBundleCritical, "B7", kUnsupported, "needs a feature that this agent does not know"},
    CheckRow{Check::kLockedEmptied, "B8", kPermissionDenied, "the locked class would lose a category"},
    CheckRow{Check::kListsCountersigned, "B9", kPermissionDenied, "a change this large needs a technician's signature too"},
    CheckRow{Check::kBundleGeneration, "B10", kStale, "not of the generation that the root names"},
    CheckRow{Check::kEntrySequence, "C1", kUnauthentic, "an entry out of sequence"},
    CheckRow{Check::kEntryShape, "C2", kInvalidInput, "neither an event nor a stub"},
    CheckRow{Check::kStubSpan, "C3", kInvalidInput, "too many events in one walk"},
    CheckRow{Check::kEntryTag, "C4", kUnauthentic, "tag does not verify"},
    CheckRow{Check::kBodyForm, "V1", kInvalidInput, "not an event body"},
    CheckRow{Check::kSealedForm, "V2", kInvalidInput, "not sealed details"},
    CheckRow{Check::kSealedRecipient, "V3", kNotFound, "not addressed to this key"},
    CheckRow{Check::kSealedHash, "V4", kUnauthentic, "not the sealed details that the event names"},
    CheckRow{Check::kSealedKey, "V5", kUnauthentic, "the wrapped key does not open"},
    CheckRow{Check::kSealedCommitment, "V6", kUnauthentic, "not the key that the event committed to"},
    CheckRow{Check::kSealedContent, "V7", kUnauthentic, "the sealed details do not open"},
    CheckRow{Check::kBatchForm, "H1", kInvalidInput, "not a batch"},
    CheckRow{Check::kBatchSequence, "H2", kInvalidInput, "the events are not what seq_from and seq_to say"},
    CheckRow{Check::kBatchEpochStart, "H3", kInvalidInput, "epoch_start belongs to batches from seq 1, and only there"},
    CheckRow{Check::kBatchOwner, "H4", kUnauthentic, "the batch names another device or school than the certificate"},
    CheckRow{Check::kReceiptForm, "H5", kInvalidInput, "not a receipt"},
    CheckRow{Check::kReceiptOwner, "H6", kUnauthentic, "a receipt for another device or school"},
    CheckRow{Check::kRequestForm, "H7", kInvalidInput, "not a check-in request"},
    CheckRow{Check::kAnswerForm, "H8", kInvalidInput, "not a check-in answer"},
    CheckRow{Check::kHoldForm, "W1", kInvalidInput, "not a request to be held"},
    CheckRow{Check::kHoldOwner, "W2", kUnauthentic, "it names another device or school than the certificate"},
    CheckRow{Check::kHoldReplayed, "W3", kConflict, "older than the request that is held for this device"},
    CheckRow{Check::kLetterForm, "L1", kInvalidInput, "not a letter to a device"},
    CheckRow{Check::kLetterType, "L2", kUnsupported, "a kind of letter that this agent does not know"},
    CheckRow{Check::kLetterSchool, "L3", kUnauthentic, "made for another school"},
    CheckRow{Check::kLetterDevice, "L4", kUnauthentic, "made for another device"},
    CheckRow{Check::kLetterOver, "L5", kStale, "its time is over"},
    CheckRow{Check::kLetterUsed, "L6", kConflict, "it has been used before"},
    CheckRow{Check::kLetterRoom, "L7", kFull, "too many letters are remembered"},
    CheckRow{Check::kExceptionForm, "X1", kInvalidInput, "not an exception for a lesson"},
    CheckRow{Check::kExceptionSigners, "X2", kUnauthentic, "not signed by enough holders of the role exception"},
    CheckRow{Check::kExceptionGroup, "X3", kPermissionDenied, "the policy does not let teachers open sites for this class"},
    CheckRow{Check::kExceptionHours, "X4", kPermissionDenied, "outside the hours, or longer than the policy allows"},
    CheckRow{Check::kExceptionName, "X5", kPermissionDenied, "a name that may not be opened for a lesson"},
    CheckRow{Check::kExceptionRoom, "X6", kFull, "too many exceptions are open"},
    CheckRow{Check::kChangeNumber, "J1", kUnauthentic, "an entry of the change log is missing or out of order"},
    CheckRow{Check::kChangeLink, "J2", kUnauthentic, "an entry of the change log does not fit the ones before it"},
    CheckRow{Check::kChangeRoot, "J3", kUnauthentic, "the change log does not begin with the school's root"},
    CheckRow{Check::kChangeVersion, "J4", kUnauthentic, "a version in the change log is not above the one before it"},
    CheckRow{Check::kChangeHead, "J5", kUnauthentic, "the change log is not the one that was seen here before"},
    CheckRow{Check::kChangeDevice, "J6", kUnauthentic, "a device obeys something that is not in the change log"},
    CheckRow{Check::kOrderForm, "O1", kInvalidInput, "not an order"},
    CheckRow{Check::kOrderSigners, "O2", kUnauthentic, "not signed by enough holders of the role"},
    CheckRow{Check::kOrderSchool, "O3", kUnauthentic, "made for another school"},
    CheckRow{Check::kOrderDevice, "O4", kUnauthentic, "made for another device"},
    CheckRow{Check::kOrderHardware, "O5", kUnauthentic, "made for other hardware"},
    CheckRow{Check::kOrderExpired, "O6", kStale, "expired before it was delivered"},
    CheckRow{Check::kOrderClock, "O7", kStale, "the clock cannot be right, so nobody knows whether it has expired"},
    CheckRow{Check::kOrderUsed, "O8", kConflict, "used or cancelled before"},
    CheckRow{Check::kOrderForked, "O9", kPermissionDenied, "the device's identity is forked: a clone, or a disk that was put back"},
    CheckRow{Check::kWipeForm, "D1", kInvalidInput, "not a certificate of a wipe"},
    CheckRow{Check::kWipeMethod, "D2", kInvalidInput, "it claims more than its media allow"},
    CheckRow{Check::kWipeOwner, "D3", kUnauthentic, "another device's or school's certificate"},
    CheckRow{Check::kWipeRecordForm, "D4", kInvalidInput, "not a record of a wipe"},
    CheckRow{Check::kWipeOrder, "D5", kUnauthentic, "not the order that it names, or other people's"},
    CheckRow{Check::kTokenForm, "N1", kInvalidInput, "not an enrolment token"},
    CheckRow{Check::kEnrolmentForm, "N2", kInvalidInput, "not an enrolment request"},
    CheckRow{Check::kCertificateForm, "N3", kInvalidInput, "not a device certificate"},
    CheckRow{Check::kCertificateOwner, "N4", kUnauthentic, "a certificate for another key or school"},
    CheckRow{Check::kEnrolmentAnswerForm, "N5", kInvalidInput, "not an enrolment answer"},
    CheckRow{Check::kStaffForm, "S1", kInvalidInput, "not a staff request"},
    CheckRow{Check::kStaffSchool, "S2", kUnauthentic, "made for another school"},
    CheckRow{Check::kStaffFresh, "S3", kStale, "too old, or from the future: is the clock right?"},
    CheckRow{Check::kStaffRole, "S4", kPermissionDenied, "the signer's role does not allow it"},
    CheckRow{Check::kAuditNumber, "G1", kUnauthentic, "an entry of the audit is missing or out of order"},
    CheckRow{Check::kAuditLink, "G2", kUnauthentic, "an entry of the audit does not fit the ones before it"},
    CheckRow{Check::kAuditRequest, "G3", kUnauthentic, "an entry of the audit that nobody of the school has asked for"},
    CheckRow{Check::kAuditTwice, "G4", kUnauthentic, "one request stands in the audit twice"},
    CheckRow{Check::kAuditHead, "G5", kUnauthentic, "the audit is not the one that was seen here before"},
    CheckRow{Check::kKeyFileForm, "K1", kInvalidInput, "not a key file"},
    CheckRow{Check::kKeyFilePassphrase, "K2", kUnauthentic, "wrong passphrase, or the file was changed"},
    CheckRow{Check::kKeyFileMatch, "K3", kUnauthentic, "the public keys do not belong to the secret ones"},
    CheckRow{Check::kBackupForm, "K4", kInvalidInput, "not the lines of a printed key"},
    CheckRow{Check::kBackupMatch, "K5", kUnauthentic, "the lines are right, and not of one paper"},
};

constexpr bool table_is_in_order() {
  for (std::size_t i = 0; i < kTable.size(); ++i) {
    if (static_cast<std::size_t>(kTable[i].check) != i) return false;
  }
  return kTable.size() == static_cast<std::size_t>(Check::kBackupMatch) + 1;
}
static_assert(table_is_in_order());

const CheckRow& row(Check check) { return kTable[static_cast<std::size_t>(check)]; }

}  // namespace

std::span<const CheckRow> check_table() { return kTable; }

std::string_view check_number(Check check) { return row(check).number; }

Error refuse(Check check, std::string_view detail) {
  std::string message = std::string(row(check).number) + ": " + std::string(row(check).text);
  if (!detail.empty()) message.append(": ").append(detail);
  return make_error(row(check).code, std::move(message));
}

}  // namespace caretaker::sync
