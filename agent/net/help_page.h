// The device's own page: why something is blocked, asking for it, telling the safeguarding lead, what is recorded. Answers from the
// filter that is in force, for the user whose socket it is. One thread asks; the filter may come from another.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "agent/control_help.h"
#include "agent/askers.h"
#include "agent/net/page_checks.h"
#include "agent/net/page_html.h"
#include "agent/net/page_token.h"

namespace caretaker::agent {

struct PageReply {
  int status = 200;
  std::string type = "text/html; charset=utf-8";
  std::string body;
  std::string location;  // of another page to go to
};

class HelpPage {
 public:
  // Hands on what somebody wrote; an error: it is not stored.
  using Report = std::function<Result<HelpOutcome>(const HelpReport&)>;
  HelpPage(Report report, const Clock& clock) : report_(std::move(report)), clock_(clock) {}

  void set_filter(FilterPtr filter);  // any thread

  // `own`: as of decide_request(); the first is where people are sent.
  [[nodiscard]] PageReply answer(const PageRequest& request, const std::vector<std::string>& own);

 private:
  [[nodiscard]] PageReply serve(const PageRequest& request);
  [[nodiscard]] PageReply get(const PageRequest& request, const PageReader& reader);
  [[nodiscard]] PageReply post(const PageRequest& request, const PageReader& reader);
  [[nodiscard]] PageReply why(const PageRequest& request, const PageReader& reader);
  [[nodiscard]] Sent send(const HelpReport& report) const;
  [[nodiscard]] PageReader reader_of(const PageRequest& request);
  // Together, so that whoever asks no more does not hold on to the set of before.
  struct InForce {
    FilterPtr filter;
    std::shared_ptr<Askers> askers = std::make_shared<Askers>();
    [[nodiscard]] AskerPtr asker(const PageRequest& request, const Clock& clock) const { return askers->find(filter, request.uid, clock.monotonic_ms()); }
  };
  [[nodiscard]] InForce in_force() const;

  Report report_;
  const Clock& clock_;
  PageTokens tokens_;
  mutable std::mutex mutex_;
  InForce in_force_;
};

}  // namespace caretaker::agent
