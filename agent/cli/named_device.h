// Which machine a person means, without the server's word for it: what the machine itself signed when it enrolled says what it is called
// and what hardware it is. A server in a thief's hands that answers with another machine's id cannot answer with that machine's
// signature under this one's name.
#pragma once

#include <string>

#include "agent/cli/desk.h"
#include "sync/enrolment.h"

namespace caretaker::agent {

struct NamedDevice {
  sync::DeviceId id{};
  sync::Hardware hardware;
  std::string label;          // as the machine signed it; of one that is named by its whole id: may be empty
  bool is_signed = false;     // label and hardware are; otherwise the hardware is the server's word
  Json row;                   // devices.list's, the server's word
  // What has to be typed before a key signs.
  [[nodiscard]] const std::string& said() const { return label.empty() ? id_text : label; }
  std::string id_text;
};

// `row`: the server's for `name`; `enrolment`: the envelope that it has kept, empty: none. kUnauthentic: what the machine signed is not
// there, does not verify, or says another name. Pure.
[[nodiscard]] Result<NamedDevice> check_named(const std::string& name, const Json& row, ByteView enrolment, const sync::SchoolId& school);
[[nodiscard]] Result<NamedDevice> name_device(Desk& desk, const std::string& name, const Clock& clock);

// Its name, hardware and key, a line each, for whoever is about to sign.
[[nodiscard]] std::string describe(const NamedDevice& device);

}  // namespace caretaker::agent
