// dns_load --port PORT --names FILE: asks a DNS server on 127.0.0.1 as fast as it answers, or at a rate, and prints one line
// of JSON: what was answered and how, what was lost, and how long answers took.
//
// Questions come from many sockets in turn, a few from each, as those of programs on one machine do; what a server knows
// about who sent the last one helps it little. A fixed number of them is on the way at any time.
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <memory>

#include "platform/base/command_line.h"
#include "tests/bench/dns_questions.h"
#include "tests/bench/latency.h"
#include "tests/bench/loopback.h"

namespace {

using namespace caretaker;
using namespace caretaker::bench;

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kMillisecond = 1'000'000;
constexpr std::size_t kMaxBatch = 16;

struct Options {
  std::uint32_t port = 0;
  std::string names;
  std::uint32_t milliseconds = 1000;
  std::uint32_t timeout_ms = 1000;
  std::uint32_t rate = 0;  // questions a second; 0: as fast as answers come
  std::uint32_t window = 128;
  std::uint32_t sockets = 1024;
  std::uint32_t batch = 2;
  std::uint32_t first = 0;
  bool unique = false;
};

// One socket and the few questions that are on their way from it.
struct Lane {
  int socket = -1;
  unsigned sent = 0;
  unsigned missing = 0;
  std::int64_t since = 0;
  std::uint16_t first_id = 0;
  std::array<bool, kMaxBatch> answered{};
};

struct Counts {
  std::uint64_t sent = 0, answered = 0, lost = 0;
  std::array<std::uint64_t, 16> by_code{};
};

class Load {
 public:
  explicit Load(const Options& options)
      : options_(options), questions_(options.names, options.unique, options.first), lanes_(options.sockets) {
    epoll_ = epoll_create1(EPOLL_CLOEXEC);
    for (std::uint32_t i = 0; i < lanes_.size(); ++i) {
      open(i);
      free_.push_back(i);
    }
  }

  void run();
  void print() const;

 private:
  void open(std::uint32_t place);
  [[nodiscard]] bool may_send(std::int64_t now) const;
  void send_batch(std::int64_t now);
  void receive(std::uint32_t place, std::int64_t now);
  void take_answer(Lane& lane, const std::uint8_t* message, std::size_t size, std::int64_t now);
  void drop_late(std::int64_t now);

  const Options& options_;
  Questions questions_;
  std::vector<Lane> lanes_;
  std::deque<std::uint32_t> free_, busy_;  // longest first
  Latencies latencies_;
  std::int64_t worst_ = 0, worst_at_ = 0;  // for whoever looks with perf at what the machine did then
  Counts counts_;
  int epoll_ = -1;
  unsigned on_the_way_ = 0;
  std::uint16_t next_id_ = 0;
  std::int64_t due_ = 0;
  std::int64_t last_answer_ = 0;
  std::int64_t longest_silence_ = 0;
  double seconds_ = 0;
};

void Load::open(std::uint32_t place) {
  lanes_[place].socket = connected_udp(static_cast<std::uint16_t>(options_.port));
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u32 = place;
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, lanes_[place].socket, &event) != 0) give_up("epoll_ctl");
}

bool Load::may_send(std::int64_t now) const {
  if (free_.empty()) return false;
  return options_.rate > 0 ? now >= due_ : on_the_way_ + options_.batch <= options_.window;
}

