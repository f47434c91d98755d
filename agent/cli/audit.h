// `caretaker audit`: who of the school's people has asked the server for which records, checked on this machine.
#pragma once

#include "agent/cli/desk.h"
#include "sync/audit_log.h"

namespace caretaker::agent {

struct AuditOptions : PersonOptions {
  bool all = false;  // also what had to do with no record
};

struct AuditPage {
  std::vector<sync::AuditEntry> entries;  // one without a link is from before there were any
  bool more = false;
};
[[nodiscard]] Result<AuditPage> parse_audit(const Json& answer);

// Checks entries 1, 2, ... and shows them. `labels`: of devices by id in hex, as far as they are known. Pure.
struct ShownAudit {
  std::string text;
  std::vector<Hash> links;  // of each entry; zeros before the first that has one
};
[[nodiscard]] Result<ShownAudit> show_audit(const std::vector<sync::AuditEntry>& entries, sync::AuditWalk walk, bool all,
                                            const std::map<std::string, std::string>& labels);

[[nodiscard]] Status run_audit(const AuditOptions& options, const Clock& clock);

}  // namespace caretaker::agent
