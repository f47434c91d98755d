#include "platform/linux/volume_gate_usb.h"

#include "platform/base/log.h"
#include "platform/files.h"
#include "platform/linux/sysfs_attribute.h"

namespace caretaker::platform {
namespace {

constexpr std::size_t kMaxNote = 1u << 20;

// By its name in /sys/bus/usb/devices, a line each: the package's removal gives back what we have taken, and nothing that somebody else has.
Status note_taken(const std::filesystem::path& root, const std::string& name) {
  const std::filesystem::path note = root / "run" / "caretaker" / "taken-from-usb";
  const auto before = read_file(note, kMaxNote);
  const std::string text = before ? std::string(as_text(*before)) : "";
  if (("\n" + text).find("\n" + name + "\n") != std::string::npos) return ok();
  return replace_file(note, as_bytes(text + name + "\n"), 0600);
}

}  // namespace

Status take_authorisation(const std::filesystem::path& root, const Volume& volume) {
  // The nearest thing above the volume that can be authorised: an interface, or a phone itself.
  const std::filesystem::path devices = root / "sys" / "devices";
  std::error_code ignored;
  for (auto at = root / "sys" / volume.id.substr(1); at.has_relative_path() && at != devices; at = at.parent_path()) {
    if (!std::filesystem::exists(at / "authorized", ignored)) continue;
    if (const Status noted = note_taken(root, at.filename()); !noted) log_warning("media", "it will not be given back by a removal: " + noted.error().message);
    return write_attribute(at / "authorized", "0");
  }
  return make_error(ErrorCode::kUnsupported, volume.id + " is not on USB");
}

}  // namespace caretaker::platform
