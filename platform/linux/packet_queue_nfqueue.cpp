// NFQUEUE over netlink, by libmnl: libnetfilter_queue would do a little more of this, but its licence is the GPL. Source:
// linux/netfilter/nfnetlink_queue.h.
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "platform/base/gate_rules.h"
#include "platform/base/log.h"
#include "platform/files.h"
#include "platform/linux/posix_error.h"
#include "platform/packet_queue.h"

namespace caretaker::platform {
namespace {

constexpr std::uint32_t kCopied = 0xffff;     // of a packet: all
// What is sent in one piece comes in one piece: cut up, the rest of it would come after the answer to its beginning.
constexpr std::uint32_t kWanted = NFQA_CFG_F_UID_GID | NFQA_CFG_F_GSO;
constexpr std::uint32_t kHeld = 4096;         // packets that may wait
constexpr int kReceiveBuffer = 4 << 20;
constexpr std::size_t kRoom = 128u << 10;     // one message with the longest packet
constexpr int kPacketsPerRound = 64;          // before the loop looks around

using Socket = std::unique_ptr<mnl_socket, decltype(&mnl_socket_close)>;

nlmsghdr* begin_message(void* room, std::uint16_t queue, std::uint8_t what) {
  nlmsghdr* message = ::mnl_nlmsg_put_header(room);
  message->nlmsg_type = static_cast<std::uint16_t>(NFNL_SUBSYS_QUEUE << 8 | what);
  message->nlmsg_flags = NLM_F_REQUEST;
  auto* generic = static_cast<nfgenmsg*>(::mnl_nlmsg_put_extra_header(message, sizeof(nfgenmsg)));
  generic->nfgen_family = AF_UNSPEC;
  generic->version = NFNETLINK_V0;
  generic->res_id = htons(queue);
  return message;
}

void put_flags(nlmsghdr* message, std::uint32_t flags, bool on) {
  ::mnl_attr_put_u32(message, NFQA_CFG_MASK, htonl(flags));
  ::mnl_attr_put_u32(message, NFQA_CFG_FLAGS, on ? htonl(flags) : 0);
}

std::uint32_t bits_of(PacketVerdict verdict) {
  switch (verdict) {
    case PacketVerdict::kAccept: return kMarkAccepted;
    case PacketVerdict::kRefuse: return kMarkRefused;
    case PacketVerdict::kBegun: return kMarkBegun;
    case PacketVerdict::kPass: break;
  }
  return kMarkPassed;
}

// Others' bits stay, a tunnel's for one. A question's uid is not needed any more, and would look like an answer.
std::uint32_t mark_after(std::uint32_t mark, PacketVerdict verdict) {
  const std::uint32_t others = (mark & kGateMark) != 0 ? 0 : mark & ~(kMarkAccepted | kMarkRefused | kMarkBegun);
  return others | bits_of(verdict);
}

template <std::size_t kLast>
int keep_attribute(const nlattr* attribute, void* kept) {
  auto& table = *static_cast<std::array<const nlattr*, kLast + 1>*>(kept);
  if (::mnl_attr_type_valid(attribute, kLast) >= 0) table[::mnl_attr_get_type(attribute)] = attribute;
  return MNL_CB_OK;
}

std::uint32_t connection_of(const nlattr* described) {
  std::array<const nlattr*, CTA_MAX + 1> found{};
  if (described == nullptr || ::mnl_attr_parse_nested(described, keep_attribute<CTA_MAX>, &found) < 0 || found[CTA_ID] == nullptr) return 0;
  return ::mnl_attr_get_u32(found[CTA_ID]);
}

struct Received {
  HeldPacket packet;
  std::uint32_t mark = 0;
};

std::optional<Received> read_packet(const nlmsghdr* message) {
  std::array<const nlattr*, NFQA_MAX + 1> found{};
  if (::mnl_attr_parse(message, sizeof(nfgenmsg), keep_attribute<NFQA_MAX>, &found) < 0) return std::nullopt;
  if (found[NFQA_PACKET_HDR] == nullptr) return std::nullopt;
  Received received;
  HeldPacket& packet = received.packet;
  packet.id = ntohl(static_cast<const nfqnl_msg_packet_hdr*>(::mnl_attr_get_payload(found[NFQA_PACKET_HDR]))->packet_id);
  if (found[NFQA_MARK] != nullptr) received.mark = ntohl(::mnl_attr_get_u32(found[NFQA_MARK]));
  packet.has_begun = (received.mark & (kGateMark | kMarkBegun)) == kMarkBegun;
  packet.connection = connection_of(found[NFQA_CT]);
  if (found[NFQA_UID] != nullptr) packet.uid = ntohl(::mnl_attr_get_u32(found[NFQA_UID]));
  if (const nlattr* bytes = found[NFQA_PAYLOAD]; bytes != nullptr) {
    packet.bytes = {static_cast<const std::uint8_t*>(::mnl_attr_get_payload(bytes)), ::mnl_attr_get_payload_len(bytes)};
  }
  return received;
}

}  // namespace

struct PacketQueue::State {
  Socket socket{nullptr, &mnl_socket_close};
  OpenFile wakes;
  std::uint16_t number = 0;
  bool listens = false;
  std::array<char, kRoom> room;

