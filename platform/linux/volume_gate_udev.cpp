#include "platform/linux/volume_gate_udev.h"

#include <fcntl.h>

#include "platform/files.h"
#include "platform/linux/posix_error.h"
#include "platform/linux/sysfs_attribute.h"

namespace caretaker::platform {
namespace {

std::string_view word_for(VolumeAccess access) {
  switch (access) {
    case VolumeAccess::kWhole: return "release";
    case VolumeAccess::kReadOnly: return "readonly";
    case VolumeAccess::kNone: return "keep";
  }
  return "keep";
}

// As platform/linux/volumes_udev.cpp finds it: a disk has it itself, a partition one above.
std::string number_at(const OpenFile& place) {
  for (const char* name : {"diskseq", "../diskseq", "devnum"}) {
    if (auto number = read_attribute(place, name); !number.empty()) return number;
  }
  return "";
}

}  // namespace

Status tell_udev(const std::filesystem::path& root, const Volume& volume, VolumeAccess access) {
  // The kernel wants a UUID before arguments; it says nothing, so it is always the same.
  const std::string event = "change 7f0c3f5e-5a0b-4d4a-9f3e-6d4f2c1b0a99 CARETAKER=" + std::string(word_for(access));
  const std::filesystem::path path = root / "sys" / volume.id.substr(1);
  // Held open, it is the thing's own for as long as we hold it: what comes to its place afterwards has another folder.
  const OpenFile place(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!place.is_open()) return posix_error(errno, "open " + path.string());
  if (access != VolumeAccess::kNone && !volume.number.empty() && number_at(place) != volume.number) {
    return make_error(ErrorCode::kConflict, "another thing is at " + volume.node.string() + " now");
  }
  return write_attribute(place, "uevent", event);
}

}  // namespace caretaker::platform
