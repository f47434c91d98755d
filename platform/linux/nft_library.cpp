#include "platform/linux/nft_library.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
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
constexpr int kTries = 5;

int read_generation(const nlattr* attribute, void* generation) {
  if (::mnl_attr_get_type(attribute) != NFTA_GEN_ID || ::mnl_attr_validate(attribute, MNL_TYPE_U32) < 0) return MNL_CB_OK;
  *static_cast<std::optional<std::uint32_t>*>(generation) = ntohl(::mnl_attr_get_u32(attribute));
  return MNL_CB_STOP;
}

int read_answer(const nlmsghdr* message, void* generation) { return ::mnl_attr_parse(message, sizeof(nfgenmsg), read_generation, generation); }

// The packet filter's number, which grows by one with each change, whoever makes it: NFT_MSG_GETGEN of linux/netfilter/nf_tables.h.
Result<std::uint32_t> generation() {
  const std::unique_ptr<mnl_socket, decltype(&mnl_socket_close)> socket(::mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC), &mnl_socket_close);
  if (!socket || ::mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) < 0) return posix_error(errno, "packet filter");
  std::array<char, 8192> room;
  nlmsghdr* question = ::mnl_nlmsg_put_header(room.data());
  question->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN;
  question->nlmsg_flags = NLM_F_REQUEST;
  static_cast<nfgenmsg*>(::mnl_nlmsg_put_extra_header(question, sizeof(nfgenmsg)))->version = NFNETLINK_V0;
  if (::mnl_socket_sendto(socket.get(), question, question->nlmsg_len) < 0) return posix_error(errno, "packet filter");
  const ssize_t got = ::mnl_socket_recvfrom(socket.get(), room.data(), room.size());
  std::optional<std::uint32_t> found;
  if (got < 0 || ::mnl_cb_run(room.data(), static_cast<std::size_t>(got), 0, 0, read_answer, &found) < 0) return posix_error(errno, "packet filter");
  if (!found) return make_error(ErrorCode::kUnavailable, "packet filter: its kernel does not count changes");
  return *found;
}

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

Result<std::string> NftPart::show() {
  std::string out;
  for (const std::string& listing : listings_) {
    TRY(shown, library_.show(listing));
    out += shown;
  }
  return out;
}

// Another's change that comes between our laying and our looking must not be taken for what we laid: then it is laid again.
Status NftPart::lay(const std::string& text) {
  laid_.reset();
  for (int i = 0; i < kTries; ++i) {
    TRY(before, generation());
    TRY_DONE(library_.run(text));
    TRY(shown, show());
    TRY(after, generation());
    if (after != before + 1) continue;
    laid_ = std::move(shown);
    return ok();
  }
  return make_error(ErrorCode::kUnavailable, "packet filter: somebody else changes it all the time");
}

bool NftPart::is_intact() {
  if (!laid_) return false;
  const auto shown = show();
  return shown && *shown == *laid_;
}

Status NftPart::take_away(const std::string& text) {
  laid_.reset();
  TRY_DONE(library_.run(text));
  return ok();
}

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
  int ready = 0;
  do {
    ready = ::poll(waiting.data(), waiting.size(), timeout_ms);
  } while (ready < 0 && errno == EINTR && timeout_ms < 0);
  if (ready <= 0 || waiting[1].revents != 0) return false;
  std::array<char, 8192> unread;  // that there was one is all that counts; also when there were too many to be kept
  while (::recv(socket_.fd(), unread.data(), unread.size(), MSG_DONTWAIT) > 0 || errno == ENOBUFS) errno = 0;
  return true;
}

void NftChanges::end() const {
  const std::uint64_t one = 1;
  (void)!::write(ended_.fd(), &one, sizeof one);
}

}  // namespace caretaker::platform
