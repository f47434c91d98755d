// nftables by its own library. A change by somebody else is heard over netlink.
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <nftables/libnftables.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <optional>

#include "platform/files.h"
#include "platform/gate.h"
#include "platform/linux/posix_error.h"

namespace caretaker::platform {
namespace {

constexpr std::size_t kMaxComplaint = 300;

class NftGate : public Gate {
 public:
  NftGate(nft_ctx* context, OpenFile changes) : context_(context, nft_ctx_free), changes_(std::move(changes)) {}

  Status apply(const GateRules& rules) override {
    TRY_DONE(run(make_gate_text(rules), 0));
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
      TRY_DONE(run(listing, NFT_CTX_OUTPUT_JSON | NFT_CTX_OUTPUT_NUMERIC_ALL));
      TRY(found, parse_attempts(nft_ctx_get_output_buffer(context_.get())));
      out.insert(out.end(), found.begin(), found.end());
    }
    if (!out.empty()) TRY_DONE(run(make_forget_attempts(out), 0));
    return out;
  }

  Status remove() override {
    applied_.reset();
    return run(make_gate_removal(), 0);
  }

  bool wait_for_change(int timeout_ms) override {
    pollfd waiting{changes_.fd(), POLLIN, 0};
    if (::poll(&waiting, 1, timeout_ms) <= 0) return false;
    std::array<char, 8192> unread;  // that there was one is all that counts; also when there were too many to be kept
    while (::recv(changes_.fd(), unread.data(), unread.size(), MSG_DONTWAIT) > 0 || errno == ENOBUFS) errno = 0;
    return true;
  }

 private:
  Status run(const std::string& text, unsigned output) {
    nft_ctx_output_set_flags(context_.get(), output);
    if (nft_run_cmd_from_buffer(context_.get(), text.c_str()) == 0) return ok();
    const std::string_view complaint = nft_ctx_get_error_buffer(context_.get());
    return make_error(ErrorCode::kUnavailable, "packet filter: " + std::string(complaint.substr(0, kMaxComplaint)));
  }

  Result<std::string> show() {
    std::string out;
    for (const std::string& listing : make_gate_listings()) {
      TRY_DONE(run(listing, NFT_CTX_OUTPUT_NUMERIC_ALL | NFT_CTX_OUTPUT_STATELESS));
      out += nft_ctx_get_output_buffer(context_.get());
    }
    return out;
  }

  std::unique_ptr<nft_ctx, void (*)(nft_ctx*)> context_;
  OpenFile changes_;
  std::optional<std::string> applied_;  // as the kernel shows it
};

}  // namespace

Result<std::unique_ptr<Gate>> Gate::open() {
  OpenFile changes(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER));
  if (!changes.is_open()) return posix_error(errno, "packet filter");
  const int group = NFNLGRP_NFTABLES;
  if (::setsockopt(changes.fd(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) < 0) {
    return posix_error(errno, "hear of changes of the packet filter");
  }
  nft_ctx* context = nft_ctx_new(NFT_CTX_DEFAULT);
  if (context == nullptr) return make_error(ErrorCode::kUnavailable, "libnftables does not start");
  nft_ctx_buffer_output(context);
  nft_ctx_buffer_error(context);
  return std::unique_ptr<Gate>(std::make_unique<NftGate>(context, std::move(changes)));
}

}  // namespace caretaker::platform
