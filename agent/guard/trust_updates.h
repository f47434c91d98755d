// The one door for signed material, whether it came from the server or in a file: raw blobs in, what is in force changed or not,
// and for the book what happened. A refused blob never changes anything. One thread.
#pragma once

#include <string>
#include <vector>

#include "agent/guard/policy_store.h"
#include "agent/guard/subject.h"

namespace caretaker::agent {

struct TrustBlobs {
  std::vector<Bytes> roots;  // in order
  Bytes policy;              // empty: none
  Bytes lists;
};

class TrustUpdates {
 public:
  explicit TrustUpdates(PolicyStore& store) : store_(store) {}

  // Roots first, each measured against the one before, then policy and lists against the newest. `clock`: the wall clock; the
  // store's floor is applied here. For the book: "policy.applied" by version, "policy.refused" by the number of the check, ...
  [[nodiscard]] std::vector<Subject> take(const TrustBlobs& blobs, UnixSeconds clock);
  // A set file that somebody offers for the lists that wait for one: copied, walked, compared, and then put in force.
  // An error (kInvalidInput, kUnauthentic, ..) when it is not that file; kNotFound when none is waited for.
  [[nodiscard]] Result<Subject> take_set(const platform::OpenFile& offered, UnixSeconds clock);

 private:
  [[nodiscard]] Status take_root(ByteView envelope);
  [[nodiscard]] Status take_policy(ByteView envelope, UnixSeconds now);
  [[nodiscard]] Status take_lists(ByteView envelope, UnixSeconds now);
  [[nodiscard]] Status check_weakening(const sync::VerifiedPolicy& verified, const policy::Policy& rules) const;
  // What installing it would change, if that may be.
  [[nodiscard]] Result<sync::ListsHistory> check_change(const ListsInForce& wanted, const SetInForce& offered, UnixSeconds now) const;

  PolicyStore& store_;
};

// The number of the check that an error's message begins with ("B5"), else the name of its code.
[[nodiscard]] std::string rule_of(const Error& error);

}  // namespace caretaker::agent
