// From one root to the next: a draft is changed, read and signed by enough holders on machines of their own, and published.
#pragma once

#include <optional>
#include <string>

#include "agent/cli/desk.h"

namespace caretaker::agent {

struct SchoolShowOptions {
  std::filesystem::path school;
  std::filesystem::path draft;  // empty: the root in force
};
[[nodiscard]] Status run_school_show(const SchoolShowOptions& options, const Clock& clock);

// Where a change goes; each of the following begins the draft if there is none, and else changes it further.
struct DraftOptions {
  std::filesystem::path school;
  std::filesystem::path draft;  // empty: next-root.json in the school's folder
};
struct SchoolAddOptions : DraftOptions {
  std::filesystem::path person;  // public half or key file
  std::string office;            // offices.h
};
struct SchoolRemoveOptions : DraftOptions {
  std::string holder;
};
struct SchoolReplaceOptions : DraftOptions {
  std::string holder;
  std::filesystem::path person;
};
struct SchoolThresholdOptions : DraftOptions {
  std::string role;
  int people = 0;
};
struct SchoolServerOptions : DraftOptions {
  std::filesystem::path server_info;
  bool keep_old = false;
};
struct SchoolRenewOptions : DraftOptions {
  std::string name;  // the school's; empty: as it is
};
struct SchoolResetOptions : DraftOptions {
  std::string what;  // "policy" or "lists"
};
[[nodiscard]] Status run_school_add(const SchoolAddOptions& options, const Clock& clock);
[[nodiscard]] Status run_school_remove(const SchoolRemoveOptions& options, const Clock& clock);
[[nodiscard]] Status run_school_replace(const SchoolReplaceOptions& options, const Clock& clock);
[[nodiscard]] Status run_school_threshold(const SchoolThresholdOptions& options, const Clock& clock);
[[nodiscard]] Status run_school_server(const SchoolServerOptions& options, const Clock& clock);
[[nodiscard]] Status run_school_renew(const SchoolRenewOptions& options, const Clock& clock);
[[nodiscard]] Status run_school_reset(const SchoolResetOptions& options, const Clock& clock);

struct SchoolSignOptions : DraftOptions {
  std::filesystem::path key;
  std::filesystem::path passphrase_file;
  bool yes = false;  // without being asked
};
// Says what the draft changes, asks, and adds one holder's signature.
[[nodiscard]] Status run_school_sign(const SchoolSignOptions& options, const Clock& clock);

struct SchoolPublishOptions : DraftOptions {
  std::filesystem::path key;  // of anybody who may hand it over; what counts are the signatures
  std::filesystem::path passphrase_file;
};
[[nodiscard]] Status run_school_publish(const SchoolPublishOptions& options, const Clock& clock);

using SchoolUpdateOptions = PersonOptions;
// Brings the roots that others have published into this folder, each verified against the one before.
[[nodiscard]] Status run_school_update(const SchoolUpdateOptions& options, const Clock& clock);

}  // namespace caretaker::agent
