// bare_rates --bodies FILE [--commits DIR]: the least that a server has to do for these check-ins, over and over for a while: to verify
// each batch's signature, or to commit the bytes that it would store to a bare SQLite table, one commit for each check-in.
#include <cstdio>
#include <memory>

#include "platform/base/command_line.h"
#include "platform/sqlite.h"
#include "sync/batch.h"
#include "tests/bench/bodies.h"
#include "tests/bench/must.h"

namespace {

using namespace caretaker;
using namespace caretaker::bench;

constexpr std::int64_t kMillisecond = 1'000'000;

struct Options {
  std::filesystem::path bodies, commits;
  std::uint32_t count = 1000;
  std::uint32_t milliseconds = 1000;
  std::uint32_t group = 1;
};

struct Signed {
  PublicKey key{};
  Bytes message;
  Signature signature{};
};

Signed signed_batch(const sync::CheckinRequest& request) {
  const auto certificate = must(sync::parse_certificate(must(sync::unverified_payload(request.certificate, sync::PayloadType::kCertificate))));
  const auto payload = must(sync::unverified_payload(request.batch, sync::PayloadType::kBatch));
  const auto envelope = must(parse_json(as_text(request.batch), {sync::kMaxEnvelopeBytes, 8}));
  const auto* signatures = must(envelope.array_at("signatures"));
  return {certificate.device_key, sync::pre_authentication_encoding(sync::payload_type_name(sync::PayloadType::kBatch), payload),
          must(to_array<64>(must(signatures->front().base64_at("sig"))))};
}

// What the server stores of a check-in.
struct Stored {
  Bytes batch;
  std::vector<std::pair<Bytes, Bytes>> events;  // body, sealed part
};

Stored stored_bytes(const sync::CheckinRequest& request) {
  const auto batch = must(sync::parse_batch(must(sync::unverified_payload(request.batch, sync::PayloadType::kBatch))));
  Stored stored{request.batch, {}};
  for (const auto& entry : batch.entries) stored.events.emplace_back(entry.body, sync::make_sealed_json(request.sealed.at(entry.from)));
  return stored;
}

// Calls work(number of the check-in) until time is up; times a second.
template <typename Work>
double per_second(const Options& options, std::size_t step, Work work) {
  const auto start = now_ns();
  std::uint64_t done = 0;
  while (now_ns() - start < options.milliseconds * kMillisecond) {
    work(done);
    done += step;
  }
  return static_cast<double>(done) * 1e9 / static_cast<double>(now_ns() - start);
}

double verify_rate(const Options& options, const std::vector<sync::CheckinRequest>& requests) {
  std::vector<Signed> all;
  for (const auto& request : requests) all.push_back(signed_batch(request));
  return per_second(options, 1, [&](std::size_t number) {
    const auto& one = all[number % all.size()];
    if (!verify(one.key, one.message, one.signature)) give_up("a signature does not verify");
  });
}

double commit_rate(const Options& options, const std::vector<sync::CheckinRequest>& requests) {
  std::vector<Stored> all;
  for (const auto& request : requests) all.push_back(stored_bytes(request));
  std::filesystem::create_directories(options.commits);
  auto database = must(platform::Database::open(options.commits / "bare.db"));
  must(database.execute("CREATE TABLE batch (bytes BLOB); CREATE TABLE event (body BLOB, sealed BLOB)"));
  auto add_batch = must(database.prepare("INSERT INTO batch (bytes) VALUES (?1)"));
  auto add_event = must(database.prepare("INSERT INTO event (body, sealed) VALUES (?1, ?2)"));
  const auto store = [&](const Stored& one) -> Status {
    TRY_DONE(add_batch.bind(1, one.batch).run());
    for (const auto& [body, sealed] : one.events) TRY_DONE(add_event.bind(1, body).bind(2, sealed).run());
    return ok();
  };
  return per_second(options, options.group, [&](std::size_t number) {
    must(database.transaction([&]() -> Status {
      for (std::size_t i = 0; i < options.group; ++i) TRY_DONE(store(all[(number + i) % all.size()]));
      return ok();
    }));
  });
}

Status run(const Options& options) {
  std::vector<sync::CheckinRequest> requests;
  for (const auto& body : read_bodies(options.bodies, 0, options.count)) {
    requests.push_back(must(sync::parse_checkin_request(body.bytes, sync::kMaxCheckinBytes)));
  }
  const double rate = options.commits.empty() ? verify_rate(options, requests) : commit_rate(options, requests);
  std::printf("{\"per_second\":%.1f}\n", rate);
  return ok();
}

void declare(Command program) {
  const auto options = std::make_shared<Options>();
  program.option("--bodies", options->bodies, "Check-ins, as make_bodies leaves them").required();
  program.option("--count", options->count, "How many of them, from the first on, in turn");
  program.option("--commits", options->commits, "Folder for a database: measures commits; without it signatures");
  program.option("--group", options->group, "Check-ins in one commit");
  program.option("--milliseconds", options->milliseconds, "How long");
  program.does([options] { return run(*options); });
}

}  // namespace

int main(int argc, char** argv) { return run_program("bare_rates", "The least that check-ins cost", argc, argv, declare); }
