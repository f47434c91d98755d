// The guard's state and its answers. Which request reaches which answer, and who may ask, is the monitor's table; here each
// answer is a few lines over the parts that do the work. One thread.
#pragma once

#include <map>
#include <memory>
#include <optional>

#include "agent/control_gate.h"
#include "agent/control_user.h"
#include "agent/guard/book.h"
#include "agent/guard/checkin.h"
#include "agent/guard/device_identity.h"
#include "agent/guard/exceptions.h"
#include "agent/guard/letters.h"
#include "agent/guard/media.h"
#include "agent/guard/orders.h"
#include "agent/guard/notice_file.h"
#include "agent/guard/policy_store.h"
#include "agent/guard/portal.h"
#include "agent/guard/posture.h"
#include "agent/guard/program_reports.h"
#include "agent/guard/report_help.h"
#include "agent/guard/report_web.h"
#include "agent/guard/session_watch.h"
#include "agent/guard/suspensions.h"
#include "platform/control_channel.h"

namespace caretaker::agent {

inline constexpr std::uint32_t kNobody = UINT32_MAX;  // no process has this uid

struct GuardSettings {
  std::filesystem::path state;  // folder of everything that the guard keeps
  sync::Hardware hardware;
  std::uint32_t net_uid = 0;    // who caretaker-net runs as
  std::uint32_t owner_uid = 0;  // who the guard itself runs as
  Posture::Look posture;        // how the machine is kept; empty: nobody asks
  std::function<Status(const WipePermit&)> start_wipe;  // empty: this guard wipes nothing
  std::filesystem::path notice = {};  // what users are told at log-in; empty: no such file
  platform::Sessions* sessions = nullptr;  // of the people at the machine; nullptr: they are left alone
  std::filesystem::path last_look = {};    // of them (last_look.h); empty: not kept
  std::optional<std::uint32_t> gate_uid = std::nullopt;  // who caretaker-gate runs as, where there is one
  std::uint32_t inspect_uid = kNobody;   // who caretaker-inspect runs as
  std::uint32_t programs_uid = kNobody;  // who caretaker-programs runs as
  std::filesystem::path intent = {};     // folder beside the kernel where a wipe is written down; empty: none
};

// A request that the monitor let through.
struct Asked {
  platform::Peer peer;
  ByteView fields;
  const platform::OpenFile& file;
};
struct Answered {
  Bytes fields;
  platform::OpenFile file;
};

class Guard {
 public:
  // Errors are those of the disk. `clock` outlives the guard.
  [[nodiscard]] static Result<std::unique_ptr<Guard>> open(const GuardSettings& settings, const Clock& clock,
                                                           WebReports::FindUser find_user);
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;

  // caretaker-net's requests (guard_net.cpp).
  [[nodiscard]] Result<Answered> get_filter(const Asked& asked);
  [[nodiscard]] Result<Answered> wait_filter(const Asked& asked);
  [[nodiscard]] Result<Answered> report_web(const Asked& asked);
  [[nodiscard]] Result<Answered> next_batch(const Asked& asked);
  [[nodiscard]] Result<Answered> take_answer(const Asked& asked);
  [[nodiscard]] Result<Answered> offer_set(const Asked& asked);
  [[nodiscard]] Result<Answered> get_uplink(const Asked& asked);
  [[nodiscard]] Result<Answered> next_hold(const Asked& asked);
  [[nodiscard]] Result<Answered> report_help(const Asked& asked);
  [[nodiscard]] Result<Answered> report_portal(const Asked& asked);

  // caretaker-gate's (guard_gate.cpp).
  [[nodiscard]] Result<Answered> report_gate(const Asked& asked);
  // caretaker-inspect's.
  [[nodiscard]] Result<Answered> report_inspect(const Asked& asked);
  // And caretaker-programs' (guard_programs.cpp).
  [[nodiscard]] Result<Answered> report_programs(const Asked& asked);
  [[nodiscard]] Result<Answered> report_programs_state(const Asked& asked);
  [[nodiscard]] Result<Answered> check_set(const Asked& asked);

  // The command line's requests (guard_user.cpp).
  [[nodiscard]] Result<Answered> status(const Asked& asked);
  [[nodiscard]] Result<Answered> events(const Asked& asked);
  [[nodiscard]] Result<Answered> enrol_begin(const Asked& asked);
  [[nodiscard]] Result<Answered> enrol_finish(const Asked& asked);
  [[nodiscard]] Result<Answered> why(const Asked& asked);
  [[nodiscard]] Result<Answered> snooze(const Asked& asked);
  [[nodiscard]] Result<Answered> import(const Asked& asked);
  [[nodiscard]] Result<Answered> lost_notice(const Asked& asked);
  [[nodiscard]] Result<Answered> unlock(const Asked& asked);

  // Removable media are judged from here on, through this gate.
  void take_gate(std::unique_ptr<platform::VolumeGate> gate, Media::PresentUsers present, Media::Unmount unmount);
  void on_sighting(const Sighting& sighting);