  [[nodiscard]] Status configure(nlmsghdr* message);
  [[nodiscard]] Status bind();
  [[nodiscard]] Status set_fail_open(bool on);
  [[nodiscard]] Status decide(const Received& received, PacketVerdict verdict);
  [[nodiscard]] Result<bool> answer_some(const Handler& handler);
};

// The kernel confirms settings; packets that come meanwhile are left lying, and dropped by the kernel when their time comes, so this
// is only for a queue that nothing goes to yet, or for a setting that needs no answer.
Status PacketQueue::State::configure(nlmsghdr* message) {
  message->nlmsg_flags |= NLM_F_ACK;
  if (::mnl_socket_sendto(socket.get(), message, message->nlmsg_len) < 0) return posix_error(errno, "packet queue");
  const unsigned port = ::mnl_socket_get_portid(socket.get());
  const ssize_t got = ::mnl_socket_recvfrom(socket.get(), room.data(), room.size());
  if (got < 0) return posix_error(errno, "packet queue");
  if (::mnl_cb_run(room.data(), static_cast<std::size_t>(got), 0, port, nullptr, nullptr) < 0) {
    // EPERM is the kernel's answer to both: no right, and somebody else is there.
    return posix_error(errno, "packet queue " + std::to_string(number) + " (without CAP_NET_ADMIN, or another process has it)");
  }
  return ok();
}

Status PacketQueue::State::bind() {
  std::array<char, 256> buffer;
  nlmsghdr* message = begin_message(buffer.data(), number, NFQNL_MSG_CONFIG);
  const nfqnl_msg_config_cmd command{NFQNL_CFG_CMD_BIND, 0, 0};
  ::mnl_attr_put(message, NFQA_CFG_CMD, sizeof command, &command);
  TRY_DONE(configure(message));
  message = begin_message(buffer.data(), number, NFQNL_MSG_CONFIG);
  const nfqnl_msg_config_params copy{htonl(kCopied), NFQNL_COPY_PACKET};
  ::mnl_attr_put(message, NFQA_CFG_PARAMS, sizeof copy, &copy);
  ::mnl_attr_put_u32(message, NFQA_CFG_QUEUE_MAXLEN, htonl(kHeld));
  put_flags(message, kWanted, true);
  TRY_DONE(configure(message));
  message = begin_message(buffer.data(), number, NFQNL_MSG_CONFIG);
  put_flags(message, NFQA_CFG_F_CONNTRACK, true);
  if (auto numbered = configure(message); !numbered) log_info("queue", "this kernel numbers no connections: " + numbered.error().message);
  return ok();
}

Status PacketQueue::State::set_fail_open(bool on) {
  std::array<char, 256> buffer;
  nlmsghdr* message = begin_message(buffer.data(), number, NFQNL_MSG_CONFIG);
  put_flags(message, NFQA_CFG_F_FAIL_OPEN, on);
  if (::mnl_socket_sendto(socket.get(), message, message->nlmsg_len) < 0) return posix_error(errno, "packet queue");
  return ok();
}

Status PacketQueue::State::decide(const Received& received, PacketVerdict verdict) {
  std::array<char, 256> buffer;
  nlmsghdr* message = begin_message(buffer.data(), number, NFQNL_MSG_VERDICT);
  const nfqnl_msg_verdict_hdr header{htonl(NF_ACCEPT), htonl(received.packet.id)};
  ::mnl_attr_put(message, NFQA_VERDICT_HDR, sizeof header, &header);
  ::mnl_attr_put_u32(message, NFQA_MARK, htonl(mark_after(received.mark, verdict)));
  if (::mnl_socket_sendto(socket.get(), message, message->nlmsg_len) < 0) return posix_error(errno, "answer for a packet");
  return ok();
}

// False: nothing waits.
Result<bool> PacketQueue::State::answer_some(const Handler& handler) {
  const ssize_t got = ::recv(::mnl_socket_get_fd(socket.get()), room.data(), room.size(), MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  if (got < 0 && errno == ENOBUFS) return true;  // the kernel has dealt with those that found no room
  if (got < 0) return posix_error(errno, "packet queue");
  int left = static_cast<int>(got);
  for (auto* message = reinterpret_cast<nlmsghdr*>(room.data()); ::mnl_nlmsg_ok(message, left); message = ::mnl_nlmsg_next(message, &left)) {
    if (message->nlmsg_type != (NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_PACKET)) continue;
    const auto received = read_packet(message);
    if (received) TRY_DONE(decide(*received, handler(received->packet)));
  }
  return true;
}

PacketQueue::PacketQueue(std::unique_ptr<State> state) : state_(std::move(state)) {}
PacketQueue::PacketQueue(PacketQueue&&) noexcept = default;
PacketQueue& PacketQueue::operator=(PacketQueue&&) noexcept = default;
PacketQueue::~PacketQueue() = default;

Result<PacketQueue> PacketQueue::open(std::uint16_t number) {
  auto state = std::make_unique<State>();
  state->number = number;
  state->wakes = OpenFile(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  state->socket.reset(::mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC));
  if (!state->wakes.is_open() || !state->socket) return posix_error(errno, "packet queue");
  if (::mnl_socket_bind(state->socket.get(), 0, MNL_SOCKET_AUTOPID) < 0) return posix_error(errno, "packet queue");
  const int fd = ::mnl_socket_get_fd(state->socket.get());
  if (::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &kReceiveBuffer, sizeof kReceiveBuffer) != 0) return posix_error(errno, "packet queue's room");
  return PacketQueue(std::move(state));
}

Status PacketQueue::listen(bool fail_open) {
  if (!state_->listens) TRY_DONE(state_->bind());
  state_->listens = true;
  return state_->set_fail_open(fail_open);
}

Status PacketQueue::serve_once(const Handler& handler, int timeout_ms) {
  std::array<pollfd, 2> waiting = {{{::mnl_socket_get_fd(state_->socket.get()), POLLIN, 0}, {state_->wakes.fd(), POLLIN, 0}}};
  const int ready = ::poll(waiting.data(), waiting.size(), timeout_ms);
  if (ready < 0 && errno != EINTR) return posix_error(errno, "wait for packets");
  std::uint64_t wakes = 0;
  if (ready > 0 && waiting[1].revents != 0 && ::read(state_->wakes.fd(), &wakes, sizeof wakes) < 0) return ok();
  if (ready <= 0 || waiting[0].revents == 0) return ok();
  for (int i = 0; i < kPacketsPerRound; ++i) {
    TRY(more, state_->answer_some(handler));
    if (!more) return ok();
  }
  return ok();
}

void PacketQueue::wake() const {
  const std::uint64_t one = 1;
  if (::write(state_->wakes.fd(), &one, sizeof one) < 0) return;  // full: it is awake already
}

}  // namespace caretaker::platform
