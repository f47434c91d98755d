// How the product's code reaches the simulated disks: SQLite by a port of its own, platform/linux/files_posix.cpp by
// system calls that the linker turns round (disk_posix.cpp). Paths below /sim/ only.
#pragma once

namespace caretaker::sim {

void install_database_disk();
// SQLite's random numbers (the salt of its log) start again: each run has the same.
void forget_database_randomness();

}  // namespace caretaker::sim
