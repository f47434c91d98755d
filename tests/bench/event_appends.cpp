// event_appends --folder DIR [--raw] [--group N]: durable appends to the guard's book of events, or of the same bytes to a bare
// SQLite table with the same pragmas, for a while. Prints one line of JSON. What is appended has been sealed before.
#include <cstdio>
#include <memory>

#include "agent/guard/event_store.h"
#include "platform/base/command_line.h"
#include "platform/sqlite.h"
#include "tests/bench/must.h"
#include "tests/bench/sealed_events.h"

namespace {

using namespace caretaker;
using namespace caretaker::bench;
using agent::NewEvent;

constexpr std::int64_t kSecond = 1'000'000'000;

struct Options {
  std::filesystem::path folder;
  std::uint32_t group = 1;
  std::uint32_t milliseconds = 1000;
  bool raw = false;
};

// Calls append(first, count) until time is up; appends a second.
template <typename Append>
double appends_per_second(const Options& options, Append append) {
  const auto start = now_ns();
  const auto end = start + options.milliseconds * (kSecond / 1000);
  std::uint64_t appended = 0;
  for (auto now = start; now < end; now = now_ns()) {
    append(appended % (kDifferent - options.group + 1), options.group, now);
    appended += options.group;
  }
  return static_cast<double>(appended) * 1e9 / static_cast<double>(now_ns() - start);
}

double measure_book(const Options& options, const std::vector<NewEvent>& events) {
  const agent::EventStoreSettings settings{options.folder, hash(as_bytes("school")), hash(as_bytes("device")),
                                           make_box_key(random_key()).public_key, {}};
  auto store = must(agent::EventStore::open(settings, system_clock()));
  std::int64_t synced = 0;
  return appends_per_second(options, [&](std::size_t first, std::size_t count, std::int64_t now) {
    must(store.append(std::span(events).subspan(first, count), random_array<16>()));
    if (now - synced < kSecond) return;
    must(store.sync_key());  // as the guard does
    synced = now;
  });
}

double measure_raw(const Options& options, const std::vector<NewEvent>& events) {
  struct Row { Bytes body, sealed; };
  std::vector<Row> rows;
  for (const auto& event : events) rows.push_back({sync::make_event_body(event.body), sync::make_sealed_json(*event.sealed)});
  const Bytes link(32, 1), tag(32, 2);
  auto database = must(platform::Database::open(options.folder / "raw.db"));
  must(database.execute("CREATE TABLE entry (seq INTEGER PRIMARY KEY, body BLOB, sealed BLOB, link BLOB, tag BLOB)"));
  auto insert = must(database.prepare("INSERT INTO entry (body, sealed, link, tag) VALUES (?1, ?2, ?3, ?4)"));
  return appends_per_second(options, [&](std::size_t first, std::size_t count, std::int64_t) {
    must(database.transaction([&]() -> Status {
      for (std::size_t i = first; i < first + count; ++i) {
        TRY_DONE(insert.bind(1, rows[i].body).bind(2, rows[i].sealed).bind(3, link).bind(4, tag).run());
      }
      return ok();
    }));
  });
}

void declare(Command program) {
  const auto options = std::make_shared<Options>();
  program.option("--folder", options->folder, "Where the database goes; made, and left behind").required();
  program.option("--group", options->group, "Events in one append").between(1, 64);
  program.option("--milliseconds", options->milliseconds, "How long");
  program.flag("--raw", options->raw, "A bare table instead of the book");
  program.does([options]() -> Status {
    std::filesystem::create_directories(options->folder);
    const auto events = sealed_events();
    const double rate = options->raw ? measure_raw(*options, events) : measure_book(*options, events);
    std::printf("{\"per_second\":%.1f}\n", rate);
    return ok();
  });
}

}  // namespace

int main(int argc, char** argv) { return run_program("event_appends", "Durable appends a second", argc, argv, declare); }
