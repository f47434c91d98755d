// The server: its check-in route and what stands behind it, over the real store, on a simulated disk.
#pragma once

#include <memory>
#include <optional>

#include "sync/server/api.h"
#include "sync/server/enrol.h"
#include "tests/sim/clock.h"
#include "tests/sim/disk.h"
#include "tests/sim/school.h"

namespace caretaker::sim {

// What a check-in's request carries; nothing of it is verified.
[[nodiscard]] Result<sync::Batch> batch_of(ByteView request);

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
  // Lies, to see that they are found: a receipt for what the disk has not taken; sealed parts that are not kept.
  void plant(bool unsaved_receipts, bool lost_sealed) { unsaved_receipts_ = unsaved_receipts, lost_sealed_ = lost_sealed; }

  Disk disk;
  SimClock clock;

 private:
  struct Running {
    server::FleetStore store;
    server::SchoolState school;
    server::SetFiles sets;
    server::Backend backend;
    server::HttpService service;
    Running(server::FleetStore store_, server::SchoolState school_, const Clock& clock)
        : store(std::move(store_)), school(std::move(school_)), sets("/sim/server/sets"), backend{store, school, sets, clock},
          service(make_service(backend)) {}
  };
  [[nodiscard]] Result<Bytes> ask(ByteView request);
  [[nodiscard]] Result<sync::CheckinAnswer> lie(ByteView request);
  template <typename T>
  [[nodiscard]] Result<T> if_alive(Result<T> result) const {
    if (disk.is_dead()) return make_error(ErrorCode::kUnavailable, "the server fell");
    return result;
  }

  const School& school_;
  bool unsaved_receipts_ = false;
  bool lost_sealed_ = false;
  std::unique_ptr<Running> running_;
};

}  // namespace caretaker::sim
