// nftables by its own library. A change by somebody else is heard over netlink.
#include <nftables/libnftables.h>

#include <optional>

#include "platform/gate.h"
#include "platform/linux/nft_library.h"

namespace caretaker::platform {
namespace {

class NftGate : public Gate {
 public:
  NftGate(NftLibrary library, NftChanges changes) : library_(std::move(library)), changes_(std::move(changes)) {}

  Status apply(const GateRules& rules) override {
    TRY_DONE(library_.run(make_gate_text(rules)));
    TRY(shown, show());
    applied_ = std::move(shown);
    return ok();
  }

  Result<bool> is_intact() override {
    if (!applied_) return false;
    const auto shown = show();
    return shown && *shown == *applied_;  // what cannot be shown has been taken away
  }

  Result<std::vector<GateTry>> take_attempts() override {
    std::vector<GateTry> out;
    for (const std::string& listing : make_attempts_listings()) {
      TRY(listed, library_.run(listing, NFT_CTX_OUTPUT_JSON | NFT_CTX_OUTPUT_NUMERIC_ALL));
      TRY(found, parse_attempts(listed));
      out.insert(out.end(), found.begin(), found.end());
    }
    if (!out.empty()) TRY_DONE(library_.run(make_forget_attempts(out)));
    return out;
  }

  Status remove() override {
    applied_.reset();
    TRY_DONE(library_.run(make_gate_removal()));
    return ok();
  }

  bool wait_for_change(int timeout_ms) override { return changes_.wait(timeout_ms); }

 private:
  Result<std::string> show() {
    std::string out;
    for (const std::string& listing : make_gate_listings()) {
      TRY(shown, library_.show(listing));
      out += shown;
    }
    return out;
  }

  NftLibrary library_;
  NftChanges changes_;
  std::optional<std::string> applied_;  // as the kernel shows it
};

}  // namespace

Result<std::unique_ptr<Gate>> Gate::open() {
  TRY(changes, NftChanges::open());
  TRY(library, NftLibrary::open());
  return std::unique_ptr<Gate>(std::make_unique<NftGate>(std::move(library), std::move(changes)));
}

}  // namespace caretaker::platform
