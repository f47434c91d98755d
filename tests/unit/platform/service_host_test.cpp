#include "platform/service_host.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <cstring>

#include "platform/files.h"
#include "tests/unit/platform/temporary_folder.h"

using namespace caretaker;
using namespace caretaker::platform;

namespace {

struct TestClock : Clock {
  MonotonicMs at = 1'000'000;
  UnixSeconds now() const override { return 0; }
  MonotonicMs monotonic_ms() const override { return at; }
};

// What a service manager is to its service: a socket and two words in the environment.
class ServiceSupervisor {
 public:
  explicit ServiceSupervisor(const char* watchdog_us) : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    const std::string path = (folder_.path() / "notify").string();
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    std::strncpy(at.sun_path, path.c_str(), sizeof at.sun_path - 1);
    REQUIRE(::bind(socket_.fd(), reinterpret_cast<sockaddr*>(&at), sizeof at) == 0);
    ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
    if (watchdog_us != nullptr) ::setenv("WATCHDOG_USEC", watchdog_us, 1);
  }
  ~ServiceSupervisor() {
    ::unsetenv("NOTIFY_SOCKET");
    ::unsetenv("WATCHDOG_USEC");
  }
  std::string told() {  // the next message; empty if there is none
    std::array<char, 256> buffer{};
    const auto size = ::recv(socket_.fd(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    return size > 0 ? std::string(buffer.data(), static_cast<std::size_t>(size)) : std::string();
  }

 private:
  TemporaryFolder folder_;
  OpenFile socket_;
};

}  // namespace

TEST_CASE("without a service manager there is nobody to tell, and a loop may wait as long as it likes") {
  TestClock clock;
  ServiceHost host(clock);
  CHECK(host.ready());
  CHECK(host.alive());
  CHECK(host.bounded_wait_ms(-1) == -1);
  CHECK(host.bounded_wait_ms(5000) == 5000);
}

TEST_CASE("a manager that does not watch hears that we are ready and nothing else") {
  ServiceSupervisor manager(nullptr);
  TestClock clock;
  ServiceHost host(clock);
  REQUIRE(host.ready());
  CHECK(manager.told() == "READY=1");
  REQUIRE(host.alive());
  CHECK(manager.told().empty());
  CHECK(host.bounded_wait_ms(-1) == -1);
}

TEST_CASE("a manager that watches hears from a living loop three times in its limit, however often the loop goes round") {
  ServiceSupervisor manager("60000000");
  TestClock clock;
  ServiceHost host(clock);
  for (int second = 0; second < 60; ++second, clock.at += 1000) REQUIRE(host.alive());
  for (int i = 0; i < 3; ++i) CHECK(manager.told() == "WATCHDOG=1");
  CHECK(manager.told().empty());
}

TEST_CASE("a loop with nothing to do still wakes in time for the manager, and not later than it wanted") {
  ServiceSupervisor manager("60000000");
  TestClock clock;
  ServiceHost host(clock);
  CHECK(host.bounded_wait_ms(-1) == 0);  // nothing was said yet
  REQUIRE(host.alive());
  CHECK(host.bounded_wait_ms(-1) == 20'000);
  CHECK(host.bounded_wait_ms(1000) == 1000);
  clock.at += 15'000;
  CHECK(host.bounded_wait_ms(-1) == 5000);
  clock.at += 600'000;  // suspended
  CHECK(host.bounded_wait_ms(-1) == 0);
}

TEST_CASE("a manager that is gone is an error and not the end") {
  ::setenv("NOTIFY_SOCKET", "/nonexistent/notify", 1);
  TestClock clock;
  ServiceHost host(clock);
  CHECK_FALSE(host.ready());
  ::unsetenv("NOTIFY_SOCKET");
}
