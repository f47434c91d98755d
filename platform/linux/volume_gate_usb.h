// USB authorisation: a thing's storage taken away without a hand on the plug.
#pragma once

#include "platform/volumes.h"

namespace caretaker::platform {

// Of a disk the interface that it is on goes, of a phone the whole thing. kUnsupported: not on USB.
[[nodiscard]] Status take_authorisation(const std::filesystem::path& root, const Volume& volume);

}  // namespace caretaker::platform
