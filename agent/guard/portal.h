// The login page of the network at hand: its one name, open for minutes. What net says of it is a stranger's word; policy::decide_portal
// decides, and nothing is open that is not in the book. It ends by the clock that nobody can set, when the school's server is heard, or when
// the policy lets no portal be opened any more. Nothing of it outlives the guard. One thread.
#pragma once

#include <optional>
#include <vector>

#include "agent/guard/book.h"
#include "policy/portal.h"

namespace caretaker::agent {

class Portal {
 public:
  Portal(const PolicyStore& trust, Book& book, const Clock& clock) : trust_(trust), book_(book), clock_(clock) {}

  // Errors: there is no policy yet, or the book does not take the event; then nothing is opened.
  [[nodiscard]] Result<policy::PortalVerdict> report(std::string_view host);
  void on_server_reached();  // verified

  struct Open {
    std::string name;
    MonotonicMs ends = 0;
  };
  [[nodiscard]] std::optional<Open> open();  // what is open now; looks at the time first
  void tick() { (void)open(); }

 private:
  void close(const char* why);

  const PolicyStore& trust_;
  Book& book_;
  const Clock& clock_;
  std::vector<policy::PortalOpening> before_;  // of the last day, in order; the last one may be open
  bool is_open_ = false;
  MonotonicMs server_reached_ = INT64_MIN / 2;
};

}  // namespace caretaker::agent
