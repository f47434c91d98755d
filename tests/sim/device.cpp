#include "tests/sim/device.h"

#include "agent/guard/trust_updates.h"
#include "tests/sim/school.h"

namespace caretaker::sim {

using agent::Book;
using agent::Checkin;
using agent::DeviceIdentity;
using agent::PolicyStore;

// In the guard's own order: the book looks at the trust, the check-in at all of them.
struct Device::Running {
  DeviceIdentity identity;
  PolicyStore trust;
  Book book;
  agent::Letters letters;
  Checkin checkin;
  Running(DeviceIdentity identity_, PolicyStore trust_, const std::filesystem::path& state, const Clock& clock)
      : identity(std::move(identity_)), trust(std::move(trust_)), book(trust, clock), letters(state / "letters.json", trust, clock),
        checkin(identity, trust, letters, book, clock) {}
};

Device::Device(const std::string& name, const Time& time, Random& random, Trace& trace, sync::Hardware hardware,
               agent::QuotaLimits quota)
    : disk(name, random, trace), clock(time, kStart), name_(name), hardware_(std::move(hardware)), quota_(quota) {}

Device::~Device() = default;

Status Device::boot() {
  TRY(identity, DeviceIdentity::open(disk.path("state"), hardware_));
  TRY(trust, PolicyStore::open(disk.path("state/trust")));
  if (identity.state() != DeviceIdentity::State::kNone) TRY_DONE(trust.load(identity.school()));
  running_ = std::make_unique<Running>(std::move(identity), std::move(trust), disk.path("state"), clock);
  if (auto opened = open_book(); !opened && opened.error().code != ErrorCode::kFull) {
    running_.reset();
    return opened.error();
  }
  running_->book.note({"guard.started", "1.0"});
  return ok();
}

Status Device::open_book() {
  const Running& now = *running_;
  if (now.identity.state() == DeviceIdentity::State::kNone || now.trust.root() == nullptr) return ok();
  return running_->book.open({disk.path("state/events"), now.identity.school(), now.identity.id(),
                              now.trust.root()->root().server_box, quota_});
}

void Device::close() {
  running_->book.close();
  running_.reset();
}

void Device::drop() {
  running_.reset();
}

Result<Bytes> Device::begin_enrolment(const std::string& token_text) {
  TRY(token, sync::parse_token_text(token_text));
  DeviceIdentity& identity = running_->identity;
  TRY_DONE(identity.begin(token.school));
  const sync::EnrolmentRequest request{identity.school(), identity.key().public_key, token.secret, identity.hardware(), "sim"};
  const SigningKey* key = &identity.key();
  return sync::make_envelope(sync::PayloadType::kEnrolment, sync::make_enrolment_payload(request), {&key, 1});
}

Status Device::finish_enrolment(const sync::EnrolmentAnswer& answer) {
  Running& now = *running_;
  if (now.trust.root() == nullptr) TRY_DONE(now.trust.adopt(now.identity.school(), answer.roots));
  TRY(certificate, sync::open_certificate(sync::RawBlob{answer.certificate}, *now.trust.root()));
  if (certificate.device_key != now.identity.key().public_key) return make_error(ErrorCode::kUnauthentic, "another's certificate");
  TRY_DONE(now.identity.certify(answer.certificate));
  return now.book.store() == nullptr ? open_book() : ok();
}

bool Device::is_certified() const {
  return is_up() && running_->identity.state() == DeviceIdentity::State::kCertified;
}

bool Device::has_id() const {
  return is_up() && running_->identity.state() != DeviceIdentity::State::kNone;
}

agent::EventStore* Device::store() {
  return is_up() ? running_->book.store() : nullptr;
}

Book& Device::book() {
  return running_->book;
}

Checkin& Device::checkin() {
  return running_->checkin;
}

PolicyStore& Device::trust() {
  return running_->trust;
}

sync::DeviceId Device::id() const {
  return running_->identity.id();
}

std::int64_t Device::policy_version() {
  return trust().policy() == nullptr ? 0 : trust().policy()->verified.bundle().version;
}

void Device::tick() {
  if (store() == nullptr) (void)open_book();
  book().tick();
}

}  // namespace caretaker::sim
