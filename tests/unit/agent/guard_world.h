// A guard on a temporary folder, spoken to as its callers speak to it, and the school and server behind it.
#pragma once

#include <memory>
#include <optional>

#include "agent/guard/monitor.h"
#include "sync/enrolment.h"
#include "tests/unit/agent/event_store_world.h"
#include "tests/unit/sync/fixture.h"

namespace caretaker::agent {

// Fails the test where a value was expected.
template <typename T>
T must(Result<T> result) {
  if (!result) FAIL(result.error().message);
  return std::move(*result);
}

using NamesByCategory = std::map<std::string, std::vector<std::string>>;

inline constexpr const char* kPolicyText =
    "school = \"Test School\"\n"
    "[groups.pupils]\nusers = [\"anna\"]\nblocked_categories = [\"gambling\", \"adult\"]\n"
    "[groups.everybody]\ndefault = true\nblocked_categories = [\"gambling\"]\n"
    "[recipients]\n\"*\" = [\"safeguarding\"]\n";

// What people sign, as they would sign it now.
class SigningRoom {
 public:
  explicit SigningRoom(const TestClock& clock) : clock_(clock) {}
  struct Options {
    std::vector<const SigningKey*> signers;  // empty: as it should be
    UnixSeconds expires_in = 30 * 86'400;
    sync::SchoolId school{};                 // zeros: this one
  };
  [[nodiscard]] Bytes policy(std::int64_t version, const std::string& toml) const { return policy(version, toml, {}); }
  [[nodiscard]] Bytes policy(std::int64_t version, const std::string& toml, const Options& options) const;
  [[nodiscard]] Bytes lists(std::int64_t version, ByteView set_file) const { return lists(version, set_file, {}); }
  [[nodiscard]] Bytes lists(std::int64_t version, ByteView set_file, const Options& options) const;
  [[nodiscard]] std::string token_text() const;
  // What the server answers to the enrolment request of a device.
  [[nodiscard]] sync::EnrolmentAnswer certify(ByteView request) const;
  // The next root after `school.root`; becomes it.
  [[nodiscard]] Bytes next_root();

  sync::test::TestSchool school;

 private:
  const TestClock& clock_;
};
[[nodiscard]] Bytes make_set(const NamesByCategory& names);
// Many enough that a few more are no large change.
[[nodiscard]] NamesByCategory some_names();

struct GuardWorld {
  GuardWorld();
  static constexpr std::uint32_t kNet = 990;
  static constexpr std::uint32_t kInspect = 991;
  static constexpr std::uint32_t kPrograms = 992;
  static constexpr std::uint32_t kOwner = 0;
  static constexpr std::uint32_t kAnna = 1001;  // a pupil

  void start();  // also again: as after a restart
  void stop();
  Result<Bytes> ask(std::uint32_t uid, Ask ask, ByteView fields = {}, platform::OpenFile file = {});
  template <typename T>
  T ask_well(std::uint32_t uid, Ask question, ByteView fields, Result<T> (*parse)(ByteView)) {
    return must(parse(must(ask(uid, question, fields))));
  }

  [[nodiscard]] Bytes begin_enrolment();  // the request for the server
  void enrol();
  // From net's mouth: an answer of the server with just this in it.
  void give(Bytes policy, Bytes lists = {}, std::vector<Bytes> roots = {});
  Result<Bytes> offer(ByteView set_file);
  void serve();  // enrolled, with policy and lists in force

  // One check-in: the request as the server opens it.
  struct Opened {
    sync::CheckinRequest request;
    sync::Batch batch;
  };
  [[nodiscard]] std::optional<Opened> next_request();
  [[nodiscard]] Bytes receipt_for(const Opened& opened) const;
  void check_in();  // until nothing is left

  [[nodiscard]] StatusAnswer status() { return ask_well(kOwner, Ask::kStatus, {}, parse_status_answer); }
  [[nodiscard]] FilterAnswer filter() { return ask_well(kNet, Ask::kGetFilter, {}, parse_filter_answer); }
  // kind and rule of each entry of the book, "web.blocked category".
  [[nodiscard]] std::vector<std::string> book();
  [[nodiscard]] std::vector<QueuedEvent> entries();
  [[nodiscard]] bool noted(const std::string& kind_and_rule);
  [[nodiscard]] bool healthy(const std::string& code);  // the code is not among the health codes

  TestClock clock;
  TemporaryFolder folder;
  SigningRoom room{clock};
  TestServer server{room.school.server_box};
  GuardSettings settings;
  Bytes set = make_set(some_names());
  std::unique_ptr<Guard> guard;
  std::optional<Monitor> monitor;
};

[[nodiscard]] Violation violation(const std::string& name, std::optional<std::uint32_t> uid = GuardWorld::kAnna,
                                  const std::string& category = "gambling");
[[nodiscard]] Bytes report(std::vector<Violation> violations);

}  // namespace caretaker::agent
