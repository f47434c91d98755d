// What a policy says about connections whose names are read on the way out. Values only.
#pragma once

namespace caretaker::policy {

// A connection that shows no name, hides it, or begins in a form that nobody can read; and one that nobody is there to look at. The
// later the stricter.
enum class Unreadable { kAllow, kRefuse };

struct InspectionRules {
  Unreadable unreadable = Unreadable::kRefuse;
  Unreadable when_down = Unreadable::kRefuse;  // while caretaker-inspect does not run, or is too slow
};

}  // namespace caretaker::policy
