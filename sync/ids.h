// Who is who in everything signed.
#pragma once

#include "platform/base/crypto.h"

namespace caretaker::sync {

using SchoolId = Hash;                        // BLAKE2b-256 over the payload bytes of root 1
using DeviceId = Hash;                        // BLAKE2b-256 over the device's Ed25519 public key
using EpochId = std::array<std::uint8_t, 16>;  // random; one unbroken chain of one device

}  // namespace caretaker::sync
