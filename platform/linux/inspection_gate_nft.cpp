// nftables by its own library: packets wait in the queue meanwhile, so no program is started for it.
#include <optional>

#include "platform/inspection_gate.h"
#include "platform/linux/nft_library.h"

namespace caretaker::platform {
namespace {

const std::string kListing = "list table inet caretaker_inspect";

class NftInspectionTable : public InspectionTable {
 public:
  NftInspectionTable(NftLibrary library, NftChanges changes) : library_(std::move(library)), changes_(std::move(changes)) {}

  Status apply(const InspectionGate& gate) override {
    TRY_DONE(library_.run(make_inspection_text(gate)));
    TRY(shown, library_.show(kListing));
    applied_ = std::move(shown);
    return ok();
  }

  bool is_intact() override {
    if (!applied_) return false;
    const auto shown = library_.show(kListing);
    return shown && *shown == *applied_;  // what cannot be shown has been taken away
  }

  Status remove() override {
    applied_.reset();
    TRY_DONE(library_.run("table inet caretaker_inspect {}\ndelete table inet caretaker_inspect\n"));
    return ok();
  }

  bool wait_for_change() override { return changes_.wait(-1); }
  void end_wait() override { changes_.end(); }

 private:
  NftLibrary library_;
  NftChanges changes_;
  std::optional<std::string> applied_;  // as the kernel shows it
};

}  // namespace

Result<std::unique_ptr<InspectionTable>> InspectionTable::open() {
  TRY(changes, NftChanges::open());
  TRY(library, NftLibrary::open());
  return std::unique_ptr<InspectionTable>(std::make_unique<NftInspectionTable>(std::move(library), std::move(changes)));
}

}  // namespace caretaker::platform
