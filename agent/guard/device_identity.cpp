#include "agent/guard/device_identity.h"

#include "platform/base/json.h"
#include "platform/base/log.h"
#include "platform/files.h"

namespace caretaker::agent {
namespace {

constexpr std::size_t kMaxFile = 64u << 10;

HardwareMatch compare(const std::string& stored, const std::string& found) {
  if (stored.empty() || found.empty()) return HardwareMatch::kUnknown;
  return stored == found ? HardwareMatch::kSame : HardwareMatch::kOther;
}

}  // namespace

HardwareMatch decide_hardware(const sync::Hardware& stored, const sync::Hardware& found) {
  const HardwareMatch uuid = compare(stored.dmi_uuid, found.dmi_uuid);
  const HardwareMatch board = compare(stored.board_serial, found.board_serial);
  if (uuid == HardwareMatch::kOther || board == HardwareMatch::kOther) return HardwareMatch::kOther;
  if (uuid == HardwareMatch::kSame || board == HardwareMatch::kSame) return HardwareMatch::kSame;
  // Firmware that never told anything cannot start to differ.
  const bool nothing_stored = stored.dmi_uuid.empty() && stored.board_serial.empty();
  return nothing_stored ? HardwareMatch::kSame : HardwareMatch::kUnknown;
}

Result<DeviceIdentity> DeviceIdentity::open(const std::filesystem::path& folder, const sync::Hardware& found) {
  DeviceIdentity identity(folder, found);
  identity.was_damaged_ = platform::file_size(identity.damaged_file()).has_value();
  const auto bytes = read_twice(identity.files(), kMaxFile, [&](ByteView stored) -> Status {
    DeviceIdentity good(folder, found);
    TRY_DONE(good.read(stored));
    good.was_damaged_ = identity.was_damaged_;
    identity = std::move(good);
    return ok();
  });
  if (!bytes) {
    if (bytes.error().code == ErrorCode::kNotFound) return identity;
    if (bytes.error().code == ErrorCode::kPermissionDenied || bytes.error().code == ErrorCode::kUnavailable) return bytes.error();
    log_error("identity", "the device's identity is damaged and set aside: " + bytes.error().message);
    TRY_DONE(identity.set_damaged_aside());
    identity.was_damaged_ = true;
    return identity;
  }
  // Written by a process that was killed before it synced the folder, it could still be gone after a power cut.
  if (auto synced = platform::sync_folder(folder); !synced) log_warning("identity", synced.error().message);
  TRY_DONE(identity.bind(*bytes));
  return identity;
}

// The copy too: it is of no use, and would be taken for the identity should it become readable again.
Status DeviceIdentity::set_damaged_aside() const {
  const auto moved = platform::rename_file(files().file, damaged_file());
  if (moved) return platform::remove_file(files().copy);
  if (moved.error().code != ErrorCode::kNotFound) return moved;
  return platform::rename_file(files().copy, damaged_file());
}

Status DeviceIdentity::read(ByteView bytes) {
  TRY(stored, parse_json(as_text(bytes)));
  TRY_DONE(check_sum(stored));
  TRY(seed, stored.hex_array_at<32>("seed"));
  TRY(school, stored.hex_array_at<32>("school"));
  TRY(dmi_uuid, stored.string_at("dmi_uuid"));
  TRY(board_serial, stored.string_at("board_serial"));
  TRY(certificate, stored.base64_at("certificate"));
  TRY(re_enrolment, stored.bool_at("re_enrolment"));
  key_ = make_signing_key(SecretKey(seed));
  school_ = school;
  hardware_ = {dmi_uuid, board_serial};
  certificate_ = std::move(certificate);
  state_ = certificate_.empty() ? State::kUncertified : State::kCertified;
  re_enrolment_ = re_enrolment;
  const std::string* before = stored["before"].as_string();
  before_ = before == nullptr ? "" : *before;
  return ok();
}

Status DeviceIdentity::bind(ByteView stored) {
  const HardwareMatch match = decide_hardware(hardware_, found_);
  in_doubt_ = match == HardwareMatch::kUnknown;
  if (match != HardwareMatch::kOther) return ok();
  if (find_before()) return write();
  log_warning("identity", "this is not the hardware that was enrolled: the identity is set aside, enrol anew");
  const std::string name = to_hex(ByteView(id()).first(8));
  TRY_DONE(platform::replace_file(aside_file(name), stored, 0600));
  if (state_ == State::kCertified) before_ = name;
  re_enrolment_ = true;
  return make_new(school_);
}

// The disk is back in its own machine, and nobody has enrolled the one where it was meanwhile. Only the identity whose place this
// one took: an older one of this folder would be a way around what was ordered since.
bool DeviceIdentity::find_before() {
  if (state_ == State::kCertified || before_.empty()) return false;
  DeviceIdentity earlier(folder_, found_);
  const auto bytes = platform::read_file(aside_file(before_), kMaxFile);
  if (!bytes || !earlier.read(*bytes) || earlier.state_ != State::kCertified) return false;
  if (decide_hardware(earlier.hardware_, found_) != HardwareMatch::kSame) return false;
  log_warning("identity", "this is the hardware that was enrolled: its identity is taken back");
  *this = std::move(earlier);
  return true;
}

Status DeviceIdentity::begin(const sync::SchoolId& school) {
  if (state_ == State::kCertified) return make_error(ErrorCode::kConflict, "this device is enrolled already");
  if (state_ == State::kUncertified && school == school_ && !in_doubt_) return ok();
  return make_new(school);
}

Status DeviceIdentity::make_new(const sync::SchoolId& school) {
  key_ = make_signing_key(random_key());
  school_ = school;
  hardware_ = found_;
  certificate_.clear();
  in_doubt_ = false;
  state_ = State::kNone;
  TRY_DONE(write());
  state_ = State::kUncertified;
  return ok();
}

Status DeviceIdentity::certify(Bytes certificate) {
  certificate_ = std::move(certificate);
  const bool re_enrolment = std::exchange(re_enrolment_, false);
  std::string before = std::exchange(before_, "");
  if (auto written = write(); !written) {
    certificate_.clear();
    re_enrolment_ = re_enrolment;
    before_ = std::move(before);
    return written;
  }
  state_ = State::kCertified;
  return ok();
}

Status DeviceIdentity::write() const {
  Json::Object members{{"v", 1},
                       {"seed", to_hex(key_.seed.view())},
                       {"school", to_hex(school_)},
                       {"dmi_uuid", hardware_.dmi_uuid},
                       {"board_serial", hardware_.board_serial},
                       {"certificate", to_base64(certificate_)},
                       {"re_enrolment", re_enrolment_},
                       {"before", before_}};
  return write_twice(files(), as_bytes(with_sum(std::move(members)).dump()));
}

}  // namespace caretaker::agent
