// A DnsServer that runs on loopback with a small policy, and somebody who asks it.
#pragma once

#include <unistd.h>

#include <thread>

#include "agent/net/dns_server.h"
#include "platform/files.h"
#include "tests/unit/agent/fake_upstream.h"

namespace caretaker::agent::test {

inline policy::Policy small_policy(std::vector<std::string> upstreams) {
  policy::Policy policy;
  policy.school = "Test";
  policy::Group pupils;
  pupils.name = "pupils";
  pupils.is_default = true;
  pupils.blocked_categories = {"gambling"};
  pupils.allowed_names = {"allowed.example"};
  policy.groups.push_back(pupils);
  policy.upstreams = std::move(upstreams);
  return policy;
}

// casino.example is gambling, banned.example stands in the locked class.
// `later`: how the file is read once it is open.
inline FilterPtr make_filter(policy::Policy policy, const policy::SetParts::Read& later = nullptr, Filter::Portal portal = {}) {
  policy::SetBuilder builder({});
  const auto gambling = builder.category("gambling", false);
  const auto illegal = builder.category("illegal", true);
  REQUIRE((gambling && illegal));
  builder.add("casino.example", *gambling);
  builder.add("banned.example", *illegal);
  const auto bytes = builder.build([](int) { return true; });
  REQUIRE(bytes);
  auto path = (std::filesystem::temp_directory_path() / "caretaker-dns-set-XXXXXX").string();
  const int fd = ::mkstemp(path.data());
  REQUIRE(fd >= 0);
  REQUIRE(::write(fd, bytes->data(), bytes->size()) == static_cast<ssize_t>(bytes->size()));
  platform::OpenFile open(fd);
  auto file = platform::MappedFile::map(open);
  ::unlink(path.c_str());
  REQUIRE(file);
  const auto opened = std::make_shared<bool>(false);
  const auto read = [opened, later, in_file = platform::make_file_reader(std::move(open))](std::uint64_t offset, std::span<std::uint8_t> into) {
    return *opened && later ? later(offset, into) : in_file(offset, into);
  };
  auto set = policy::SetView::open(file->bytes(), read);
  REQUIRE(set);
  *opened = true;
  if (later) set->look_again();
  return std::make_shared<Filter>(Filter{std::move(policy), std::move(*file), std::move(*set), {}, std::move(portal)});
}

class RunningDns {
 public:
  explicit RunningDns(FilterPtr filter = nullptr, const std::optional<platform::Endpoint>& page = std::nullopt) {
    auto server = DnsServer::listen({"127.0.0.1:0"}, [this](Violation violation) {
      const std::lock_guard lock(mutex_);
      violations_.push_back(std::move(violation));
    });
    REQUIRE(server);
    server_ = std::move(*server);
    if (page) server_->serve_page(*page);
    if (filter) server_->set_filter(std::move(filter));
    at_ = *platform::parse_endpoint(server_->addresses().front(), 0);
    thread_ = std::thread([this] { (void)server_->run(host_); });
  }
  ~RunningDns() {
    server_->stop();
    thread_.join();
  }
  DnsServer& server() { return *server_; }
  [[nodiscard]] platform::Endpoint at() const { return at_; }
  std::vector<Violation> violations() {
    const std::lock_guard lock(mutex_);
    return violations_;
  }

  // Sends one packet; the answer, or nothing within wait_ms.
  std::optional<Bytes> exchange(ByteView query, int wait_ms = 8000) {
    auto socket = platform::Socket::udp_client(at_);
    REQUIRE(socket);
    REQUIRE(socket->send(query).state == platform::Transfer::State::kMoved);
    Bytes buffer(65535);
    for (int waited = 0; waited < wait_ms; ++waited) {
      const auto packet = socket->receive(buffer);
      if (packet.state == platform::Transfer::State::kMoved) {
        buffer.resize(packet.size);
        return buffer;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return std::nullopt;
  }
  ReadMessage ask(std::string_view name, std::uint16_t type = dns_type::kA, const QueryOptions& options = {}) {
    const auto query = make_query(name, type, options);
    const auto answer = exchange(query);
    REQUIRE(answer);
    const auto read = read_message(*answer);
    CHECK(read.header.id == options.id);
    CHECK(read.has(dns_flag::kAnswer));
    CHECK(read.has(dns_flag::kRecursionAvailable));
    CHECK_FALSE(read.has(dns_flag::kAuthentic));
    return read;
  }
  // Sends all over one connection at once and reads as many answers as it gets, at most `count`.
  std::vector<Bytes> exchange_tcp(const std::vector<Bytes>& queries, std::size_t count) {
    auto socket = platform::Socket::tcp_client(at_);
    REQUIRE(socket);
    Bytes out;
    for (const auto& query : queries) {
      out.push_back(static_cast<std::uint8_t>(query.size() >> 8));
      out.push_back(static_cast<std::uint8_t>(query.size()));
      out.insert(out.end(), query.begin(), query.end());
    }
    while (socket->send(out).state == platform::Transfer::State::kWouldBlock) std::this_thread::yield();
    Bytes in;
    std::vector<Bytes> answers;
    Bytes buffer(65535);
    for (int waited = 0; waited < 3000 && answers.size() < count; ++waited) {
      const auto piece = socket->receive(buffer);
      if (piece.state == platform::Transfer::State::kMoved && piece.size == 0) break;
      if (piece.state == platform::Transfer::State::kClosed) break;
      if (piece.state == platform::Transfer::State::kWouldBlock) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      in.insert(in.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(piece.size));
      while (in.size() >= 2 && in.size() >= 2u + read_u16(in, 0)) {
        const auto size = read_u16(in, 0);
        answers.emplace_back(in.begin() + 2, in.begin() + 2 + size);
        in.erase(in.begin(), in.begin() + 2 + size);
      }
    }
    return answers;
  }

 private:
  std::mutex mutex_;
  std::vector<Violation> violations_;
  std::unique_ptr<DnsServer> server_;
  platform::Endpoint at_;
  platform::ServiceHost host_{system_clock()};
  std::thread thread_;
};

}  // namespace caretaker::agent::test
