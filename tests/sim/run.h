// One run: a world made from a seed, steps drawn from it, then a calm in which everything has to come right.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "tests/sim/device.h"
#include "tests/sim/ledger.h"
#include "tests/sim/server_machine.h"

namespace caretaker::sim {

// Which faults this run has; percent are of a chance at each step.
struct Plan {
  bool power = false;          // of the device
  bool kills = false;
  bool disk_errors = false;
  bool full_disk = false;
  bool network = false;
  bool server_power = false;
  bool server_restored = false;
  bool clocks = false;
  bool disk_put_back = false;
  bool clone = false;
  bool key_file = false;
  bool pages = false;
  bool old_policies = false;
  bool server_disk = false;  // errors, and no room
  bool refusals = false;     // by somebody who has the server's key for receipts
  bool rot = false;          // of the files that a device cannot do without
};

struct Outcome {
  std::optional<std::string> broken;
  std::uint64_t trace_sum = 0;
  std::uint64_t events = 0;
  std::uint64_t operations = 0;  // of the disks
  std::uint64_t faults = 0;      // power cuts, kills and restores that happened
  std::uint64_t policies = 0;    // that devices have taken
};

// What is wrong on purpose, only to see that the simulator finds it.
enum class Planted {
  kNothing,
  kLyingSync,       // the device's disk says "synced" and has not
  kLostAppend,      // an append to a full book says ok and keeps nothing
  kUnsavedReceipt,  // the server gives a receipt for what its disk has not taken
  kLostSealed,      // the server keeps no sealed part
};

struct Wish {
  bool shown = false;
  Planted planted = Planted::kNothing;
  bool copies = false;  // disk images put back, and clones: in any run, not in one of four
};

// A device that is enrolled, and its server, both closed: where most runs begin.
struct Enrolled {
  Disk::Image device;
  Disk::Image server;
  PublicKey key{};  // of the device
};

class Run {
 public:
  Run(std::uint64_t seed, const School& school, const Enrolled& enrolled, const Wish& options);
  ~Run();
  [[nodiscard]] static Enrolled enrolled(const School& school);
  [[nodiscard]] Outcome play();

 private:
  struct Member {  // a device and what is known of it
    explicit Member(std::unique_ptr<Device> machine) : device(std::move(machine)) {}
    std::unique_ptr<Device> device;
    sync::DeviceId id{};
    std::int64_t policy_seen = 0;
    bool is_suspect = false;        // pages of its book were flipped: what is in it may go
    bool is_refused = false;        // a batch of it, which is a reason for one new epoch
    bool is_touched = false;        // something was done to its disk that may begin a new epoch
    sync::EpochId epoch{};
    agent::EventStoreStatus asked;  // its book before the last check-in of the calm
    std::size_t books_aside = 0;
    std::optional<Disk::Image> image;
    std::size_t image_told = 0;      // how many events had been told, of all devices
    sync::EpochId image_epoch{};
    struct Group {
      agent::GroupId id{};
      std::vector<agent::PlannedEvent> events;
      std::vector<std::uint64_t> numbers;
      std::vector<std::pair<sync::EpochId, std::uint64_t>> tries;  // that failed: where the book stood
    };
    std::optional<Group> untold;     // its append failed, it is tried again
    std::deque<Bytes> answers;       // that it was once given
  };
  struct Action {
    const char* name;
    unsigned weight;
    void (Run::*act)(Member&);
  };

  // Steps (run_steps.cpp).
  void append_events(Member& member);
  void check_in(Member& member);
  void tick(Member& member);
  void pass_time(Member& member);
  void restart(Member& member);
  void publish_policy(Member& member);
  void old_message(Member& member);
  // Faults (run_faults.cpp).
  void arm_power_cut(Member& member);
  void arm_kill(Member& member);
  void fail_disk(Member& member);
  void fill_disk(Member& member);
  void make_room(Member& member);
  void arm_server_cut(Member& member);
  void fail_server_disk(Member& member);
  void fill_server_disk(Member& member);
  void make_server_room(Member& member);
  void back_up_server(Member& member);
  void restore_server(Member& member);
  void jump_clock(Member& member);
  void take_image(Member& member);
  void put_image_back(Member& member);
  void clone_device(Member& member);
  void spoil_key_file(Member& member);
  void flip_pages(Member& member);
  void rot_file(Member& member);

  [[nodiscard]] std::vector<Action> actions() const;
  void draw_plan(const Wish& wish);
  void begin();
  [[nodiscard]] bool enrol(Member& member);
  void step(std::uint64_t number);
  void calm_down();
  [[nodiscard]] bool is_settled(Member& member);

  // After each step: fallen machines are dropped, and perhaps started again.
  void look_after(Member& member);
  void look_after_server();
  void start(Member& member);
  void start_server();
  void check_device(Member& member);
  void check_quota(Member& member);
  void check_epoch(Member& member);
  void note_pressure(Member& member, std::uint64_t incoming);
  [[nodiscard]] Status store_group(Member& member, Member::Group& group);
  void note_stored(Member& member, const Member::Group& group, const agent::EventStoreStatus& before);
  [[nodiscard]] std::optional<std::pair<sync::EpochId, std::uint64_t>> find_group(Member& member, const Member::Group& group);
  [[nodiscard]] bool exchange(Member& member);
  [[nodiscard]] std::optional<sync::CheckinAnswer> deliver(ByteView request);
  [[nodiscard]] std::optional<sync::CheckinAnswer> refuse(Member& member, ByteView request);
  void note_answer(const sync::CheckinAnswer& answer, ByteView request);
  void check_receipt(const sync::Receipt& receipt);
  [[nodiscard]] bool hand_answer(Member& member, Bytes answer);
  void spoil_policy(Member& member, sync::CheckinAnswer& answer);
  void say(const std::string& who, const std::string& what) { trace_.line(who, what); }
  void add_member(const std::string& name, sync::Hardware hardware);

  Random random_;
  Trace trace_;
  const School& school_;
  const Enrolled& enrolled_;
  Plan plan_;
  Planted planted_;
  Time time_;
  Ledger ledger_;
  ServerMachine server_;
  std::vector<std::unique_ptr<Member>> members_;
  std::map<sync::DeviceId, PublicKey> keys_;
  std::deque<Bytes> requests_;  // that were sent once
  std::optional<Disk::Image> backup_;
  Ledger::Receipts backup_receipts_;
  std::int64_t policy_version_ = 0;
  std::map<std::int64_t, UnixSeconds> policy_expires_;  // of every version that was signed
  std::uint64_t next_number_ = 1;
  std::uint64_t faults_ = 0;
  std::uint64_t policies_ = 0;
  bool is_calm_ = false;
  agent::QuotaLimits quota_;
};

}  // namespace caretaker::sim
