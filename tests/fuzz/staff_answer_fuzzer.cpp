// What a server tells the school's people: refusals, devices, events. Whatever it says, nothing but lines of text may reach
// their terminal.
#include <cstdlib>

#include "agent/cli/audit.h"
#include "agent/cli/device.h"
#include "agent/cli/event_rows.h"
#include "agent/cli/staff_client.h"

using namespace caretaker;
using namespace caretaker::agent;

namespace {

void must_be_plain(const std::string& text, bool lines) {
  for (const char c : text) {
    if (c == '\n' && lines) continue;
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes(data, size);
  const auto refused = parse_staff_answer({403, to_bytes(bytes), {}});
  if (refused) std::abort();
  must_be_plain(refused.error().message, false);
  const auto answer = parse_staff_answer({200, to_bytes(bytes), {}});
  if (!answer) return 0;
  if (const auto devices = show_devices(*answer, 0)) must_be_plain(*devices, true);
  if (const auto page = parse_audit(*answer)) {
    if (const auto shown = show_audit(page->entries, sync::AuditWalk({}, {}), true, {})) must_be_plain(shown->text, true);
  }
  const Json::Array* rows = (*answer)["events"].as_array();
  if (rows == nullptr) return 0;
  static const BoxKey reader = make_box_key(SecretKey(Hash{1}));
  Json::Array opened;
  for (const Json& row : *rows) {
    if (auto open = open_row(row, &reader)) opened.push_back(*std::move(open));
  }
  must_be_plain(show_rows(opened), true);
  return 0;
}
