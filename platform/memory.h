// How a process holds the memory that it gave back. Port: mallopt(3) on Linux with the GNU C library.
#pragma once

namespace caretaker::platform {

// What is freed goes back to the system, and one thread's spare memory serves the others: for a process that is to stay small for
// weeks and asks for large pieces once in a while. Costs a system call for each piece of 64 KiB and more. Before other threads.
void hold_no_spare_memory();

}  // namespace caretaker::platform
