// Who may not use the machine now (R15), until when being told by the policy: and over by proof, not because the machine's clock says so. Whoever has
// the firmware can set that ahead.
//
// A suspension is over when the school's people or its server have signed a time past its end; or, where no such word comes, when the clock is
// past it and the machine has been on (or asleep) for as long as was left when it was first told. What is left is written down each minute;
// what is over stays over. One thread.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "policy/session_rules.h"

namespace caretaker::agent {

class Suspensions {
 public:
  // An end that no clock reaches.
  static constexpr UnixSeconds kNoEnd = INT64_MAX;
  // Reads `file` back. A file that is missing or damaged: what is left is counted from the beginning.
  Suspensions(std::filesystem::path file, const Clock& clock);

  // Of those that the policy orders the ones in force, all without an end. `proved`: the highest time that somebody of the school has signed.
  [[nodiscard]] policy::Suspensions in_force(const policy::Suspensions& ordered, UnixSeconds proved);

 private:
  struct Held {
    UnixSeconds until = 0;
    MonotonicMs left_ms = 0;
    bool is_over = false;
  };
  void read();
  void write();
  void count();

  std::filesystem::path file_;
  const Clock& clock_;
  std::map<std::string, Held, std::less<>> held_;  // by user name
  MonotonicMs counted_ = 0;  // up to here
  MonotonicMs written_ = 0;
};

}  // namespace caretaker::agent
