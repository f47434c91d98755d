// delta_rates --before SET --after SET: size of the delta, how long it takes to make and to apply, and the memory that applying it takes at its peak.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <memory>

#include "platform/base/command_line.h"
#include "platform/files.h"
#include "policy/set_delta.h"

namespace {

using namespace caretaker;

struct Options {
  std::filesystem::path before, after;
};

double seconds_since(std::chrono::steady_clock::time_point began) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

// Of this process's own: what it has mapped of files is the kernel's to take back.
double own_mb() {
  std::ifstream statm("/proc/self/statm");
  double size = 0, resident = 0, of_files = 0;
  statm >> size >> resident >> of_files;
  return (resident - of_files) * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1e6;
}

Status measure(const Options& options) {
  TRY(before_file, platform::open_read_only(options.before));
  TRY(after_file, platform::open_read_only(options.after));
  TRY(before_bytes, platform::MappedFile::map(before_file));
  TRY(after_bytes, platform::MappedFile::map(after_file));
  TRY(before, policy::SetView::open(before_bytes.bytes()));
  TRY(after, policy::SetView::open(after_bytes.bytes()));
  auto began = std::chrono::steady_clock::now();
  TRY(delta_bytes, policy::make_set_delta(before, after));
  const double make_s = seconds_since(began);
  TRY(delta, policy::SetDelta::parse(delta_bytes));
  const std::filesystem::path made = options.after.string() + ".made";
  std::FILE* out = std::fopen(made.c_str(), "wb");
  if (out == nullptr) return make_error(ErrorCode::kUnavailable, "cannot write " + made.string());
  Hasher hasher;
  const double before_mb = own_mb();
  double peak_mb = 0;
  began = std::chrono::steady_clock::now();
  TRY_DONE(delta.apply(before, [&](ByteView piece) -> Status {
    hasher.add(piece);
    peak_mb = std::max(peak_mb, own_mb() - before_mb);
    if (std::fwrite(piece.data(), 1, piece.size(), out) == piece.size()) return ok();
    return make_error(ErrorCode::kFull, "the disk is full");
  }));
  std::fclose(out);
  const double apply_s = seconds_since(began);
  if (hasher.finish() != hash(after_bytes.bytes())) return make_error(ErrorCode::kInternal, "the delta does not give the new set");
  std::printf("{\"bytes\": %zu, \"names\": %llu, \"make_s\": %.4f, \"apply_s\": %.4f, \"peak_mb\": %.1f}\n", delta_bytes.size(),
              static_cast<unsigned long long>(after.size()), make_s, apply_s, peak_mb);
  return ok();
}

void declare(Command program) {
  const auto options = std::make_shared<Options>();
  program.option("--before", options->before, "Set before").required();
  program.option("--after", options->after, "Set after").required();
  program.does([options] { return measure(*options); });
}

}  // namespace

int main(int argc, char** argv) { return run_program("delta_rates", "Lists as deltas", argc, argv, declare); }
