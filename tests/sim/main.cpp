// Plays seeds one after another. --twice: each seed twice, and both runs must be the same. --planted NAME: something is wrong
// on purpose (run.h, Planted), and to find nothing would be the failure. --copies: disk images put back and clones in any run.
// --until-broken: no further than the first broken promise.
#include <Poco/AutoPtr.h>
#include <Poco/Logger.h>
#include <Poco/NullChannel.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <string_view>

#include "platform/base/log.h"
#include "tests/sim/disk_calls.h"
#include "tests/sim/run.h"

using namespace caretaker;
using namespace caretaker::sim;

namespace {

constexpr std::uint64_t kBetweenLines = 1000;  // runs
constexpr std::uint64_t kEnough = 50;

const std::map<std::string_view, Planted> kPlanted = {{"lying-sync", Planted::kLyingSync},
                                                      {"lost-append", Planted::kLostAppend},
                                                      {"unsaved-receipt", Planted::kUnsavedReceipt},
                                                      {"lost-sealed", Planted::kLostSealed}};

struct Options {
  std::uint64_t from = 1;
  std::uint64_t seeds = 1000;
  bool twice = false;
  bool until_broken = false;
  std::string planted;
  Wish wish;
};

bool parse_options(int count, char** arguments, Options& options) {
  for (int i = 1; i < count; ++i) {
    const std::string_view name = arguments[i];
    if (name == "--trace") {
      options.wish.shown = true;
    } else if (name == "--twice") {
      options.twice = true;
    } else if (name == "--until-broken") {
      options.until_broken = true;
    } else if (name == "--copies") {
      options.wish.copies = true;
    } else if (i + 1 == count) {
      return false;
    } else if (name == "--planted") {
      const auto found = kPlanted.find(arguments[++i]);
      if (found == kPlanted.end()) return false;
      options.wish.planted = found->second;
      options.planted = found->first;
    } else if (name == "--seeds") {
      options.seeds = std::strtoull(arguments[++i], nullptr, 10);
    } else if (name == "--from") {
      options.from = std::strtoull(arguments[++i], nullptr, 10);
    } else if (name == "--seed") {
      options.from = std::strtoull(arguments[++i], nullptr, 10);
      options.seeds = 1;
    } else {
      return false;
    }
  }
  return true;
}

struct Totals {
  std::uint64_t runs = 0;
  std::uint64_t broken = 0;
  std::uint64_t events = 0;
  std::uint64_t operations = 0;
  std::uint64_t faults = 0;
  std::uint64_t policies = 0;
};

void play(const School& school, const Enrolled& enrolled, const Options& options, std::uint64_t seed, Totals& totals) {
  Outcome outcome = Run(seed, school, enrolled, options.wish).play();
  if (options.twice && Run(seed, school, enrolled, options.wish).play().trace_sum != outcome.trace_sum) {
    outcome.broken = "it does not go the same way twice";
  }
  ++totals.runs;
  totals.events += outcome.events;
  totals.operations += outcome.operations;
  totals.faults += outcome.faults;
  totals.policies += outcome.policies;
  if (!outcome.broken) return;
  ++totals.broken;
  const std::string planted = options.planted.empty() ? "" : " --planted " + options.planted;
  std::printf("seed %llu: %s\n  replay: tests/sim/run --seed %llu --trace%s%s\n", static_cast<unsigned long long>(seed),
              outcome.broken->c_str(), static_cast<unsigned long long>(seed), planted.c_str(), options.wish.copies ? " --copies" : "");
  std::fflush(stdout);
}

void tell(const Totals& totals) {
  std::printf("%llu runs, %llu broken; %llu events, %llu disk operations, %llu machines fallen, restored or spoilt, "
              "%llu policies taken\n",
              static_cast<unsigned long long>(totals.runs), static_cast<unsigned long long>(totals.broken),
              static_cast<unsigned long long>(totals.events), static_cast<unsigned long long>(totals.operations),
              static_cast<unsigned long long>(totals.faults), static_cast<unsigned long long>(totals.policies));
  std::fflush(stdout);
}

}  // namespace

int main(int count, char** arguments) {
  Options options;
  if (!parse_options(count, arguments, options)) {
    std::fputs("usage: caretaker_sim [--seeds N] [--from SEED] [--seed S [--trace]] [--until-broken] [--twice] [--copies]\n"
               "                     [--planted lying-sync|lost-append|unsaved-receipt|lost-sealed]\n", stderr);
    return 2;
  }
  if (!options.wish.shown) {
    log_debug("sim", "");  // makes the logger
    Poco::Logger::get("caretaker").setChannel(Poco::AutoPtr<Poco::NullChannel>(new Poco::NullChannel));
  }
  seed_library(0);
  install_database_disk();
  if (auto ready = crypto_ready(); !ready) return 2;
  const School school;
  const Enrolled enrolled = Run::enrolled(school);
  Totals totals;
  for (std::uint64_t seed = options.from; seed < options.from + options.seeds; ++seed) {
    play(school, enrolled, options, seed, totals);
    if (options.until_broken && totals.broken > 0) break;
    if (totals.runs % kBetweenLines == 0) tell(totals);
  }
  tell(totals);
  if (totals.runs >= kEnough && totals.policies == 0) {
    std::puts("no device has taken a policy: nothing was learnt about policies");
    return 1;
  }
  return (totals.broken > 0) == (options.wish.planted != Planted::kNothing) ? 0 : 1;
}
