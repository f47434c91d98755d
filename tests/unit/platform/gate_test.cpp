#include "platform/base/clock.h"
#include "platform/gate.h"

#include <Poco/PipeStream.h>
#include <Poco/Process.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <iterator>
#include <optional>
#include <thread>

using namespace caretaker;
using namespace caretaker::platform;

namespace {

constexpr const char* kNft = "/usr/sbin/nft";

// Another program does this to the packet filter, so many microseconds from now.
pid_t start_flush(int from_now_us) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  std::this_thread::sleep_for(std::chrono::microseconds(from_now_us));
  ::execl(kNft, kNft, "flush", "table", "inet", "caretaker", nullptr);
  ::_exit(127);
}

std::string shown() {
  Poco::Pipe out;
  const Poco::ProcessHandle nft = Poco::Process::launch(kNft, {"-s", "list", "table", "inet", "caretaker"}, nullptr, &out, nullptr);
  Poco::PipeInputStream in(out);
  std::string text((std::istreambuf_iterator<char>(in)), {});
  return nft.wait() == 0 ? text : "";
}

struct Rounds {
  int lost = 0;   // our part was not there in the end
  int taken = 0;  // and was said to be
};

// In a network of its own, on a thread that ends with it; nothing: this machine gives nobody one. The flush comes at any moment of the laying, and after it,
// however long that takes here (a sanitizer makes it a hundred times as long).
std::optional<Rounds> apply_while_another_flushes() {
  std::optional<Rounds> out;
  std::thread apart([&] {
    if (::unshare(CLONE_NEWNET) != 0) return;
    const auto gate = Gate::open();
    const MonotonicMs began = system_clock().monotonic_ms();
    if (!gate || !(*gate)->apply({}) || !(*gate)->is_intact().value_or(false)) return;
    const MonotonicMs took_us = (system_clock().monotonic_ms() - began + 1) * 1000;
    const int rounds = took_us < 50'000 ? 150 : 20;
    const std::string whole = shown();
    if (whole.empty()) return;
    out.emplace();
    for (int i = 0; i < rounds; ++i) {
      const pid_t another = start_flush(static_cast<int>(2 * took_us * i / rounds));
      const bool is_laid = (*gate)->apply({}).has_value();
      (void)::waitpid(another, nullptr, 0);
      if (shown() == whole) continue;
      ++out->lost;
      if (is_laid && (*gate)->is_intact().value_or(false)) ++out->taken;
    }
  });
  apart.join();
  return out;
}

}  // namespace

TEST_CASE("a flush by somebody else that comes while the rules are laid is never taken for them", "[R10]") {
  const auto rounds = apply_while_another_flushes();
  if (!rounds) {
    WARN("skipped: no network of its own, or no packet filter (needs root and nft)");
    return;
  }
  CHECK(rounds->lost > 0);
  CHECK(rounds->taken == 0);
}

TEST_CASE("who waits for a change of the packet filter goes on when he is told to end, and from then on", "[R10]") {
  std::optional<bool> heard;
  std::thread apart([&] {
    if (::unshare(CLONE_NEWNET) != 0) return;
    const auto gate = Gate::open();
    if (!gate) return;
    std::thread ender([&gate] {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      (*gate)->end_wait();
    });
    heard = (*gate)->wait_for_change(-1);
    ender.join();
    heard = *heard || (*gate)->wait_for_change(-1);
  });
  apart.join();
  if (!heard) {
    WARN("skipped: no network of its own, or no packet filter (needs root and nft)");
    return;
  }
  CHECK_FALSE(*heard);
}