// At a rate, time counts from when the question was due: a stall is seen by all that fall into it.
void Load::send_batch(std::int64_t now) {
  const auto place = free_.front();
  free_.pop_front();
  busy_.push_back(place);
  auto& lane = lanes_[place];
  std::array<mmsghdr, kMaxBatch> messages{};
  std::array<iovec, kMaxBatch> places{};
  lane.first_id = next_id_;
  for (unsigned i = 0; i < options_.batch; ++i) {
    const auto question = questions_.next(i, next_id_++);
    places[i] = {const_cast<std::uint8_t*>(question.data()), question.size()};
    messages[i].msg_hdr.msg_iov = &places[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  lane.since = options_.rate > 0 ? due_ : now;
  if (options_.rate > 0) due_ += kSecond * options_.batch / options_.rate;
  lane.sent = lane.missing = options_.batch;
  lane.answered.fill(false);
  (void)sendmmsg(lane.socket, messages.data(), options_.batch, 0);  // what was not sent is not answered, and counts as lost
  on_the_way_ += options_.batch;
  counts_.sent += options_.batch;
}

void Load::take_answer(Lane& lane, const std::uint8_t* message, std::size_t size, std::int64_t now) {
  if (size < 12) return;
  const auto index = static_cast<std::uint16_t>((message[0] << 8 | message[1]) - lane.first_id);
  if (index >= lane.sent || lane.answered[index] || lane.missing == 0) return;
  lane.answered[index] = true;
  --lane.missing;
  --on_the_way_;
  ++counts_.answered;
  ++counts_.by_code[message[3] & 15];
  latencies_.add(now - lane.since);
  if (now - lane.since > worst_) worst_ = now - lane.since, worst_at_ = now;
  longest_silence_ = std::max(longest_silence_, now - last_answer_);
  last_answer_ = now;
}

void Load::receive(std::uint32_t place, std::int64_t now) {
  auto& lane = lanes_[place];
  static std::array<std::array<std::uint8_t, 2048>, kMaxBatch> packets;
  std::array<mmsghdr, kMaxBatch> messages{};
  std::array<iovec, kMaxBatch> places{};
  for (unsigned i = 0; i < options_.batch; ++i) {
    places[i] = {packets[i].data(), packets[i].size()};
    messages[i].msg_hdr.msg_iov = &places[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  const bool was_busy = lane.missing > 0;
  const int count = recvmmsg(lane.socket, messages.data(), options_.batch, MSG_DONTWAIT, nullptr);
  for (int i = 0; i < count; ++i) take_answer(lane, packets[i].data(), messages[i].msg_len, now);
  if (was_busy && lane.missing == 0) free_.push_back(place);
}

// The longest on their way stand in front. A socket whose answers are late is given up, so that they are not taken for others.
void Load::drop_late(std::int64_t now) {
  while (!busy_.empty()) {
    auto& lane = lanes_[busy_.front()];
    if (lane.missing > 0) {
      if (now - lane.since < options_.timeout_ms * kMillisecond) return;
      counts_.lost += lane.missing;
      on_the_way_ -= lane.missing;
      lane.missing = 0;
      close(lane.socket);
      open(busy_.front());
      free_.push_back(busy_.front());
    }
    busy_.pop_front();
  }
}

void Load::run() {
  const auto start = now_ns();
  const auto end = start + options_.milliseconds * kMillisecond;
  std::array<epoll_event, 256> events{};
  due_ = last_answer_ = start;
  auto now = start;
  while (now < end || on_the_way_ > 0) {
    while (now < end && may_send(now)) send_batch(now);
    const bool must_wake = options_.rate > 0 && now < end;
    const timespec pause{0, must_wake ? std::clamp<std::int64_t>(due_ - now, 0, kMillisecond) : kMillisecond};
    const int count = epoll_pwait2(epoll_, events.data(), static_cast<int>(events.size()), &pause, nullptr);
    now = now_ns();
    for (int i = 0; i < count; ++i) receive(events[i].data.u32, now);
    drop_late(now);
  }
  seconds_ = static_cast<double>(std::min(now, end + kSecond / 100) - start) / 1e9;
}

void Load::print() const {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds_of = [](const timeval& time) { return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6; };
  std::printf("{\"sent\":%lu,\"answered\":%lu,\"lost\":%lu,\"seconds\":%.4f,\"per_second\":%.1f,", counts_.sent, counts_.answered,
              counts_.lost, seconds_, static_cast<double>(counts_.answered) / seconds_);
  std::printf("\"noerror\":%lu,\"servfail\":%lu,\"nxdomain\":%lu,\"refused\":%lu,", counts_.by_code[0], counts_.by_code[2],
              counts_.by_code[3], counts_.by_code[5]);
  std::printf("\"p50_us\":%.1f,\"p99_us\":%.1f,\"p999_us\":%.1f,\"max_us\":%.1f,", latencies_.quantile_us(0.5),
              latencies_.quantile_us(0.99), latencies_.quantile_us(0.999), latencies_.max_us());
  std::printf("\"worst_at_s\":%.6f,\"silent_ms\":%.2f,\"cpu_seconds\":%.4f}\n", static_cast<double>(worst_at_) / 1e9, static_cast<double>(longest_silence_) / 1e6,
              seconds_of(used.ru_utime) + seconds_of(used.ru_stime));
}

void declare(Command program) {
  const auto options = std::make_shared<Options>();
  program.option("--port", options->port, "The server's port").required();
  program.option("--names", options->names, "File of names to ask for, one a line").required();
  program.option("--milliseconds", options->milliseconds, "How long");
  program.option("--timeout", options->timeout_ms, "Milliseconds after which a question is lost");
  program.option("--rate", options->rate, "Questions a second; 0: as fast as answers come");
  program.option("--window", options->window, "Questions on their way at once");
  program.option("--sockets", options->sockets, "Sockets, used in turn");
  program.option("--batch", options->batch, "Questions from a socket at once").between(1, kMaxBatch);
  program.option("--first", options->first, "Number of the first question");
  program.flag("--unique", options->unique, "Put a number in front of each name, so that none comes twice");
  program.does([options] {
    Load load(*options);
    load.run();
    load.print();
    return ok();
  });
}

}  // namespace

int main(int argc, char** argv) { return run_program("dns_load", "Load for a DNS server on 127.0.0.1", argc, argv, declare); }
