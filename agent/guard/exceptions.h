// What teachers have opened for lessons on this device: judged again here against policy, lists and role, and gone on time without
// a server, across a restart, and when the clock is put back. One thread.
//
// Time: a lesson begins when the clock (or the highest time that people have signed, if that is later) reaches its start, and
// then has as long as is left until its end, at most its own length. It ends when the clock says so or when that long has
// passed by the monotonic clock, whichever comes first. What is left, and the highest time seen, are written down each minute; after a
// restart a clock that stands before that time closes everything, for nobody knows how long the machine was off.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <vector>

#include "agent/guard/letters.h"
#include "policy/exceptions.h"
#include "sync/exception.h"

namespace caretaker::agent {

class Exceptions {
 public:
  // What happened, for the book.
  using Note = std::function<void(const Subject&)>;
  // Reads back what was open, and verifies it again once trust has its root.
  Exceptions(std::filesystem::path file, const PolicyStore& trust, const Clock& clock, Note note);

  // The letters of this kind (letters.h). `device`: our own id.
  [[nodiscard]] Result<Letters::Taken> take(const sync::RawBlob& blob, const sync::LetterId& id, const sync::DeviceId& device,
                                           const Letters::Room& room);

  struct Open {
    sync::LetterId id{};
    policy::Lesson lesson;
    MonotonicMs ends = 0;
  };
  // What is open now. Looks at the time first.
  [[nodiscard]] std::vector<Open> open();
  // Begins, ends, judges again after a change of root, policy or lists, writes down.
  void tick();
  void read();  // the file; once, when trust is loaded

 private:
  struct Held {
    sync::Exception exception;
    Bytes envelope;
    std::string by;            // who signed it
    std::int64_t left_ms = 0;  // from now on, or once it has begun
    bool begun = false;
    MonotonicMs ends = 0;      // of one that has begun
  };
  [[nodiscard]] Status judge(const sync::OpenedException& opened) const;
  [[nodiscard]] Status write() const;
  [[nodiscard]] UnixSeconds now() const { return trust_.judged_time(clock_.now()); }
  [[nodiscard]] std::string judged_by() const;
  void judge_again();
  void begin(const sync::LetterId& id, Held& held);
  void close(const sync::LetterId& id);
  void look();

  std::filesystem::path file_;
  const PolicyStore& trust_;
  const Clock& clock_;
  Note note_;
  std::map<sync::LetterId, Held> held_;
  std::string judged_;          // root, policy and lists that all of them have been judged by
  MonotonicMs written_ = 0;
};

}  // namespace caretaker::agent
