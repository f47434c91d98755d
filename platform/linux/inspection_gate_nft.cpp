#include "platform/inspection_gate.h"
#include "platform/linux/nft_program.h"

namespace caretaker::platform {

Status apply_inspection(const InspectionGate& gate) { return run_nft(make_inspection_text(gate)); }

Status remove_inspection() { return run_nft("table inet caretaker_inspect {}\ndelete table inet caretaker_inspect\n"); }

}  // namespace caretaker::platform
