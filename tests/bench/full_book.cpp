// full_book --folder DIR --mib N: fills a book of events up to its quota, and prints as one line of JSON how long takes what goes over all of it:
// opening after the power went and after an orderly stop, an append that has to make room, and the guard's housekeeping.
#include <cstdio>
#include <memory>

#include "platform/base/command_line.h"
#include "tests/bench/must.h"
#include "tests/bench/sealed_events.h"

namespace {

using namespace caretaker;
using namespace caretaker::bench;
using agent::EventStore;

constexpr std::size_t kGroup = 64;

struct Options {
  std::filesystem::path folder;
  std::uint32_t mib = 256;
};

template <typename Work>
double milliseconds(Work work) {
  const auto began = now_ns();
  work();
  return static_cast<double>(now_ns() - began) / 1e6;
}

Status measure(const Options& options) {
  agent::EventStoreSettings settings{options.folder, hash(as_bytes("school")), hash(as_bytes("device")), make_box_key(random_key()).public_key, {}};
  settings.quota = {std::uint64_t{options.mib} << 20, std::uint64_t{options.mib} << 17};
  const std::uint64_t most_ordinary = settings.quota.max_bytes - settings.quota.reserve_bytes;
  const auto events = sealed_events();
  auto store = std::make_unique<EventStore>(must(EventStore::open(settings, system_clock())));
  const auto append = [&] { must(store->append(std::span(events).first(kGroup), random_array<16>())); };
  std::uint64_t count = 0, before = 0;
  for (std::uint64_t bytes = 0; bytes + (bytes - before) + 4096 < most_ordinary; bytes = store->status().bytes) {
    before = bytes;
    append();
    count += kGroup;
  }
  double worst = 0;
  for (int i = 0; i < 8; ++i) worst = std::max(worst, milliseconds(append));  // one of these makes room
  const double maintain = milliseconds([&] { must(store->maintain()); });
  store.reset();
  const auto open = [&] { store = std::make_unique<EventStore>(must(EventStore::open(settings, system_clock()))); };
  const double clean = milliseconds(open);
  store.reset();
  std::filesystem::remove(options.folder / "events.clean");
  const double unclean = milliseconds(open);
  std::printf("{\"events\":%llu,\"open_unclean_ms\":%.1f,\"open_clean_ms\":%.1f,\"make_room_ms\":%.1f,\"maintain_ms\":%.1f}\n",
              static_cast<unsigned long long>(count), unclean, clean, worst, maintain);
  return ok();
}

void declare(Command program) {
  const auto options = std::make_shared<Options>();
  program.option("--folder", options->folder, "Where the book goes; made, and left behind").required();
  program.option("--mib", options->mib, "Its quota").between(1, 4096);
  program.does([options] {
    std::filesystem::create_directories(options->folder);
    return measure(*options);
  });
}

}  // namespace

int main(int argc, char** argv) { return run_program("full_book", "What goes over a whole book of events", argc, argv, declare); }
