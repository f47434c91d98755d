// Which device this is: its key, made here and never leaving, its certificate, and the hardware that both are bound to.
// One file, device.json (0600), replaced as a whole, and its copy. One thread.
#pragma once

#include <filesystem>

#include "agent/guard/kept_twice.h"
#include "sync/enrolment.h"
#include "sync/ids.h"

namespace caretaker::agent {

enum class HardwareMatch { kSame, kOther, kUnknown };
// Other: a serial that both sides know differs. Unknown: the stored serials cannot be read now.
[[nodiscard]] HardwareMatch decide_hardware(const sync::Hardware& stored, const sync::Hardware& found);

class DeviceIdentity {
 public:
  enum class State {
    kNone,         // never enrolled, or file and copy were damaged: was_damaged()
    kUncertified,  // there is a key and a school, and the server has not certified them (yet, or for this hardware)
    kCertified,
  };

  // Reads the stored identity. On other hardware than stored (a cloned image) it is set aside under another name, and a new
  // key for the same school takes its place: the machine is filtered and keeps a book of its own, and must be enrolled anew.
  // Back on its own hardware before that, it is taken back.
  // A damaged file is put back from its copy; where both are damaged, the file is set aside too.
  [[nodiscard]] static Result<DeviceIdentity> open(const std::filesystem::path& folder, const sync::Hardware& found);

  [[nodiscard]] State state() const { return state_; }
  // The hardware could not be told: nothing is sent as this device until it can.
  [[nodiscard]] bool in_doubt() const { return in_doubt_; }
  // Set aside at this start or an earlier one, and not enrolled since.
  [[nodiscard]] bool needs_re_enrolment() const { return state_ == State::kUncertified && re_enrolment_; }
  // There is an identity that was set aside as damaged, at this start or an earlier one, and none since.
  [[nodiscard]] bool was_damaged() const { return state_ != State::kCertified && was_damaged_; }

  // Only when the state is not kNone.
  [[nodiscard]] const sync::SchoolId& school() const { return school_; }
  [[nodiscard]] const SigningKey& key() const { return key_; }
  [[nodiscard]] sync::DeviceId id() const { return hash(key_.public_key); }
  [[nodiscard]] const sync::Hardware& hardware() const { return hardware_; }
  [[nodiscard]] const Bytes& certificate() const { return certificate_; }  // envelope; empty if uncertified

  // A key for this school, on disk when it returns; one that waits for its certificate already is kept. kConflict: enrolled.
  [[nodiscard]] Status begin(const sync::SchoolId& school);
  // The certificate has been opened and is about this key.
  [[nodiscard]] Status certify(Bytes certificate);

 private:
  DeviceIdentity(std::filesystem::path folder, sync::Hardware found)
      : folder_(std::move(folder)), found_(std::move(found)) {}
  [[nodiscard]] TwoFiles files() const { return {folder_ / "device.json", folder_ / "device.copy.json"}; }
  [[nodiscard]] std::filesystem::path damaged_file() const { return folder_ / "device.damaged.json"; }
  [[nodiscard]] std::filesystem::path aside_file(const std::string& name) const { return folder_ / ("device." + name + ".json"); }
  [[nodiscard]] bool find_before();
  [[nodiscard]] Status read(ByteView stored);
  [[nodiscard]] Status set_damaged_aside() const;
  [[nodiscard]] Status write() const;
  [[nodiscard]] Status bind(ByteView stored);
  [[nodiscard]] Status make_new(const sync::SchoolId& school);

  std::filesystem::path folder_;
  sync::Hardware found_;
  sync::Hardware hardware_;  // what the key is bound to
  State state_ = State::kNone;
  bool in_doubt_ = false;
  bool re_enrolment_ = false;
  bool was_damaged_ = false;
  std::string before_;  // name of the enrolled identity whose place this one took, and that may come back; empty: none
  sync::SchoolId school_{};
  SigningKey key_;
  Bytes certificate_;
};

}  // namespace caretaker::agent
