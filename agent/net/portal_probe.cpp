#include "agent/net/portal_probe.h"

#include <algorithm>
#include <array>

#include "platform/base/clock.h"
#include "policy/address.h"

namespace caretaker::agent {
namespace {

using platform::Poller;
using platform::Transfer;

MonotonicMs now_ms() { return system_clock().monotonic_ms(); }

// "198.51.100.1" and "[2001:db8::1]" of what has a port behind it.
std::string host_of(const std::string& place) { return place.substr(0, place.rfind(':')); }

// It says nothing of us: neither a name nor what program asks.
Bytes request_to(const std::string& host) {
  return to_bytes("GET / HTTP/1.1\r\nHost: " + host + "\r\nAccept: */*\r\nConnection: close\r\n\r\n");
}

// One request over one connection.
class Exchange {
 public:
  Exchange(Poller& poller, MonotonicMs until) : poller_(poller), until_(until) {}
  Result<PortalAnswer> run(const std::string& place, const std::stop_token& stop) {
    TRY(at, platform::parse_endpoint(place, 80));
    TRY(socket, platform::Socket::tcp_client(at));
    TRY_DONE(poller_.watch(socket, 0, Poller::Interest::kWrite));
    TRY_DONE(wait(stop));
    const Bytes request = request_to(host_of(place));
    if (socket.send(request).size != request.size()) return make_error(ErrorCode::kUnavailable, "nobody is there");
    TRY_DONE(poller_.change(socket, 0, Poller::Interest::kRead));
    return read(socket, stop);
  }

 private:
  Status wait(const std::stop_token& stop) {
    std::array<Poller::Event, 1> events;
    TRY(count, poller_.wait(events, static_cast<int>(std::max<MonotonicMs>(0, until_ - now_ms()))));
    if (count == 0 || stop.stop_requested()) return make_error(ErrorCode::kUnavailable, "no answer in time");
    return ok();
  }
  Result<PortalAnswer> read(platform::Socket& socket, const std::stop_token& stop) {
    std::string head;
    std::array<std::uint8_t, 2048> piece;
    PortalAnswer answer{PortalAnswer::State::kMore};
    while (answer.state == PortalAnswer::State::kMore) {
      TRY_DONE(wait(stop));
      const Transfer came = socket.receive(piece);
      if (came.state == Transfer::State::kWouldBlock) continue;
      if (came.state == Transfer::State::kClosed || came.size == 0) return PortalAnswer{};
      head += as_text(ByteView(piece).first(came.size));
      answer = parse_portal_answer(head);
    }
    return answer;
  }

  Poller& poller_;
  MonotonicMs until_;
};

}  // namespace

std::string find_portal(const PortalProbe& probe, const std::stop_token& stop) {
  for (const std::string& place : probe.places) {
    auto poller = Poller::open();
    if (!poller) return "";
    const std::stop_callback wake(stop, [&poller] { poller->wake(); });
    const auto answer = Exchange(*poller, now_ms() + probe.patience_ms).run(place, stop);
    if (!answer) continue;
    // Sent on within the same place there is nothing to open.
    const bool is_elsewhere = answer->state == PortalAnswer::State::kRedirect && answer->host != host_of(place) &&
                              "[" + answer->host + "]" != host_of(place);
    return is_elsewhere ? answer->host : "";
  }
  return "";
}

}  // namespace caretaker::agent
