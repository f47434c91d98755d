// The server: ingest over the real store, on a simulated disk.
#pragma once

#include <memory>
#include <optional>

#include "sync/server/enrol.h"
#include "sync/server/ingest.h"
#include "tests/sim/clock.h"
#include "tests/sim/disk.h"
#include "tests/sim/school.h"

namespace caretaker::sim {

class ServerMachine {
 public:
  ServerMachine(const Time& time, Random& random, Trace& trace, const School& school);

  [[nodiscard]] Status boot();
  void drop() { running_.reset(); }
  [[nodiscard]] bool is_up() const { return running_ != nullptr; }

  // Errors as they come; kUnavailable also when the machine fell while it worked: no answer leaves it then.
  [[nodiscard]] Result<sync::CheckinAnswer> check_in(ByteView request);
  [[nodiscard]] Result<sync::EnrolmentAnswer> enrol(ByteView request);
  [[nodiscard]] Result<std::string> new_token();
  [[nodiscard]] Status publish(std::int64_t version, ByteView envelope);
  [[nodiscard]] server::FleetStore& store() { return running_->store; }

  Disk disk;
  SimClock clock;

 private:
  struct Running {
    server::FleetStore store;
    server::SchoolState school;
  };
  template <typename T>
  [[nodiscard]] Result<T> if_alive(Result<T> result) const {
    if (disk.is_dead()) return make_error(ErrorCode::kUnavailable, "the server fell");
    return result;
  }

  const School& school_;
  std::unique_ptr<Running> running_;
};

}  // namespace caretaker::sim
