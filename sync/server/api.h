// The server's routes: bytes to functions, errors to statuses. Every handler runs on the HTTP server's one thread.
#pragma once

#include <vector>

#include "platform/http_server.h"
#include "sync/server/holds.h"
#include "sync/server/retention.h"
#include "sync/server/set_files.h"
#include "sync/server/school_state.h"

namespace caretaker::server {

using platform::HttpQuery;
using platform::HttpReply;
using platform::HttpServer;
using platform::HttpServerLimits;
using platform::HttpService;
using platform::LateReply;
using platform::Round;
using platform::Route;

// Everything behind the routes; must outlive the HttpServer.
struct Backend {
  FleetStore& store;
  SchoolState& school;
  SetFiles& sets;
  const Clock& clock;
  std::uint32_t interval_s = 900;  // between two check-ins of a device, told in each answer
  Holds holds{};
  Retention retention{};
  std::string told{};  // what there was to give when those that wait were last told
  std::vector<LateReply> uncommitted{};  // answers to check-ins whose group is open
  std::vector<LateReply> ready{};
};
[[nodiscard]] HttpService make_service(Backend& backend);

}  // namespace caretaker::server
