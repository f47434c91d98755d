#include "platform/inspection_gate.h"
#include "platform/linux/nft_program.h"

namespace caretaker::platform {

Status apply_gate(const InspectionGate& gate) { return run_nft(make_gate_text(gate)); }

Status remove_gate() { return run_nft("table inet caretaker_inspect {}\ndelete table inet caretaker_inspect\n"); }

}  // namespace caretaker::platform
