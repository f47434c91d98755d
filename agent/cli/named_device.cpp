#include "agent/cli/named_device.h"

#include "agent/cli/table.h"
#include "sync/enrolment_record.h"

namespace caretaker::agent {
namespace {

constexpr std::size_t kWholeId = 64;
constexpr std::size_t kLeastId = 8;
constexpr const char* kNameWholly = "name it by its whole id, which `caretaker status` shows on the machine itself";

// "3f2a 90c1 ...": what a person can compare.
std::string fingerprint(const sync::DeviceId& id) {
  std::string out;
  const std::string hex = to_hex(id);
  for (std::size_t at = 0; at < hex.size(); at += 4) out += (out.empty() ? "" : " ") + hex.substr(at, 4);
  return out;
}

std::string or_none(const std::string& text) { return text.empty() ? "(none)" : printable(text); }

// Without its signature: only somebody who has the id from elsewhere knows which machine that is.
Result<NamedDevice> named_wholly(const std::string& name, const Json& row, NamedDevice device) {
  if (name != device.id_text) {
    return make_error(ErrorCode::kUnauthentic, "the server has not kept what this machine signed when it enrolled, so nobody but the server says "
                                               "which one it is: " + std::string(kNameWholly));
  }
  TRY(dmi_uuid, row["hardware"].string_at("dmi_uuid"));
  TRY(board_serial, row["hardware"].string_at("board_serial"));
  device.hardware = {dmi_uuid, board_serial};
  return device;
}

}  // namespace

Result<NamedDevice> check_named(const std::string& name, const Json& row, ByteView enrolment, const sync::SchoolId& school) {
  NamedDevice device;
  TRY(id, row.hex_array_at<32>("device"));
  device.id = id;
  device.id_text = to_hex(id);
  device.row = row;
  // What was typed is its id, or the beginning of that: the server may not answer with another.
  const bool by_id = name.size() >= kLeastId && device.id_text.starts_with(name);
  if (name.size() == kWholeId && !by_id) return make_error(ErrorCode::kUnauthentic, "the server answers with another machine");
  if (enrolment.empty()) return named_wholly(name, row, std::move(device));
  auto signed_by_it = sync::open_enrolment_record({to_bytes(enrolment)}, school, device.id);
  if (!signed_by_it) {
    return make_error(ErrorCode::kUnauthentic, "what this machine is said to have signed when it enrolled does not verify: " + signed_by_it.error().message);
  }
  if (!by_id && signed_by_it->label != name) {
    return make_error(ErrorCode::kUnauthentic, "the server calls this machine \"" + name + "\", but when it enrolled it signed that it is \"" +
                                                   printable(signed_by_it->label) + "\": it is another one");
  }
  device.hardware = signed_by_it->hardware;
  device.label = signed_by_it->label;
  device.is_signed = true;
  return device;
}

Result<NamedDevice> name_device(Desk& desk, const std::string& name, const Clock& clock) {
  TRY(row, ask_device(desk, name, clock));
  TRY(answer, desk.client.ask("device.record", Json::Object{{"device", row["device"]}}, clock));
  TRY(enrolment, answer.base64_at("enrolment"));
  return check_named(name, row, enrolment, desk.school.id);
}

std::string describe(const NamedDevice& device) {
  return "  name          " + (device.label.empty() ? "not known: named by its id" : printable(device.label)) + "\n" +
         "  board serial  " + or_none(device.hardware.board_serial) + "\n" +
         "  system UUID   " + or_none(device.hardware.dmi_uuid) + (device.is_signed ? "" : "  (the server's word; the machine compares)") + "\n" +
         "  key           " + fingerprint(device.id) + "\n";
}

}  // namespace caretaker::agent
