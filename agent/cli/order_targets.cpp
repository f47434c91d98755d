#include "agent/cli/order_targets.h"

#include <algorithm>
#include <set>

namespace caretaker::agent {
namespace {

using sync::Order;

struct Known {
  Order order;
  std::int64_t given = 0;
  std::string answer;  // the server's word: "", "taken", or the check that refused
};

Result<std::vector<Known>> read_known(const Json& answer, std::span<const sync::VerifiedRoot> roots, const NamedDevice& device) {
  TRY(rows, answer.array_at("orders"));
  std::vector<Known> out;
  for (const Json& row : *rows) {
    TRY(envelope, row.base64_at("envelope"));
    const auto past = sync::read_past_order({envelope}, roots);
    if (!past || past->order.device != device.id) continue;
    const std::int64_t* given = row["given"].as_int();
    const std::string* said = row["answer"].as_string();
    out.push_back({past->order, given == nullptr ? 0 : *given, said == nullptr ? "" : *said});
  }
  return out;
}

bool is_refused(const Known& known) { return !known.answer.empty() && known.answer != "taken" && known.answer != "uncertain"; }

bool may_be_in_force(const Known& known, UnixSeconds now) { return !is_refused(known) && (known.order.until > now || known.given != 0); }

// One for other hardware than this machine signed is refused there and ends nothing.
bool ends_something(const Known& known, const NamedDevice& device, UnixSeconds now) {
  if (!known.order.target || !sync::check_order_hardware(known.order, device.hardware)) return false;
  return known.answer == "taken" || (known.answer.empty() && known.order.until > now);
}

}  // namespace

Result<std::vector<sync::OrderId>> decide_targets(const Json& answer, std::span<const sync::VerifiedRoot> roots, const NamedDevice& device,
                                                  sync::OrderKind kind, UnixSeconds now) {
  TRY(known, read_known(answer, roots, device));
  std::set<sync::OrderId> ended;
  for (const Known& each : known) {
    if (ends_something(each, device, now)) ended.insert(*each.order.target);
  }
  std::erase_if(known, [&](const Known& each) { return each.order.kind != kind; });
  if (known.empty()) return make_error(ErrorCode::kNotFound, "there is no " + std::string(sync::order_kind_name(kind)) + " order for this device");
  std::ranges::stable_sort(known, {}, [](const Known& each) { return each.order.issued; });
  std::vector<sync::OrderId> out;
  for (const Known& each : known) {
    if (may_be_in_force(each, now) && !ended.contains(each.order.id)) out.push_back(each.order.id);
  }
  if (out.empty()) out.push_back(known.back().order.id);
  return out;
}

}  // namespace caretaker::agent
