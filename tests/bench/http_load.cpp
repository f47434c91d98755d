// http_load --port PORT --path PATH --bodies FILE: posts bodies to a plain HTTP server on 127.0.0.1 over a few connections, each body
// after the answer to the one before it on its connection; a sender's bodies always take the same connection, in order.
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <memory>

#include "platform/base/command_line.h"
#include "tests/bench/bodies.h"
#include "tests/bench/latency.h"
#include "tests/bench/loopback.h"

namespace {

using namespace caretaker;
using namespace caretaker::bench;

struct Options {
  std::uint32_t port = 0;
  std::string path;
  std::filesystem::path bodies;
  std::uint32_t first = 0;
  std::uint32_t count = 1000;
  std::uint32_t connections = 64;
};

struct Connection {
  int socket = -1;
  std::vector<const Bytes*> left;  // the next one last
  std::string out;
  std::size_t sent = 0;
  bool writing = false;  // waits for room
  std::string in;
  std::int64_t since = 0;
};

class Load {
 public:
  Load(const Options& options, const std::vector<Body>& bodies);
  void run();
  void print() const;

 private:
  bool send_next(std::uint32_t place);
  void write_some(std::uint32_t place);
  void read_some(std::uint32_t place);
  void watch(std::uint32_t place, int change, bool writing);
  // The bytes of the first answer in `in`; 0 while it is not whole.
  [[nodiscard]] static std::size_t answer_size(const std::string& in);

  const Options& options_;
  std::vector<Connection> connections_;
  Latencies latencies_;
  int epoll_ = epoll_create1(EPOLL_CLOEXEC);
  std::size_t open_ = 0, good_ = 0, bad_ = 0;
  std::string complaint_;
  double seconds_ = 0;
};

Load::Load(const Options& options, const std::vector<Body>& bodies) : options_(options), connections_(options.connections) {
  for (std::size_t i = bodies.size(); i-- > 0;) connections_[bodies[i].sender % options.connections].left.push_back(&bodies[i].bytes);
  for (std::uint32_t i = 0; i < connections_.size(); ++i) {
    connections_[i].socket = connected_tcp(static_cast<std::uint16_t>(options.port));
    watch(i, EPOLL_CTL_ADD, false);
  }
}

void Load::watch(std::uint32_t place, int change, bool writing) {
  epoll_event event{};
  event.events = EPOLLIN | (writing ? EPOLLOUT : 0u);
  event.data.u32 = place;
  if (epoll_ctl(epoll_, change, connections_[place].socket, &event) != 0) give_up("epoll_ctl");
}

// False: this connection has nothing left.
bool Load::send_next(std::uint32_t place) {
  auto& connection = connections_[place];
  if (connection.left.empty()) return false;
  const Bytes& body = *connection.left.back();
  connection.left.pop_back();
  connection.out = "POST " + options_.path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-For: 192.0.2." + std::to_string(place % 250) +
                   "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  connection.out.append(as_text(body));
  connection.sent = 0;
  connection.since = now_ns();
  write_some(place);
  return true;
}

void Load::write_some(std::uint32_t place) {
  auto& connection = connections_[place];
  const auto moved = send(connection.socket, connection.out.data() + connection.sent, connection.out.size() - connection.sent, MSG_NOSIGNAL);
  if (moved < 0 && errno != EAGAIN) give_up(std::string("send: ") + std::strerror(errno));
  if (moved > 0) connection.sent += static_cast<std::size_t>(moved);
  const bool waits = connection.sent < connection.out.size();
  if (waits != std::exchange(connection.writing, waits)) watch(place, EPOLL_CTL_MOD, waits);
}

std::size_t Load::answer_size(const std::string& in) {
  const auto head = in.find("\r\n\r\n");
  if (head == std::string::npos) return 0;
  const auto length = in.find("Content-Length: ");
  if (length == std::string::npos || length > head) give_up("an answer without a length");
  const auto size = head + 4 + std::strtoull(in.c_str() + length + 16, nullptr, 10);
  return in.size() >= size ? size : 0;
}

void Load::read_some(std::uint32_t place) {
  auto& connection = connections_[place];
  char piece[16384];
  const auto got = recv(connection.socket, piece, sizeof(piece), 0);
  if (got == 0) give_up("the server has closed a connection: " + connection.in);
  if (got < 0) return;
  connection.in.append(piece, static_cast<std::size_t>(got));
  const auto size = answer_size(connection.in);
  if (size == 0) return;
  const bool good = connection.in.starts_with("HTTP/1.1 200") && connection.in.find("\"receipt\":\"") != std::string::npos;
  ++(good ? good_ : bad_);
  if (!good && complaint_.empty()) complaint_ = connection.in.substr(0, 400);
  latencies_.add(now_ns() - connection.since);
  connection.in.erase(0, size);
  if (!send_next(place)) --open_;
}

void Load::run() {
  const auto start = now_ns();
  for (std::uint32_t i = 0; i < connections_.size(); ++i) open_ += send_next(i);
  std::array<epoll_event, 64> events{};
  while (open_ > 0) {
    const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 10'000);
    if (count == 0) give_up("no answer for ten seconds");
    for (int i = 0; i < count; ++i) {
      if (events[i].events & EPOLLOUT) write_some(events[i].data.u32);
      if (events[i].events & (EPOLLIN | EPOLLHUP)) read_some(events[i].data.u32);
    }
  }
  seconds_ = static_cast<double>(now_ns() - start) / 1e9;
}

void Load::print() const {
  if (bad_ > 0) std::fprintf(stderr, "%s\n", complaint_.c_str());
  std::printf("{\"good\":%zu,\"bad\":%zu,\"seconds\":%.4f,\"per_second\":%.1f,\"p99_us\":%.1f,\"max_us\":%.1f}\n", good_, bad_, seconds_,
              static_cast<double>(good_) / seconds_, latencies_.quantile_us(0.99), latencies_.max_us());
}

void declare(Command program) {
  const auto options = std::make_shared<Options>();
  program.option("--port", options->port, "The server's port").required();
  program.option("--path", options->path, "Where to post").required();
  program.option("--bodies", options->bodies, "Bodies, as make_bodies leaves them").required();
  program.option("--first", options->first, "Number of the first one");
  program.option("--count", options->count, "How many of them");
  program.option("--connections", options->connections, "Over how many connections").between(1, 1000);
  program.does([options]() -> Status {
    const auto bodies = read_bodies(options->bodies, options->first, options->count);
    Load load(*options, bodies);
    load.run();
    load.print();
    return ok();
  });
}

}  // namespace

int main(int argc, char** argv) { return run_program("http_load", "Posts bodies to a server on 127.0.0.1", argc, argv, declare); }
