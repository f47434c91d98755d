// Removable media: from what was found on a volume to who may read it. One thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agent/guard/book.h"
#include "agent/guard/media_watch.h"
#include "platform/users.h"
#include "policy/decide_volume.h"

namespace caretaker::agent {

struct AttachedVolume {
  platform::Volume volume;
  VolumeContent content;
  policy::VolumeDecision decision;
  platform::VolumeAccess access = platform::VolumeAccess::kNone;  // the most that somebody may have got of it
  std::vector<std::string> mounts;  // where users have it mounted
};

class Media {
 public:
  // Who is at the machine now.
  using PresentUsers = std::function<std::vector<platform::User>()>;
  // One plain sentence for whoever is at the screen.
  using Tell = std::function<void(const std::string& sentence)>;
  using Unmount = std::function<Status(const std::string& point)>;
  Media(const PolicyStore& trust, Book& book, const Clock& clock, std::unique_ptr<platform::VolumeGate> gate, PresentUsers present,
        Tell tell, Unmount unmount)
      : trust_(trust), book_(book), clock_(clock), gate_(std::move(gate)), present_(std::move(present)), tell_(std::move(tell)),
        unmount_(std::move(unmount)) {}

  void on_sighting(const Sighting& sighting);
  // Now and then: judges again what is attached, for other people may have come and another policy; stores what could not be.
  void tick();
  [[nodiscard]] const std::map<std::string, AttachedVolume>& attached() const { return attached_; }

 private:
  struct Verdict {
    policy::VolumeDecision decision;
    std::string user;  // empty: nobody is there
    std::string group;
  };
  [[nodiscard]] Verdict decide(const AttachedVolume& attached) const;
  [[nodiscard]] Status enforce(AttachedVolume& attached, platform::VolumeAccess access);
  void judge(AttachedVolume& attached, bool is_new);
  [[nodiscard]] bool take_away(AttachedVolume& attached);
  void end_mounts(AttachedVolume& attached);
  void record(const AttachedVolume& attached, const Verdict& verdict);
  void tell(const policy::VolumeDecision& decision);
  void store();

  const PolicyStore& trust_;
  Book& book_;
  const Clock& clock_;
  std::unique_ptr<platform::VolumeGate> gate_;
  PresentUsers present_;
  Tell tell_;
  Unmount unmount_;
  std::map<std::string_view, MonotonicMs> told_;  // sentence, when; there are a handful
  std::map<std::string, AttachedVolume> attached_;  // by the volume's id
  std::vector<PlannedEvent> unstored_;
  MonotonicMs window_ends_ = 0;
  int in_window_ = 0;  // events, so that a thing that comes and goes without end does not fill the book
};

}  // namespace caretaker::agent
