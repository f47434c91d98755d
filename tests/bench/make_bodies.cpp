// make_bodies --data DIR --root ROOT1.json --out FILE [--hold MARK [--checkins FILE]]: check-ins of many devices of a school, ready to be sent: all
// devices' first, then all devices' second, and so on; or one request to be held of each.
#include <deque>
#include <memory>

#include "platform/base/command_line.h"
#include "tests/bench/bodies.h"
#include "tests/bench/simulated_device.h"

namespace {

using namespace caretaker;
using namespace caretaker::bench;

struct Options {
  std::filesystem::path data, root, out, checkins;
  std::string hold;
  std::uint32_t devices = 1000;
  std::uint32_t each = 1;
  std::uint32_t events = 20;
};

Status make(const Options& options) {
  const auto school = read_school(options.data, options.root);
  std::deque<SimulatedDevice> devices;
  for (std::uint32_t i = 0; i < options.devices; ++i) devices.emplace_back(school, i);
  BodyWriter out(options.out);
  if (!options.checkins.empty()) {
    BodyWriter checkins(options.checkins);
    for (std::uint32_t i = 0; i < options.devices; ++i) checkins.add(i, devices[i].next_checkin(options.events));
  }
  for (std::uint32_t round = 0; round < options.each; ++round) {
    for (std::uint32_t i = 0; i < options.devices; ++i) {
      out.add(i, options.hold.empty() ? devices[i].next_checkin(options.events) : devices[i].hold(options.hold));
    }
  }
  return ok();
}

void declare(Command program) {
  const auto options = std::make_shared<Options>();
  program.option("--data", options->data, "The server's folder").required();
  program.option("--root", options->root, "The school's root 1").required();
  program.option("--out", options->out, "File to write").required();
  program.option("--hold", options->hold, "Requests to be held, with this mark, instead of check-ins");
  program.option("--checkins", options->checkins, "A check-in of each too, in this file");
  program.option("--devices", options->devices, "How many devices");
  program.option("--each", options->each, "Check-ins of each");
  program.option("--events", options->events, "Events in a check-in");
  program.does([options] { return make(*options); });
}

}  // namespace

int main(int argc, char** argv) { return run_program("make_bodies", "Check-ins made beforehand", argc, argv, declare); }
