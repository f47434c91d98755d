// full_book --folder DIR --mib N: fills a book of events up to its quota, and prints as one line of JSON how long takes what goes over all of it:
// opening after it was killed and after an orderly stop, an append that has to make room, and the housekeeping that lets all of it go.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <memory>

#include "platform/base/command_line.h"
#include "platform/files.h"
#include "platform/sqlite.h"
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

agent::EventStoreSettings settings_for(const Options& options) {
  static const BoxPublicKey server = make_box_key(random_key()).public_key;
  agent::EventStoreSettings settings{options.folder, hash(as_bytes("school")), hash(as_bytes("device")), server, {}};
  settings.quota = {std::uint64_t{options.mib} << 20, std::uint64_t{options.mib} << 17};
  return settings;
}

void append_group(EventStore& store) {
  static const auto events = sealed_events();
  must(store.append(std::span(events).first(kGroup), random_array<16>()));
}

// In a process that ends as if it were killed.
void fill(const Options& options) {
  const pid_t child = ::fork();
  if (child == 0) {
    const auto settings = settings_for(options);
    const std::uint64_t most_ordinary = settings.quota.max_bytes - settings.quota.reserve_bytes;
    auto store = must(EventStore::open(settings, system_clock()));
    std::uint64_t before = 0;
    for (std::uint64_t bytes = 0; bytes + (bytes - before) + 4096 < most_ordinary; bytes = store.status().bytes) {
      before = bytes;
      append_group(store);
    }
    ::_exit(0);
  }
  int status = 0;
  if (::waitpid(child, &status, 0) != child || status != 0) give_up("the book could not be filled");
}

// What the kernel has of it in memory, as far as it lets that go.
void forget_cached(const std::filesystem::path& folder) {
  ::sync();
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    const auto file = must(platform::open_read_only(entry.path()));
    (void)::posix_fadvise(file.fd(), 0, 0, POSIX_FADV_DONTNEED);
  }
}

// As if the server had confirmed all of it long ago: the housekeeping of a machine that comes back has all of it to let go.
void acknowledge_all(const std::filesystem::path& folder) {
  auto database = must(platform::Database::open(folder / "events.db"));
  must(database.execute("UPDATE entry SET acknowledged = 1"));
  must(database.execute("PRAGMA wal_checkpoint(TRUNCATE)"));  // what this took of the log is none of the housekeeping
}

Status measure(const Options& options) {
  const auto settings = settings_for(options);
  std::unique_ptr<EventStore> store;
  const auto open = [&] { store = std::make_unique<EventStore>(must(EventStore::open(settings, system_clock()))); };
  fill(options);
  forget_cached(options.folder);
  const double unclean = milliseconds(open);
  const auto events = store->status().queued;
  double make_room = 0;
  for (int i = 0; i < 8; ++i) make_room = std::max(make_room, milliseconds([&] { append_group(*store); }));  // one of these makes room
  store.reset();
  forget_cached(options.folder);
  const double clean = milliseconds(open);
  store.reset();
  acknowledge_all(options.folder);
  open();
  const double maintain = milliseconds([&] { must(store->maintain()); });
  const auto log = platform::file_size(options.folder / "events.db-wal");
  std::printf("{\"events\":%llu,\"open_unclean_ms\":%.1f,\"open_clean_ms\":%.1f,\"make_room_ms\":%.1f,\"maintain_ms\":%.1f,\"log_mb\":%.1f,"
              "\"left\":%.3f}\n",
              static_cast<unsigned long long>(events), unclean, clean, make_room, maintain, static_cast<double>(log.value_or(0)) / 1e6,
              static_cast<double>(store->status().bytes) / static_cast<double>(settings.quota.max_bytes));
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
