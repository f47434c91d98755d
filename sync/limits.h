// How large and how many things may be. PROTOCOL.md, "Limits", has the same table.
#pragma once

#include <cstddef>
#include <cstdint>

namespace caretaker::sync {

inline constexpr std::int64_t kMaxInteger = (1ll << 53) - 1;  // of any number: exact in every JSON reader
inline constexpr std::int64_t kMaxSeq = 0x7fff'ffff;          // CloudEvents 1.0 knows 32-bit integers

inline constexpr std::size_t kMaxEnvelopeBytes = 4u << 20;
inline constexpr std::size_t kMaxSignatures = 16;     // in one envelope
inline constexpr std::size_t kMaxRootBytes = 256u << 10;
inline constexpr std::size_t kMaxRootKeys = 256;      // keys and recipients, each
inline constexpr std::size_t kMaxPolicyBytes = 1u << 20;  // of TOML
inline constexpr std::size_t kMaxCategories = 64;
inline constexpr std::int64_t kMaxSetFileBytes = 512ll << 20;
inline constexpr std::int64_t kMaxLifetime = 400 * 86'400;  // seconds from issue to expiry of a policy or of lists

inline constexpr std::size_t kMaxOrderBytes = 16u << 10;
inline constexpr std::int64_t kMaxOrderLifetime = 90 * 86'400;  // seconds from issue to expiry of an order
inline constexpr std::size_t kMaxWipedMedia = 64;
inline constexpr std::size_t kMaxWipeCertificateBytes = 96u << 10;
inline constexpr std::int64_t kMaxGrace = 7 * 86'400;           // seconds powered on before a wipe

inline constexpr std::size_t kMaxEventBody = 2048;
inline constexpr std::size_t kMaxCiphertext = 16u << 10;
inline constexpr std::size_t kMaxRecipients = 32;     // of one sealed part
inline constexpr std::size_t kMaxBatchEntries = 1000;
inline constexpr std::uint64_t kMaxStubSpan = 1'000'000;  // events that one stub, and one batch with its stubs, may stand for
inline constexpr std::size_t kMaxCheckinBytes = 4u << 20;
inline constexpr std::size_t kMaxAnswerBytes = 8u << 20;
inline constexpr std::size_t kMaxMissing = 8;         // epochs that a device is asked for at once
inline constexpr std::size_t kMaxAnswerRoots = 64;    // a device that missed more asks again

inline constexpr std::size_t kMaxLetterBytes = 64u << 10;
inline constexpr std::size_t kMaxLetters = 16;        // in one answer; the others come with the next

inline constexpr std::size_t kMaxLessonsOfOne = 32;  // of one teacher, open or waiting, as devices hold them

inline constexpr std::size_t kMaxHoldBytes = 16u << 10;
inline constexpr std::size_t kMaxMark = 64;           // names what a server had to give

// Values in a JSON text: an answer of a few blobs must not become a million objects in memory.
inline constexpr std::size_t kMaxValues = 1u << 18;
inline constexpr std::size_t kMaxEnvelopeValues = 256;
inline constexpr std::size_t kMaxAnswerValues = 1024;

inline constexpr std::size_t kMaxText = 256;          // names, labels, serials, in bytes
inline constexpr std::int64_t kStaffRequestSeconds = 300;  // that a staff request is good for

}  // namespace caretaker::sync
