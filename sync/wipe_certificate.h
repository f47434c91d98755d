// The certificate of a wipe: what NIST SP 800-88 (Rev. 1, 4.8 and appendix G) wants to know, signed by the device itself before it
// ends, countersigned by the server that received it; and the record in which it is kept, which anybody who knows the school's id
// can verify without a network. PROTOCOL.md, "Certificate of a wipe". Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sync/order.h"

namespace caretaker::sync {

struct WipedMedium {
  std::string node;    // "/dev/nvme0n1p3"
  std::string model;
  std::string serial;
  std::uint64_t size = 0;
  bool is_flash = false;
  bool is_encrypted = false;  // all of its data was, by a key that only the slots had
  int key_slots = 0;        // that were in use
  bool is_verified = false;  // read back: nothing of header and slots is left
  std::string kept_for = {};  // "/boot": it starts the machine, and nothing of it was destroyed
};

// In the words of SP 800-88.
enum class Sanitization { kPurge, kClear, kClearBestEffort };
[[nodiscard]] std::string_view sanitization_name(Sanitization sanitization);
// Never more than the worst medium allows, those apart that were kept. Purge: every volume was encrypted, its keys are destroyed and read
// back, and no flash may keep an older copy of a slot in its spare blocks. Clear: the same with flash. Best effort: anything else.
[[nodiscard]] Sanitization decide_sanitization(const std::vector<WipedMedium>& media);

// Payload of PayloadType::kWipeCertificate.
struct WipeCertificate {
  SchoolId school{};
  DeviceId device{};
  OrderId order{};
  std::int64_t root = 0;  // version of the root by which the order was verified
  std::string make;
  std::string model;
  std::string serial;
  std::string asset;      // the school's own number, from the order
  std::vector<WipedMedium> media;
  Sanitization method = Sanitization::kClearBestEffort;
  std::string technique;
  std::string tool;
  std::string verification;
  std::vector<std::string> who;  // the holders who ordered it
  UnixSeconds when = 0;          // by the device's clock
  std::string where;
};
[[nodiscard]] Bytes make_wipe_certificate_payload(const WipeCertificate& certificate);
// Form, and that the method is no more than what its media allow.
[[nodiscard]] Result<WipeCertificate> parse_wipe_certificate(ByteView payload);
// Signed by the device.
[[nodiscard]] Result<WipeCertificate> open_wipe_certificate(const RawBlob& blob, const DeviceCertificate& device);

// A file for the school's records.
struct WipeRecord {
  Bytes certificate;         // envelope, by the device and whoever countersigned
  Bytes device_certificate;  // envelope
  Bytes order;               // envelope
  std::vector<Bytes> roots;  // from 1 on
};
[[nodiscard]] Bytes make_wipe_record(const WipeRecord& record);
[[nodiscard]] Result<WipeRecord> parse_wipe_record(ByteView file);

struct VerifiedWipe {
  WipeCertificate certificate;
  Order order;
  Hardware hardware;              // of the device's certificate
  std::string school_name;
  bool is_countersigned = false;  // by the school's server
};
[[nodiscard]] Result<VerifiedWipe> open_wipe_record(ByteView file, const SchoolId& school);

}  // namespace caretaker::sync
