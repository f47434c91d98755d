#include "tests/bench/simulated_device.h"

#include "platform/files.h"
#include "sync/hold.h"
#include "tests/bench/must.h"

namespace caretaker::bench {
namespace {

constexpr UnixSeconds kTime = 1'795'000'000;
constexpr std::size_t kSealings = 64;

Bytes signed_by(const SigningKey& key, sync::PayloadType type, ByteView payload) {
  const SigningKey* signer = &key;
  return sync::make_envelope(type, payload, {&signer, 1});
}

}  // namespace

SimulatedSchool read_school(const std::filesystem::path& data, const std::filesystem::path& root) {
  const auto envelope = must(platform::read_file(root, sync::kMaxEnvelopeBytes));
  SimulatedSchool school{hash(must(sync::unverified_payload(envelope, sync::PayloadType::kRoot))), must(server::read_server_keys(data)), {}};
  const auto lead = make_box_key(random_key()).public_key;
  const auto escrow = make_box_key(random_key()).public_key;
  for (std::size_t i = 0; i < kSealings; ++i) {
    school.sealings.push_back(sync::seal_details({{{"user", "pupil"}, {"name", "name" + std::to_string(i) + ".example"}, {"category", "gambling"}}},
                                                 {{sync::key_id(lead), lead}, {sync::key_id(escrow), escrow}}));
  }
  return school;
}

SimulatedDevice::SimulatedDevice(const SimulatedSchool& school, std::size_t number) : school_(school), number_(number) {
  const auto id = hash(key_.public_key);
  const sync::DeviceCertificate certificate{school.id, id, key_.public_key, {"uuid-" + std::to_string(number), "serial"}, kTime};
  certificate_ = signed_by(school.keys.sign, sync::PayloadType::kCertificate, sync::make_certificate_payload(certificate));
  head_ = sync::first_head(school.id, id, epoch_);
  ratchet_ = {1, random_key()};
  start_ = {box_seal(school.keys.box.public_key, ratchet_.key.view()), {}, {}, "enrolment"};
}

Bytes SimulatedDevice::next_checkin(std::size_t events) {
  sync::Batch batch;
  batch.school = school_.id;
  batch.device = hash(key_.public_key);
  batch.epoch = epoch_;
  batch.seq_from = head_.seq + 1;
  batch.prev = head_.link;
  if (head_.seq == 0) batch.epoch_start = start_;
  sync::CheckinRequest request;
  request.certificate = certificate_;
  for (std::size_t i = 0; i < events; ++i) {
    const auto& sealing = school_.sealings[(number_ + head_.seq) % school_.sealings.size()];
    const sync::EventBody body{"web.blocked", kTime, sync::Severity::kLow, "category", 1, sealing.hash, sealing.commitment};
    sync::ChainEntry entry{head_.seq + 1, head_.seq + 1, sync::make_event_body(body), {}, {}, hash(sync::make_sealed_json(sealing.sealed))};
    head_ = sync::next_head(head_, entry.body);
    entry.tag = sync::make_tag(ratchet_.key, head_.link);
    sync::advance(ratchet_);
    request.sealed.emplace(head_.seq, sealing.sealed);
    batch.entries.push_back(std::move(entry));
  }
  batch.seq_to = head_.seq;
  batch.head = head_.link;
  batch.state = Json::Object{{"nonce", to_hex(random_array<16>())}, {"time", kTime}, {"root", 1}, {"policy", 0}, {"lists", 0}};
  request.batch = signed_by(key_, sync::PayloadType::kBatch, sync::make_batch_payload(batch));
  return sync::make_checkin_request(request);
}

Bytes SimulatedDevice::hold(const std::string& mark) const {
  const sync::Hold asked{school_.id, caretaker::hash(key_.public_key), to_hex(random_array<16>()), kTime, mark};
  return sync::make_hold_request({certificate_, signed_by(key_, sync::PayloadType::kHold, sync::make_hold_payload(asked))});
}

}  // namespace caretaker::bench
