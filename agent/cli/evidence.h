// `caretaker evidence export`: records that leave the school for the police, in one signed file that stands by itself (PROTOCOL.md,
// "Evidence"; installer/evidence/verify-evidence.py checks it).
#pragma once

#include <map>
#include <vector>

#include "agent/cli/desk.h"
#include "agent/cli/record_ranges.h"
#include "sync/event.h"
#include "sync/key_file.h"

namespace caretaker::agent {

struct EvidenceOptions : PersonOptions {
  std::string name;     // of the device: its label, or the beginning of its id
  std::string book;     // its epoch's id; empty: the newest
  std::string records;  // "3,9-17" (record_ranges.h)
  std::string open;     // of these the single keys go along: "4,7-9"
  std::string reason;
  std::filesystem::path out;
};

// The book that is meant, of a device as the server lists it; without a word, the newest.
[[nodiscard]] Result<sync::EpochId> epoch_of(const Json& device, const std::string& book);

// A stretch of one device's book, as the server gives it: nobody has checked it.
struct BookParts {
  sync::DeviceId device{};
  sync::EpochId epoch{};
  std::uint64_t from = 1;
  std::uint64_t to = 1;
  std::string label;
  Bytes certificate;
  std::vector<Bytes> batches;
  std::vector<Bytes> receipts;
  Json::Array opened = {};  // of open_record()
};

// The bodies by seq of batches that verify, join on to each other and have everything from `from` to `to`; a stub has none. The receipts
// are those of this book and of the school's server, by any root of the school. Else an error: what the police's script would refuse
// does not leave the school. Pure.
[[nodiscard]] Result<std::map<std::uint64_t, Bytes>> check_book(const BookParts& book, const School& school, const std::vector<Bytes>& roots);

// The key of one record alone, which opens nothing else: {"seq", "ciphertext", "key"}. An error: not what the body committed to, or not
// this reader's. Pure.
[[nodiscard]] Result<Json> open_record(std::uint64_t seq, const std::map<std::uint64_t, Bytes>& bodies, const Json& sealed, const BoxKey& key);

struct EvidenceHead {
  sync::SchoolId school{};
  UnixSeconds made = 0;
  std::string by;
  std::string reason;
};
// The file: an envelope by the person who hands it out. Pure.
[[nodiscard]] Bytes make_evidence(const EvidenceHead& head, const std::vector<Bytes>& roots, const std::vector<BookParts>& books,
                                  const SigningKey& key);

[[nodiscard]] Status run_evidence_export(const EvidenceOptions& options, const Clock& clock);

}  // namespace caretaker::agent
