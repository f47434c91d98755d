// Asks the kernel for its packet filter's chains and rules, over netlink. Needs CAP_NET_ADMIN.
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "platform/files.h"
#include "platform/linux/firewall_report.h"
#include "platform/linux/posix_error.h"
#include "platform/nft_ruleset.h"
#include "platform/posture.h"

namespace caretaker::platform {
namespace {

constexpr std::size_t kBuffer = 64u << 10;  // more than the kernel puts into one answer
constexpr int kMaxAnswers = 100'000;
constexpr timeval kPatience = {5, 0};

Status send_question(int fd, std::uint8_t what) {
  struct {
    nlmsghdr header;
    nfgenmsg generic;
  } message = {};
  message.header.nlmsg_len = sizeof message;
  message.header.nlmsg_type = static_cast<std::uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | what);
  message.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  message.generic.nfgen_family = AF_UNSPEC;
  message.generic.version = NFNETLINK_V0;
  if (::send(fd, &message, sizeof message, 0) != static_cast<ssize_t>(sizeof message)) return posix_error(errno, "ask for the firewall");
  return ok();
}

// True: this was the last of the answer.
Result<bool> take_messages(ByteView bytes, const std::function<Status(ByteView)>& take) {
  while (bytes.size() >= sizeof(nlmsghdr)) {
    nlmsghdr header;
    std::copy_n(bytes.begin(), sizeof header, reinterpret_cast<std::uint8_t*>(&header));
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > bytes.size()) return make_error(ErrorCode::kInvalidInput, "an answer that is cut short");
    const ByteView payload = bytes.subspan(sizeof header, header.nlmsg_len - sizeof header);
    if (header.nlmsg_type == NLMSG_DONE) return true;
    if (header.nlmsg_type == NLMSG_ERROR) {
      std::int32_t code = 0;
      if (payload.size() >= sizeof code) std::copy_n(payload.begin(), sizeof code, reinterpret_cast<std::uint8_t*>(&code));
      return posix_error(-code, "ask for the firewall");
    }
    TRY_DONE(take(payload));
    bytes = bytes.subspan(std::min<std::size_t>(NLMSG_ALIGN(header.nlmsg_len), bytes.size()));
  }
  return false;
}

Status ask(int fd, std::uint8_t what, const std::function<Status(ByteView)>& take) {
  TRY_DONE(send_question(fd, what));
  Bytes buffer(kBuffer);
  for (int i = 0; i < kMaxAnswers; ++i) {
    const ssize_t got = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (got <= 0) return posix_error(got < 0 ? errno : EPROTO, "ask for the firewall");
    TRY(done, take_messages(ByteView(buffer).first(static_cast<std::size_t>(got)), take));
    if (done) return ok();
  }
  return make_error(ErrorCode::kTooLarge, "more rules than a firewall has");
}

Result<Firewall> ask_kernel() {
  const OpenFile socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER));
  if (!socket.is_open()) return posix_error(errno, "ask for the firewall");
  if (::setsockopt(socket.fd(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience) != 0) return posix_error(errno, "ask for the firewall");
  NftRuleset ruleset;
  TRY_DONE(ask(socket.fd(), NFT_MSG_GETCHAIN, [&](ByteView message) { return ruleset.add_chain(message); }));
  TRY_DONE(ask(socket.fd(), NFT_MSG_GETRULE, [&](ByteView message) { return ruleset.add_rule(message); }));
  return ruleset.judge();
}

// The old iptables keeps its tables beside nftables; what is in them we do not read.
bool has_old_tables() {
  for (const char* list : {"/proc/net/ip_tables_names", "/proc/net/ip6_tables_names"}) {
    const auto names = read_file(list, 4096);
    if (names && as_text(*names).find("filter") != std::string_view::npos) return true;
  }
  return false;
}

}  // namespace

Status probe_firewall(const std::filesystem::path& to, MonotonicMs now) {
  const auto asked = ask_kernel();
  Firewall found = asked ? *asked : Firewall::kUnknown;
  if (found != Firewall::kOn && has_old_tables()) found = Firewall::kUnknown;
  return write_firewall_report(to, found, now);
}

}  // namespace caretaker::platform
