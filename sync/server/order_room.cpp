#include "sync/server/order_room.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <map>
#include <set>

namespace caretaker::server {
namespace {

using sync::Order;
using sync::OrderKind;

constexpr std::int64_t kDay = 86'400;

struct Ended {
  std::string by;
  sync::OrderId target{};
  auto operator<=>(const Ended&) const = default;
};

// Also one that is over: a device that took it goes on with it.
Result<bool> ends_one_of_ours(FleetStore& store, const Order& order) {
  if (!order.target) return false;
  TRY(row, store.letter(*order.target));
  if (!row || row->type != type_of_orders() || row->device != order.device) return false;
  TRY(payload, sync::unverified_payload(row->envelope, sync::PayloadType::kOrder, sync::kMaxOrderBytes));
  TRY(ended, sync::parse_order(payload));
  return ended.kind == sync::kind_ended_by(order.kind);
}

// Those that are not over, and those that came within a day, the oldest first.
Result<std::vector<LetterRow>> orders_that_count(FleetStore& store, UnixSeconds now) {
  TRY(running, store.letters_of(type_of_orders(), now, std::numeric_limits<std::int32_t>::max()));
  TRY(recent, store.letters_since(type_of_orders(), now - kDay));
  std::vector<LetterRow> rows(std::make_move_iterator(running.rbegin()), std::make_move_iterator(running.rend()));
  for (LetterRow& row : recent) {
    if (row.until <= now) rows.push_back(std::move(row));
  }
  std::ranges::stable_sort(rows, {}, &LetterRow::published);
  return rows;
}

// Who has signed how many of those that count.
struct Tally {
  std::map<std::string, std::size_t> of_each;
  std::set<Ended> ended;

  // Whether this is the first by all of these that ends it.
  bool ends_first(const std::set<std::string>& holders, const sync::OrderId& target) {
    bool is_first = true;
    for (const std::string& holder : holders) is_first = ended.insert({holder, target}).second && is_first;
    return is_first;
  }
};

}  // namespace

std::string type_of_orders() { return std::string(sync::payload_type_name(sync::PayloadType::kOrder)); }

Status check_order_room(FleetStore& store, const sync::VerifiedRoot& root, const Order& order, ByteView envelope, UnixSeconds now) {
  TRY(rows, orders_that_count(store, now));
  TRY(holders, sync::order_holders({to_bytes(envelope)}, root));
  Tally tally;
  for (const LetterRow& row : rows) {
    if (row.id == order.id) return ok();  // the same again, with one more signature
    const auto other = sync::read_order({row.envelope}, root);
    const auto theirs = sync::order_holders({row.envelope}, root);
    if (!other || !theirs) continue;  // whoever's key is not in the root any more counts no more either
    TRY(is_end, ends_one_of_ours(store, *other));
    if (is_end && tally.ends_first(*theirs, *other->target)) continue;
    for (const std::string& holder : *theirs) ++tally.of_each[holder];
  }
  TRY(is_end, ends_one_of_ours(store, order));
  if (is_end && tally.ends_first(holders, *order.target)) return ok();
  for (const std::string& holder : holders) {
    if (tally.of_each[holder] < kMaxOrdersOfOne) continue;
    return make_error(ErrorCode::kFull, holder + " has signed " + std::to_string(kMaxOrdersOfOne) +
                                            " orders that are not over or came today: another person signs, or wait. What ends a lock or a wipe is always taken");
  }
  return ok();
}

}  // namespace caretaker::server
