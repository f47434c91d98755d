// Orders to this device: lock, unlock, wipe, cancel. Intent is on the disk before anything happens, and every state reaches the book
// as an event "order.<state>" with the order's id. What is locked or wiped is done by those who take the permit. One thread.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/guard/book.h"
#include "agent/guard/device_identity.h"
#include "agent/guard/letters.h"
#include "agent/guard/orders_file.h"

namespace caretaker::agent {

// What whoever has a lost device may read on its screen.
struct LostNotice {
  bool is_locked = false;
  std::string school;
  std::string message;
  std::string telephone;
  std::string challenge;  // to be read out over the telephone; empty: no code unlocks it (a wipe)
};
[[nodiscard]] std::string notice_text(const LostNotice& notice);

struct OrdersSettings {
  std::filesystem::path folder;                // the guard's
  sync::Hardware hardware;                     // as the firmware says now
  std::function<Status(const WipePermit&)> start_wipe;  // begins it in another process; empty: this guard wipes nothing
  std::filesystem::path intent = {};           // folder beside the kernel where a wipe is written down; empty: none
  std::function<Status()> on_lost = {};        // what was ordered is lost: a lock may come again. Until that is written down nothing is begun anew
};

class Orders {
 public:
  Orders(OrdersSettings settings, const DeviceIdentity& identity, const PolicyStore& trust, Book& book, const Clock& clock);

  // What was accepted before goes on, whoever has left the school since: read back, and verified again by the roots of its time. After
  // enrolment again: only then it is right that nothing is there.
  void load(bool is_new = false);

  // An order that has come. Refused: an error whose message begins with the number of the check; nothing changes.
  [[nodiscard]] Result<Letters::Taken> take(const sync::RawBlob& envelope, const Letters::Room& room);

  [[nodiscard]] const LockPermit* lock() const;
  [[nodiscard]] LostNotice notice() const;
  [[nodiscard]] std::set<std::string> health() const;
  // A code as it was typed. kInvalidInput, kPermissionDenied (wrong), kUnavailable (too many wrong ones), kNotFound (not locked).
  [[nodiscard]] Status unlock(std::string_view typed);
  // What the check-in's state says: "unlock", the secret for codes in boxes for the technicians, and at the end
  // "wipe_certificate".
  [[nodiscard]] Json::Object state_members();

  // A wipe is under way and the school has not heard all of it.
  [[nodiscard]] bool is_pressing() const;

  void tick();
  // When tick() has something to do; INT64_MAX: nothing that cannot wait.
  [[nodiscard]] MonotonicMs next() const;

 private:
  [[nodiscard]] sync::OrderedMachine machine(const sync::EndedOrders& ended) const;
  // What is stored was ordered of the machine that was enrolled, and this one is another, or says so, and is not enrolled yet.
  [[nodiscard]] bool is_elsewhere() const;
  [[nodiscard]] sync::DeviceId ordered_device() const;
  [[nodiscard]] std::optional<sync::VerifiedOrder> reopen(const Bytes& envelope, const char* what) const;
  void reopen_stored();
  [[nodiscard]] OrdersState begin_anew(const std::string& device, bool is_lost);
  [[nodiscard]] Status save(OrdersState next);
  void forget_old(OrdersState& state) const;
  // What `order` ends must not come any more. L7: its signers have named too many that never came; one that is in force is ended
  // all the same.
  [[nodiscard]] Status note_ended(OrdersState& state, const sync::VerifiedOrder& order, bool is_in_force) const;
  // Of each signer the newest few stay, by when they were issued: whoever holds back an old lock and its end makes no room with them.
  [[nodiscard]] Status make_place(OrdersState& state, const sync::VerifiedOrder& order) const;
  [[nodiscard]] Result<std::vector<Subject>> take_lock(const sync::VerifiedOrder& order, ByteView envelope);
  [[nodiscard]] Result<std::vector<Subject>> take_unlock(const sync::VerifiedOrder& order);
  [[nodiscard]] Result<std::vector<Subject>> take_wipe(const sync::VerifiedOrder& order, ByteView envelope);
  [[nodiscard]] Result<std::vector<Subject>> take_cancel(const sync::VerifiedOrder& order);
  void write_notice() const;
  void watch_epoch();
  void count_grace();
  void begin_wipe();
  void keep_wiping();
  [[nodiscard]] bool has_not_begun() const;
  bool remove_mark(const char* mark) const;
  void take_proof(const Bytes& envelope);
  void note_proof(const char* kind, const std::string& rule);
  void watch_wipe();

  OrdersSettings settings_;
  const DeviceIdentity& identity_;
  const PolicyStore& trust_;
  Book& book_;
  const Clock& clock_;
  OrdersState state_;
  std::vector<sync::VerifiedOrder> locks_;  // the one that came last is the one that is shown
  std::optional<sync::VerifiedOrder> wipe_;
  std::size_t roots_known_ = 0;     // when what is stored was verified last
  Json boxes_;
  std::int64_t boxes_for_ = 0;      // version of the root
  MonotonicMs counted_ = 0;         // the grace time, up to here
  MonotonicMs saved_ = 0;
  MonotonicMs pause_until_ = 0;     // for codes
  MonotonicMs next_start_ = 0;      // of a wipe that could not be started
  std::set<std::string> proof_noted_;  // events about the wipe's certificate
};

}  // namespace caretaker::agent
