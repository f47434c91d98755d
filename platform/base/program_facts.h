// What is known about a file that somebody is about to run.
#pragma once

#include <cstdint>

namespace caretaker {

struct ProgramFacts {
  std::uint32_t owner = 0;     // uid
  bool others_write = false;   // besides the owner: a group that is not root's, or everybody
  bool is_brought = false;     // from a medium, an image or a file system that a user put there: what it says of owners means nothing
  bool is_loader = false;      // the dynamic loader, started as a program: what it runs then is not seen
  bool is_unwatched = false;   // whoever starts it lives among mounts that cannot all be watched: what runs from there is not seen
};

}  // namespace caretaker
