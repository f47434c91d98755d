#include "agent/gate/filter_probe.h"

#include <array>

namespace caretaker::agent {
namespace {

// A name that the filter answers by itself, with no upstream, whatever the policy: "no such name" (policy::find_canary).
constexpr std::array<std::uint8_t, 29> kQuestion = {19,  'u', 's', 'e', '-', 'a', 'p', 'p', 'l', 'i', 'c', 'a', 't', 'i', 'o',
                                                    'n', '-', 'd', 'n', 's', 3,   'n', 'e', 't', 0,   0,   1,   0,   1};
constexpr std::uint8_t kNxDomain = 3;
constexpr std::size_t kHeader = 12;

std::array<std::uint8_t, kHeader + kQuestion.size()> make_question(std::uint16_t id) {
  std::array<std::uint8_t, kHeader + kQuestion.size()> out{static_cast<std::uint8_t>(id >> 8), static_cast<std::uint8_t>(id), 1, 0, 0, 1};
  std::ranges::copy(kQuestion, out.begin() + kHeader);
  return out;
}

bool is_answer(ByteView message, std::uint16_t id) {
  return message.size() >= kHeader && message[0] == id >> 8 && message[1] == (id & 0xff) && (message[2] & 0x80) != 0 &&
         (message[3] & 0x0f) == kNxDomain;
}

}  // namespace

bool FilterProbe::works(int timeout_ms) {
  auto socket = platform::Socket::udp_client(filter_);
  auto poller = platform::Poller::open();
  if (!socket || !poller || !poller->watch(*socket, 0, platform::Poller::Interest::kRead)) return false;
  const auto question = make_question(++id_);
  if (socket->send(question).state != platform::Transfer::State::kMoved) return false;
  const MonotonicMs end = clock_.monotonic_ms() + timeout_ms;
  std::array<platform::Poller::Event, 1> events;
  for (MonotonicMs left = timeout_ms; left > 0; left = end - clock_.monotonic_ms()) {
    const auto came = poller->wait(events, static_cast<int>(left));
    if (!came) return false;
    if (*came == 0) continue;
    std::array<std::uint8_t, 512> answer;
    const auto received = socket->receive(answer);
    if (received.state == platform::Transfer::State::kClosed) return false;  // nobody listens there
    if (received.state == platform::Transfer::State::kMoved && is_answer(ByteView(answer).first(received.size), id_)) return true;
  }
  return false;
}

}  // namespace caretaker::agent
