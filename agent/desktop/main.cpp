// caretaker-desktop: runs in a user's desktop and tells logind that it is locked, where the desktop's own locker does not.
#include "platform/base/command_line.h"
#include "platform/desktop_lockers.h"

namespace {

void declare(caretaker::Command program) { program.does(caretaker::platform::follow_desktop_lockers); }

}  // namespace

int main(int argc, char** argv) {
  return caretaker::run_program("caretaker-desktop", "Tells logind when a desktop's own locker has locked", argc, argv, declare);
}
