// nftables by its own library: packets wait in the queue meanwhile, so no program is started for it.
#include "platform/inspection_gate.h"
#include "platform/linux/nft_library.h"

namespace caretaker::platform {
namespace {

class NftInspectionTable : public InspectionTable {
 public:
  NftInspectionTable(NftLibrary library, NftChanges changes)
      : part_(std::move(library), {"list table inet caretaker_inspect"}), changes_(std::move(changes)) {}

  Status apply(const InspectionGate& gate) override { return part_.lay(make_inspection_text(gate)); }
  bool is_intact() override { return part_.is_intact(); }
  Status remove() override { return part_.take_away("table inet caretaker_inspect {}\ndelete table inet caretaker_inspect\n"); }
  bool wait_for_change() override { return changes_.wait(-1); }
  void end_wait() override { changes_.end(); }

 private:
  NftPart part_;
  NftChanges changes_;
};

}  // namespace

Result<std::unique_ptr<InspectionTable>> InspectionTable::open() {
  TRY(changes, NftChanges::open());
  TRY(library, NftLibrary::open());
  return std::unique_ptr<InspectionTable>(std::make_unique<NftInspectionTable>(std::move(library), std::move(changes)));
}

}  // namespace caretaker::platform
