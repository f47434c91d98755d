// A device that was away for years: twenty roots walked from the pinned one on, and beside it the signatures alone, which nobody can leave out.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "platform/base/command_line.h"
#include "sync/root.h"
#include "tests/bench/must.h"

namespace {

using namespace caretaker;
using namespace caretaker::bench;

struct Options {
  std::uint32_t roots = 20, rounds = 200, people = 40;
};

struct History {
  std::vector<Bytes> envelopes;
  sync::SchoolId school{};
  std::vector<SigningKey> holders;  // the first two sign each
  std::vector<std::pair<Bytes, std::array<Signature, 2>>> proofs;  // what they signed, and how
};

// A school with many teachers, so that a root is of a size that occurs; each root has another expiry.
History make_history(const Options& options) {
  History history;
  sync::Root root;
  root.version = 1;
  root.school_name = "Bench School";
  root.issued = 1'800'000'000;
  const auto add = [&root](sync::Role role, int threshold, const SigningKey& key, const std::string& holder) {
    root.keys[sync::key_id(key.public_key)] = {key.public_key, holder};
    root.roles[role].threshold = threshold;
    root.roles[role].keys.insert(sync::key_id(key.public_key));
  };
  for (int i = 0; i < 3; ++i) {
    history.holders.push_back(make_signing_key(random_key()));
    add(sync::Role::kRoot, 2, history.holders.back(), "holder " + std::to_string(i));
  }
  add(sync::Role::kPolicy, 1, make_signing_key(random_key()), "technician");
  add(sync::Role::kReceipts, 1, make_signing_key(random_key()), "server");
  for (std::uint32_t i = 0; i < options.people; ++i) add(sync::Role::kException, 1, make_signing_key(random_key()), "teacher " + std::to_string(i));
  root.tls_pins = {Hash{1}, Hash{2}};
  root.servers = {"https://server.school.example:8443"};
  for (std::uint32_t i = 0; i < options.roots; ++i) {
    root.expires = root.issued + 100 + i;
    const Bytes payload = sync::make_root_payload(root);
    if (i == 0) root.school = history.school = hash(payload);
    history.envelopes.push_back(sync::make_envelope(sync::PayloadType::kRoot, payload, std::vector<const SigningKey*>{&history.holders[0], &history.holders[1]}));
    Bytes message = sync::pre_authentication_encoding(sync::payload_type_name(sync::PayloadType::kRoot), payload);
    history.proofs.emplace_back(message, std::array{sign(history.holders[0], message), sign(history.holders[1], message)});
    ++root.version;
  }
  return history;
}

void walk(const History& history) {
  auto root = must(sync::VerifiedRoot::open_first({history.envelopes.front()}, history.school));
  for (std::size_t i = 1; i < history.envelopes.size(); ++i) root = must(root.open_next({history.envelopes[i]}));
}

// Each root's two signatures, by the root before and by itself.
void verify_alone(const History& history) {
  for (const auto& [message, signatures] : history.proofs) {
    for (std::size_t i = 0; i < 4; ++i) {
      if (!verify(history.holders[i % 2].public_key, message, signatures[i % 2])) give_up("a signature does not verify");
    }
  }
}

double median_ms(std::uint32_t rounds, const std::function<void()>& work) {
  std::vector<double> all;
  for (std::uint32_t i = 0; i < rounds; ++i) {
    const auto began = std::chrono::steady_clock::now();
    work();
    all.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began).count());
  }
  std::nth_element(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2), all.end());
  return all[all.size() / 2];
}

Status run(const Options& options) {
  const History history = make_history(options);
  const double ours = median_ms(options.rounds, [&] { walk(history); });
  const double bare = median_ms(options.rounds, [&] { verify_alone(history); });
  std::printf("{\"walk_ms\":%.3f,\"signatures_ms\":%.3f,\"root_bytes\":%zu}\n", ours, bare, history.envelopes.back().size());
  return ok();
}

void declare(Command program) {
  const auto options = std::make_shared<Options>();
  program.option("--roots", options->roots, "How many roots");
  program.option("--rounds", options->rounds, "How often, for the median");
  program.option("--people", options->people, "Teachers whose keys each root names");
  program.does([options] { return run(*options); });
}

}  // namespace

int main(int argc, char** argv) { return run_program("root_walk", "How long a device takes to walk the roots that it missed", argc, argv, declare); }
