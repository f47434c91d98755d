// What the guard remembers of orders, in one file (orders.json, 0600) and its copy, replaced as a whole before anything is done:
// intent first. A disk that loses bits of the one unlocks nothing. One thread.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "platform/base/clock.h"
#include "sync/order.h"

namespace caretaker::agent {

// How far a wipe is. Each is reached by proof, never by time.
enum class WipePhase { kNone, kGrace, kStarted, kKeysDestroyed, kVerified, kFailed, kBestEffort };
[[nodiscard]] std::string_view wipe_phase_name(WipePhase phase);  // "grace", "started", "keys-destroyed", ...

struct OrdersState {
  std::string device;                        // in hex: whose orders these are
  struct Ended {
    UnixSeconds until = 0;  // when it can come no more
    std::string by;         // who ended it
  };
  using EndedOrder = std::pair<sync::OrderId, sync::OrderKind>;
  std::map<EndedOrder, Ended> ended;         // by unlock or cancel, also before they came
  std::vector<Bytes> locks;                  // envelopes of those in force, as they came: each is ended by what names it, and by nothing else
  Bytes wipe;                                // envelope of the wipe that was delivered; empty: none
  WipePhase phase = WipePhase::kNone;
  std::int64_t grace_left_s = 0;             // powered on
  SecretKey secret;                          // for unlock codes
  std::string challenge;                     // while there is a lock; empty: none
  int wrong_codes = 0;                       // in a row
  std::string epoch;                         // of the book, in hex, when it was looked at last
  bool is_forked = false;
  Bytes certificate;                         // envelope; empty: none
};

// In the guard's folder; what is damaged of the two is put back. kNotFound: there is none yet. kDamaged: neither is as it was written.
[[nodiscard]] Result<OrdersState> read_orders(const std::filesystem::path& folder);
[[nodiscard]] Status write_orders(const std::filesystem::path& folder, const OrdersState& state);

}  // namespace caretaker::agent
