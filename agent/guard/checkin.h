// One check-in: what the guard has net send, and what it makes of the server's answer. Net carries both and is trusted with
// neither: the batch is signed here, receipt and signed material are verified here. One thread.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "agent/control_net.h"
#include "agent/guard/allowance.h"
#include "agent/guard/book.h"
#include "agent/guard/device_identity.h"
#include "agent/guard/letters.h"
#include "agent/guard/posture.h"
#include "agent/guard/trust_updates.h"

namespace caretaker::agent {

class Checkin {
 public:
  Checkin(const DeviceIdentity& identity, PolicyStore& trust, Letters& letters, Book& book, const Clock& clock)
      : identity_(identity), trust_(trust), letters_(letters), book_(book), clock_(clock),
        sent_again_(8, 60'000, clock.monotonic_ms()) {}

  // The body of POST /v1/checkin, with `more` members in its state; empty when there is nobody to send as (not enrolled, hardware in doubt). Each request has a
  // nonce of its own; the latest counts.
  [[nodiscard]] Result<Bytes> next_request(const std::set<std::string>& health, const PostureWords& posture, const Json::Object& more);
  // The body of POST /v1/hold, for a server whose last answer had this mark; empty as above. No secret, and no promise.
  [[nodiscard]] Bytes hold_request(const std::string& mark) const;
  // What is wrong in the answer becomes an event; an error only where our own disk fails.
  [[nodiscard]] TakenAnswer take(const sync::CheckinAnswer& answer);
  // Whether the last answer had the server's receipt for our last request: nobody else could have made that.
  [[nodiscard]] bool server_was_heard() const { return heard_; }
  // The time in the newest receipt: signed by the server, for a request of ours.
  [[nodiscard]] UnixSeconds receipt_time() const { return receipt_time_; }

 private:
  [[nodiscard]] bool has_identity() const;
  [[nodiscard]] Json make_state(const std::set<std::string>& health, const PostureWords& posture, const Json::Object& more) const;
  // True: nothing speaks against sending on at once; a server that refuses gets no more before its time.
  [[nodiscard]] bool take_receipt(ByteView envelope);
  [[nodiscard]] Result<bool> open_receipt(ByteView envelope);
  [[nodiscard]] bool take_letters(const std::vector<Bytes>& letters);
  [[nodiscard]] bool take_problem(const sync::CheckinAnswer& answer);
  [[nodiscard]] bool take_missing(const std::vector<sync::EpochPlace>& missing);

  const DeviceIdentity& identity_;
  PolicyStore& trust_;
  Letters& letters_;
  Book& book_;
  const Clock& clock_;
  std::string nonce_;       // of the request that is out; empty when there is none
  sync::EpochId epoch_{};   // of its batch
  UnixSeconds receipt_time_ = 0;
  std::vector<sync::EpochPlace> missing_;  // what the last answer said is missing
  bool more_ = false;       // entries wait behind it
  Allowance sent_again_;    // what the server says that it lacks goes at once only so often
  bool heard_ = false;
  bool went_back_ = false;  // to where the server says it stands, and no receipt since: a liar gets it once, not in a loop
};

}  // namespace caretaker::agent
