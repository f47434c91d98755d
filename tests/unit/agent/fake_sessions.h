#pragma once

#include <string>
#include <vector>

#include "platform/sessions.h"

namespace caretaker::agent {

// Sessions as a test sets them up; writes down what is asked of it.
class FakeSessions final : public platform::Sessions {
 public:
  Result<std::vector<platform::Session>> list() override {
    if (is_silent) return make_error(ErrorCode::kUnavailable, "no logind");
    return there;
  }
  Status ask_to_lock(const platform::Session& session) override { return done("lock " + session.id); }
  Status start_own_locker(const platform::Session& session) override {
    if (!has_own_locker) return make_error(ErrorCode::kNotFound, "no physlock");
    return done("own locker " + session.id);
  }
  Status switch_away(const platform::Session& session) override { return done("switch " + session.id); }
  Status end(const platform::Session& session) override {
    if (is_busy) return make_error(ErrorCode::kUnavailable, "logind is busy");
    return done("end " + session.id);
  }
  std::optional<MonotonicMs> last_use_of_main_seat() override { return last_use; }
  bool is_main_seat_covered() override { return is_covered; }
  Status cover_main_seat() override {
    if (!has_own_locker) return make_error(ErrorCode::kNotFound, "no physlock");
    is_covered = true;
    return done("cover");
  }
  Status uncover_main_seat() override {
    is_covered = false;
    return done("uncover");
  }
  Status ask_for_code() override { return done("ask for code"); }
  Status power_off() override { return done("power off"); }
  Status tell(const platform::Session& session, const std::string& sentence) override { return done("tell " + session.id + ": " + sentence); }

  std::vector<platform::Session> there;
  std::vector<std::string> deeds;
  bool is_silent = false;
  std::optional<MonotonicMs> last_use;
  bool is_covered = false;
  bool has_own_locker = true;
  bool is_busy = false;

 private:
  Status done(std::string deed) {
    deeds.push_back(std::move(deed));
    return ok();
  }
};

}  // namespace caretaker::agent
