// A device: the guard's stores and its check-in, put together as the guard puts them, on a simulated disk.
#pragma once

#include <memory>
#include <optional>

#include "agent/guard/book.h"
#include "agent/guard/checkin.h"
#include "tests/sim/clock.h"
#include "tests/sim/disk.h"

namespace caretaker::sim {

class Device {
 public:
  Device(const std::string& name, const Time& time, Random& random, Trace& trace, sync::Hardware hardware, agent::QuotaLimits quota);

  ~Device();

  // As the guard starts; on an error nothing runs.
  [[nodiscard]] Status boot();
  void close();  // in order
  void drop();   // as the machine falls; the disk must be dead
  [[nodiscard]] bool is_up() const { return running_ != nullptr; }

  [[nodiscard]] Result<Bytes> begin_enrolment(const std::string& token);
  [[nodiscard]] Status finish_enrolment(const sync::EnrolmentAnswer& answer);
  [[nodiscard]] bool is_certified() const;

  [[nodiscard]] agent::EventStore* store();
  [[nodiscard]] agent::Book& book();
  [[nodiscard]] agent::Checkin& checkin();
  [[nodiscard]] agent::PolicyStore& trust();
  [[nodiscard]] bool has_id() const;
  [[nodiscard]] sync::DeviceId id() const;  // only if it has one
  [[nodiscard]] const agent::QuotaLimits& quota() const { return quota_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  void tick();
  [[nodiscard]] std::int64_t policy_version();
  void set_hardware(sync::Hardware hardware) { hardware_ = std::move(hardware); }

  Disk disk;
  SimClock clock;

 private:
  struct Running;
  [[nodiscard]] Status open_book();

  std::string name_;
  sync::Hardware hardware_;
  agent::QuotaLimits quota_;
  std::unique_ptr<Running> running_;
};

}  // namespace caretaker::sim
