#include "platform/linux/nft_library.h"

#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <nftables/libnftables.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "platform/linux/posix_error.h"

namespace caretaker::platform {
namespace {

constexpr std::size_t kMaxComplaint = 300;

}  // namespace

NftLibrary::NftLibrary(nft_ctx* context) : context_(context, nft_ctx_free) {}

Result<NftLibrary> NftLibrary::open() {
  nft_ctx* context = nft_ctx_new(NFT_CTX_DEFAULT);
  if (context == nullptr) return make_error(ErrorCode::kUnavailable, "libnftables does not start");
  nft_ctx_buffer_output(context);
  nft_ctx_buffer_error(context);
  return NftLibrary(context);
}

Result<std::string> NftLibrary::run(const std::string& commands, unsigned output) {
  nft_ctx_output_set_flags(context_.get(), output);
  if (nft_run_cmd_from_buffer(context_.get(), commands.c_str()) == 0) return std::string(nft_ctx_get_output_buffer(context_.get()));
  const std::string_view complaint = nft_ctx_get_error_buffer(context_.get());
  return make_error(ErrorCode::kUnavailable, "packet filter: " + std::string(complaint.substr(0, kMaxComplaint)));
}

Result<std::string> NftLibrary::show(const std::string& listing) { return run(listing, NFT_CTX_OUTPUT_NUMERIC_ALL | NFT_CTX_OUTPUT_STATELESS); }

Result<NftChanges> NftChanges::open() {
  OpenFile socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER));
  if (!socket.is_open()) return posix_error(errno, "packet filter");
  // Bound, with a number of its own: of what it tells, the kernel leaves out the sockets that have none.
  const sockaddr_nl address{AF_NETLINK, 0, 0, 1u << (NFNLGRP_NFTABLES - 1)};
  if (::bind(socket.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return posix_error(errno, "hear of changes of the packet filter");
  OpenFile ended(::eventfd(0, EFD_CLOEXEC));
  if (!ended.is_open()) return posix_error(errno, "eventfd");
  return NftChanges(std::move(socket), std::move(ended));
}

bool NftChanges::wait(int timeout_ms) {
  std::array<pollfd, 2> waiting{pollfd{socket_.fd(), POLLIN, 0}, pollfd{ended_.fd(), POLLIN, 0}};
  if (::poll(waiting.data(), waiting.size(), timeout_ms) <= 0 || waiting[1].revents != 0) return false;
  std::array<char, 8192> unread;  // that there was one is all that counts; also when there were too many to be kept
  while (::recv(socket_.fd(), unread.data(), unread.size(), MSG_DONTWAIT) > 0 || errno == ENOBUFS) errno = 0;
  return true;
}

void NftChanges::end() const {
  const std::uint64_t one = 1;
  (void)!::write(ended_.fd(), &one, sizeof one);
}

}  // namespace caretaker::platform
