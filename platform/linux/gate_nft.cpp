// nftables by its own library. A change by somebody else is heard over netlink.
#include <nftables/libnftables.h>

#include "platform/gate.h"
#include "platform/linux/nft_library.h"

namespace caretaker::platform {
namespace {

class NftGate : public Gate {
 public:
  NftGate(NftLibrary library, NftChanges changes) : part_(std::move(library), make_gate_listings()), changes_(std::move(changes)) {}

  Status apply(const GateRules& rules) override { return part_.lay(make_gate_text(rules)); }
  Result<bool> is_intact() override { return part_.is_intact(); }
  Status remove() override { return part_.take_away(make_gate_removal()); }
  bool wait_for_change(int timeout_ms) override { return changes_.wait(timeout_ms); }
  void end_wait() override { changes_.end(); }

  Result<std::vector<GateTry>> take_attempts() override {
    std::vector<GateTry> out;
    for (const std::string& listing : make_attempts_listings()) {
      TRY(listed, part_.library().run(listing, NFT_CTX_OUTPUT_JSON | NFT_CTX_OUTPUT_NUMERIC_ALL));
      TRY(found, parse_attempts(listed));
      out.insert(out.end(), found.begin(), found.end());
    }
    if (!out.empty()) TRY_DONE(part_.library().run(make_forget_attempts(out)));
    return out;
  }

 private:
  NftPart part_;
  NftChanges changes_;
};

}  // namespace

Result<std::unique_ptr<Gate>> Gate::open() {
  TRY(changes, NftChanges::open());
  TRY(library, NftLibrary::open());
  return std::unique_ptr<Gate>(std::make_unique<NftGate>(std::move(library), std::move(changes)));
}

}  // namespace caretaker::platform
