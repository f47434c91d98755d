#include "agent/cli/offices.h"

#include <algorithm>
#include <array>

namespace caretaker::agent {
namespace {

using sync::Role;

const std::array<Office, 7>& table() {
  static const std::array<Office, 7> kTable = {{
      {"root-holder", "with a second root holder: says who may do what", {Role::kRoot, Role::kLock, Role::kWipe}, ""},
      {"technician", "signs policies, enrols machines; locks a lost one, and with a second person wipes it",
       {Role::kPolicy, Role::kLock, Role::kWipe}, "technician"},
      {"safeguarding", "reads the sealed records of pupils", {Role::kSafeguarding}, "safeguarding"},
      {"head", "locks a lost machine, and with a second person wipes it", {Role::kLock, Role::kWipe}, ""},
      {"teacher", "opens a named site for a class and a lesson", {Role::kException}, ""},
      {"lists", "signs the day's lists, as a program does it every night", {Role::kLists}, ""},
      {"escrow", "opens the sealed records when the leads' keys are lost: printed, and locked away", {}, "escrow"},
  }};
  return kTable;
}

}  // namespace

std::span<const Office> offices() { return table(); }

Result<const Office*> find_office(std::string_view name) {
  std::string known;
  for (const Office& office : table()) {
    if (office.name == name) return &office;
    known += (known.empty() ? "" : ", ") + std::string(office.name);
  }
  return make_error(ErrorCode::kInvalidInput, "nobody is a \"" + std::string(name) + "\" here; there are: " + known);
}

std::string_view role_words(Role role) {
  switch (role) {
    case Role::kRoot: return "say who may do what";
    case Role::kPolicy: return "sign policies and enrol machines";
    case Role::kLists: return "sign the day's lists";
    case Role::kLock: return "lock a lost machine";
    case Role::kWipe: return "wipe a lost machine";
    case Role::kException: return "open a site for a lesson";
    case Role::kReceipts: return "confirm what devices send (the server)";
    case Role::kSafeguarding: return "ask for sealed records";
  }
  return "";
}

}  // namespace caretaker::agent