  [[nodiscard]] const GuardSettings& settings() const { return settings_; }
  [[nodiscard]] Book& book() { return book_; }
  [[nodiscard]] bool is_owner(const platform::Peer& peer) const {
    return peer.uid == settings_.owner_uid || peer.uid == 0;
  }

  // When tick() has something to do about people's sessions or an order; INT64_MAX: never.
  [[nodiscard]] MonotonicMs next_look() const {
    return std::min(watches_sessions() ? session_watch_->next() : INT64_MAX, orders_.next());
  }
  void tick();   // within a second of a request, else every few
  // After a start, and each day, the set file is gone over while it is in force; in parts, between requests.
  [[nodiscard]] bool is_checking_set() const { return !trust_.is_set_checked(); }
  void check_set_part();
  void close();  // at the end of the process: what is counted goes into the book

 private:
  Guard(const GuardSettings& settings, const Clock& clock, DeviceIdentity identity, PolicyStore trust,
        WebReports::FindUser find_user);
  // Opens the book when it is known whose it is; without that there is nobody to record as.
  [[nodiscard]] Status open_book();
  [[nodiscard]] Status certify(const sync::EnrolmentAnswer& answer);
  [[nodiscard]] Revision revision(const std::vector<Exceptions::Open>& open, const std::optional<Portal::Open>& portal) const;
  [[nodiscard]] QuotaLimits quota() const;
  [[nodiscard]] std::set<std::string> health() const;
  static constexpr MonotonicMs kSilentMs = 60'000;  // without a word from gate, inspect or programs: nobody is there
  void add_gate_health(std::set<std::string>& codes) const;
  void add_inspect_health(std::set<std::string>& codes) const;
  void add_programs_health(std::set<std::string>& codes) const;
  // This machine is a school's, or was until some file of it was damaged.
  [[nodiscard]] bool had_school() const;
  [[nodiscard]] std::vector<MediumRow> media_rows() const;
  [[nodiscard]] std::string notice() const;  // what users are told; empty before there is a school
  void store_repeats(bool all);
  void try_book_again();
  [[nodiscard]] bool watches_sessions() const;
  void watch_sessions();
  void watch_programs();
  [[nodiscard]] const policy::Policy& watched_rules();
  [[nodiscard]] Result<platform::User> find_known_user(std::uint32_t uid);
  void tell_about_programs();

  // The events of a group that a process reports, durable when it returns; those of a group that was stored before are not stored
  // again, and what `plan` made of one that could not be stored is what is stored when it comes again.
  using Plan = std::function<std::vector<PlannedEvent>()>;
  [[nodiscard]] Result<std::vector<PlannedEvent>> store_once(std::uint32_t caller, const GroupId& group, const Plan& plan);
  [[nodiscard]] Status store_gate_group(std::uint32_t caller, const GateReport& report);
  void plan_note(const Subject& subject, std::uint32_t count, std::vector<PlannedEvent>& out);
  struct UnstoredGroup {
    GroupId id{};
    std::vector<PlannedEvent> events;
  };

  GuardSettings settings_;
  const Clock& clock_;
  WebReports::FindUser find_user_;
  DeviceIdentity identity_;
  PolicyStore trust_;
  Book book_;
  Letters letters_;
  Exceptions exceptions_;
  Portal portal_;
  Orders orders_;
  Checkin checkin_;
  WebReports web_;
  HelpReports help_;
  std::optional<NoticeFile> notice_file_;
  ProgramReports programs_;
  std::optional<SessionWatch> session_watch_;
  std::int64_t watched_version_ = 0;  // of the policy that the watch has seen
  Suspensions suspensions_;
  std::optional<policy::Policy> watched_;  // that policy, with the suspensions that are in force
  std::map<std::uint32_t, platform::User> known_users_;  // who was found when somebody could tell
  std::optional<Media> media_;
  std::optional<Posture> posture_;
  struct Reported {
    std::optional<GroupId> stored;  // the newest that was
    std::optional<UnstoredGroup> unstored;
  };
  std::map<std::uint32_t, Reported> reported_;  // by the uid of the caller
  std::vector<PlannedEvent> unstored_;          // repeats, and what somebody reported who began anew before it was stored
  MonotonicMs gate_seen_ = 0;          // when caretaker-gate last spoke, or this began
  bool filter_works_ = true;           // as caretaker-gate says
  MonotonicMs inspect_seen_ = 0;       // the same of caretaker-inspect
  bool sees_connections_ = true;
  MonotonicMs programs_seen_ = 0;      // the same of caretaker-programs
  MonotonicMs programs_looked_ = 0;    // when it was last asked how long that is
  std::optional<std::array<std::uint8_t, 16>> programs_judge_;  // the run that judges, and has not stopped
  bool programs_silent_ = false;       // and that is in the book
  MonotonicMs next_book_ = 0;          // when a book that would not open is tried again
  MonotonicMs next_offer_ = INT64_MIN;  // when the next set file is looked at
  MonotonicMs next_walk_ = 0;           // when the set file is gone over again: disks and memory lose bits
  MonotonicMs next_asked_walk_ = INT64_MIN;  // when it is because net asks for it
};

}  // namespace caretaker::agent
