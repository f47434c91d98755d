#include "platform/base/volume_facts.h"

namespace caretaker {
namespace {

// From what is fine to what is worst known; unknown is no better than plain.
int badness(Encryption encryption) {
  switch (encryption) {
    case Encryption::kEncrypted: return 0;
    case Encryption::kSuspended: return 1;
    case Encryption::kPartly: return 2;
    case Encryption::kUnknown: return 3;
    case Encryption::kNotEncrypted: return 4;
  }
  return 4;
}

}  // namespace

std::string_view encryption_name(Encryption encryption) {
  switch (encryption) {
    case Encryption::kEncrypted: return "encrypted";
    case Encryption::kPartly: return "partly-encrypted";
    case Encryption::kSuspended: return "protection-suspended";
    case Encryption::kNotEncrypted: return "not-encrypted";
    case Encryption::kUnknown: return "unknown";
  }
  return "unknown";
}

const VolumeContent& worse_of(const VolumeContent& a, const VolumeContent& b) {
  return badness(b.encryption) > badness(a.encryption) ? b : a;
}

std::string_view medium_name(Medium medium) {
  switch (medium) {
    case Medium::kUsbStorage: return "usb-storage";
    case Medium::kSdCard: return "sd-card";
    case Medium::kOptical: return "optical";
    case Medium::kPhone: return "phone";
    case Medium::kOtherStorage: return "storage";
  }
  return "storage";
}

}  // namespace caretaker
