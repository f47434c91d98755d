// A device of a TestSchool, with its keys and its book, that sends what a test wants it to.
#pragma once

#include "sync/batch.h"
#include "sync/hold.h"
#include "sync/order.h"
#include "tests/unit/server/test_school.h"

namespace caretaker::test {

class TestDevice {
 public:
  explicit TestDevice(TestSchool& school, sync::Hardware hardware = {"uuid-1", "serial-1"}) : school_(school), hardware_(std::move(hardware)) {
    certificate = must(server::enrol(school.store, school.state, enrolment(school.new_token()), kNow)).certificate;
    begin_epoch("enrolment");
  }

  [[nodiscard]] Bytes enrolment(const std::array<std::uint8_t, 16>& token) const {
    const sync::EnrolmentRequest request{school_.state.id(), key.public_key, token, hardware_, "laptop-1"};
    return TestSchool::envelope(sync::PayloadType::kEnrolment, sync::make_enrolment_payload(request), {&key});
  }

  void begin_epoch(const std::string& reason) {
    sync::EpochStart next{box_seal(school_.keys.box.public_key, first_key_.view()), {}, {}, reason};
    if (!reason_.empty()) {
      next.previous = epoch;
      next.previous_head = heads.back();
      first_key_ = random_key();
      next.sealed_key = box_seal(school_.keys.box.public_key, first_key_.view());
    }
    reason_ = reason;
    epoch = random_array<16>();
    heads = {sync::first_head(school_.state.id(), id(), epoch)};
    key_now_ = {1, first_key_};
    entries.clear();
    start = std::move(next);
  }

  // One event with sealed details.
  void record(const std::string& name) {
    const auto& lead = school_.people.lead.box.public_key;
    auto sealing = sync::seal_details({{{"user", "a pupil"}, {"name", name}}}, {{sync::key_id(lead), lead}});
    sync::EventBody body{"web.blocked", kNow, sync::Severity::kMedium, "web.category", 1, sealing.hash, sealing.commitment};
    append({heads.back().seq + 1, heads.back().seq + 1, sync::make_event_body(body), {}, {},
            hash(sync::make_sealed_json(sealing.sealed))});
    sealed[heads.back().seq] = std::move(sealing.sealed);
  }
  // One of the guard's own, without details.
  void record_plain(const std::string& kind, const std::string& rule) {
    append({heads.back().seq + 1, heads.back().seq + 1, sync::make_event_body({kind, kNow, sync::Severity::kInfo, rule, 1, {}, {}}), {}, {}, {}});
  }
  void record(int count) { for (int i = 0; i < count; ++i) record("blocked.example"); }

  // The last `count` events become one stub, as when the quota drops them.
  void drop_last(std::uint64_t count) {
    const auto last = entries.back();
    const sync::ChainEntry stub{last.to - count + 1, last.to, {}, heads[last.to].link, last.tag};
    for (std::uint64_t i = 0; i < count; ++i) entries.pop_back();
    entries.push_back(stub);
  }

  [[nodiscard]] sync::DeviceId id() const { return hash(key.public_key); }

  // Entries from..to (to = 0: all there are), as an unsigned batch; a test may spoil it.
  [[nodiscard]] sync::Batch batch(std::uint64_t from = 1, std::uint64_t to = 0) const {
    sync::Batch out{school_.state.id(), id(), epoch, from, to == 0 ? heads.size() - 1 : to, {}, {}, {}, {}, {}};
    out.prev = heads[from - 1].link;
    out.head = heads[out.seq_to].link;
    for (const auto& entry : entries) {
      if (entry.from >= from && entry.to <= out.seq_to) out.entries.push_back(entry);
    }
    out.state = Json::Object{{"nonce", to_hex(random_array<16>())}, {"time", kNow}, {"root", 1}, {"policy", 0}, {"lists", 0},
                             {"hardware", Json::Object{{"dmi_uuid", hardware_.dmi_uuid}, {"board_serial", hardware_.board_serial}}}};
    if (from == 1) out.epoch_start = start;
    return out;
  }
  [[nodiscard]] sync::CheckinRequest request(const sync::Batch& batch) const {
    sync::CheckinRequest out{certificate, TestSchool::envelope(sync::PayloadType::kBatch, sync::make_batch_payload(batch), {&key}), {}, last_receipt};
    for (const auto& [seq, details] : sealed) {
      if (seq >= batch.seq_from && seq <= batch.seq_to) out.sealed.emplace(seq, details);
    }
    return out;
  }

  // About this device, for a day.
  [[nodiscard]] sync::Order order(sync::OrderKind kind) const {
    sync::Order out;
    out.school = school_.state.id();
    out.device = id();
    out.hardware = hardware_;
    out.nonce = random_array<16>();
    out.kind = kind;
    out.issued = kNow;
    out.until = kNow + 86'400;
    return out;
  }

  // The body of POST /v1/hold.
  [[nodiscard]] Bytes hold(std::string mark, UnixSeconds time) const {
    const sync::Hold hold{school_.state.id(), id(), to_hex(random_array<16>()), time, std::move(mark)};
    return sync::make_hold_request({certificate, TestSchool::envelope(sync::PayloadType::kHold, sync::make_hold_payload(hold), {&key})});
  }

  SigningKey key = make_signing_key(random_key());
  Bytes certificate;
  Bytes last_receipt;
  sync::EpochId epoch{};
  std::vector<sync::ChainHead> heads;      // heads[n] is after entry n
  std::vector<sync::ChainEntry> entries;
  std::map<std::uint64_t, sync::SealedDetails> sealed;
  std::optional<sync::EpochStart> start;

 private:
  void append(sync::ChainEntry entry) {
    heads.push_back(sync::next_head(heads.back(), entry.body));
    entry.tag = sync::make_tag(key_now_.key, heads.back().link);
    sync::advance(key_now_);
    entries.push_back(std::move(entry));
  }

  TestSchool& school_;
  sync::Hardware hardware_;
  SecretKey first_key_ = random_key();
  sync::RatchetKey key_now_;
  std::string reason_;
};

}  // namespace caretaker::test
