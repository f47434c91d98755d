#include "sync/wipe_certificate.h"

#include <algorithm>
#include <array>

#include "sync/checks.h"
#include "sync/fields.h"
#include "sync/root_pages.h"

namespace caretaker::sync {
namespace {

constexpr std::array<std::string_view, 3> kNames = {"purge", "clear", "clear-best-effort"};

Json medium_json(const WipedMedium& medium) {
  return Json::Object{{"node", medium.node},         {"model", medium.model},
                      {"serial", medium.serial},     {"size", medium.size},
                      {"is_flash", medium.is_flash}, {"is_encrypted", medium.is_encrypted},
                      {"key_slots", medium.key_slots}, {"is_verified", medium.is_verified},
                      {"kept_for", medium.kept_for}};
}

Result<WipedMedium> parse_medium(const Json& json) {
  TRY(node, text_at(json, "node"));
  TRY(model, text_at(json, "model"));
  TRY(serial, text_at(json, "serial"));
  TRY(size, number_at(json, "size"));
  TRY(is_flash, json.bool_at("is_flash"));
  TRY(is_encrypted, json.bool_at("is_encrypted"));
  TRY(key_slots, number_at(json, "key_slots", 32));
  TRY(is_verified, json.bool_at("is_verified"));
  WipedMedium medium{node, model, serial, static_cast<std::uint64_t>(size), is_flash, is_encrypted, static_cast<int>(key_slots), is_verified};
  if (json["kept_for"].is_null()) return medium;  // of an earlier version, which did not name what was kept
  TRY(kept_for, text_at(json, "kept_for"));
  medium.kept_for = kept_for;
  return medium;
}

Result<std::vector<WipedMedium>> parse_media(const Json& json) {
  TRY(items, json.array_at("media"));
  if (items->size() > kMaxWipedMedia) return make_error(ErrorCode::kInvalidInput, "too many media");
  std::vector<WipedMedium> media;
  for (const Json& item : *items) {
    TRY(medium, parse_medium(item));
    media.push_back(std::move(medium));
  }
  return media;
}

Result<std::vector<std::string>> parse_who(const Json& json) {
  TRY(items, json.array_at("who"));
  std::vector<std::string> who;
  for (const Json& item : *items) {
    if (item.as_string() == nullptr || item.as_string()->size() > kMaxText || who.size() >= kMaxSignatures) {
      return make_error(ErrorCode::kInvalidInput, "\"who\" is no list of holders");
    }
    who.push_back(*item.as_string());
  }
  return who;
}

constexpr std::array kTexts = {std::pair{"make", &WipeCertificate::make},
                               std::pair{"model", &WipeCertificate::model},
                               std::pair{"serial", &WipeCertificate::serial},
                               std::pair{"asset", &WipeCertificate::asset},
                               std::pair{"technique", &WipeCertificate::technique},
                               std::pair{"tool", &WipeCertificate::tool},
                               std::pair{"verification", &WipeCertificate::verification},
                               std::pair{"where", &WipeCertificate::where}};

Result<Sanitization> parse_method(const Json& json) {
  TRY(name, json.string_at("method"));
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return make_error(ErrorCode::kInvalidInput, "no such method");
  return static_cast<Sanitization>(found - kNames.begin());
}

Result<WipeCertificate> parse_fields(ByteView payload) {
  TRY(json, parse_object_v1(payload, kMaxWipeCertificateBytes));
  WipeCertificate out;
  TRY(school, json.hex_array_at<32>("school"));
  TRY(device, json.hex_array_at<32>("device"));
  TRY(order, json.hex_array_at<16>("order"));
  TRY(root, number_at(json, "root", kMaxInteger, 1));
  for (const auto& [key, field] : kTexts) {
    TRY(text, text_at(json, key));
    out.*field = std::move(text);
  }
  TRY(media, parse_media(json));
  TRY(method, parse_method(json));
  TRY(who, parse_who(json));
  TRY(when, number_at(json, "when"));
  out.school = school;
  out.device = device;
  out.order = order;
  out.root = root;
  out.media = std::move(media);
  out.method = method;
  out.who = std::move(who);
  out.when = when;
  return out;
}

// Every root from the pinned one on.
Result<std::vector<VerifiedRoot>> walk_roots(const std::vector<Bytes>& envelopes, const SchoolId& school) {
  if (envelopes.empty()) return refuse(Check::kWipeRecordForm, "no root");
  TRY(first, VerifiedRoot::open_first({envelopes.front()}, school));
  std::vector<VerifiedRoot> roots{std::move(first)};
  for (std::size_t i = 1; i < envelopes.size(); ++i) {
    TRY(next, roots.back().open_next({envelopes[i]}));
    roots.push_back(std::move(next));
  }
  return roots;
}

// Certified by the server's key of that time, whichever root that was.
Result<DeviceCertificate> open_by_any(const Bytes& envelope, const std::vector<VerifiedRoot>& roots) {
  auto opened = open_certificate({envelope}, roots.back());
  for (auto root = roots.rbegin() + 1; !opened && root != roots.rend(); ++root) opened = open_certificate({envelope}, *root);
  return opened;
}

bool signed_by_server(const Bytes& envelope, const std::vector<VerifiedRoot>& roots) {
  return std::ranges::any_of(roots, [&](const VerifiedRoot& root) {
    return open_envelope(envelope, PayloadType::kWipeCertificate, role_ring(root.root(), Role::kReceipts), kMaxWipeCertificateBytes).has_value();
  });
}

}  // namespace

std::string_view sanitization_name(Sanitization sanitization) { return kNames[static_cast<std::size_t>(sanitization)]; }

Sanitization decide_sanitization(const std::vector<WipedMedium>& media) {
  bool any = false, any_flash = false;
  for (const WipedMedium& medium : media) {
    if (!medium.kept_for.empty()) continue;
    any = true;
    if (!medium.is_encrypted || !medium.is_verified) return Sanitization::kClearBestEffort;
    any_flash = any_flash || medium.is_flash;
  }
  if (!any) return Sanitization::kClearBestEffort;
  return any_flash ? Sanitization::kClear : Sanitization::kPurge;
}

Bytes make_wipe_certificate_payload(const WipeCertificate& certificate) {
  Json::Array media;
  for (const WipedMedium& medium : certificate.media) media.push_back(medium_json(medium));
  Json::Object json{{"v", 1},
                    {"school", to_hex(certificate.school)},
                    {"device", to_hex(certificate.device)},
                    {"order", to_hex(certificate.order)},
                    {"root", certificate.root},
                    {"media", std::move(media)},
                    {"method", sanitization_name(certificate.method)},
                    {"who", Json::Array(certificate.who.begin(), certificate.who.end())},
                    {"when", certificate.when}};
  for (const auto& [key, field] : kTexts) json[key] = certificate.*field;
  return to_bytes(Json(std::move(json)).dump());
}

Result<WipeCertificate> parse_wipe_certificate(ByteView payload) {
  TRY(certificate, in_check(Check::kWipeForm, parse_fields(payload)));
  if (certificate.method < decide_sanitization(certificate.media)) return refuse(Check::kWipeMethod, sanitization_name(certificate.method));
  return certificate;
}

Result<WipeCertificate> open_wipe_certificate(const RawBlob& blob, const DeviceCertificate& device) {
  const KeyRing ring{{key_id(device.device_key), device.device_key}};
  TRY(opened, open_envelope(blob.bytes, PayloadType::kWipeCertificate, ring, kMaxWipeCertificateBytes));
  TRY(certificate, parse_wipe_certificate(opened.payload));
  if (certificate.device != device.device || certificate.school != device.school) return refuse(Check::kWipeOwner);
  return certificate;
}

Bytes make_wipe_record(const WipeRecord& record) {
  Json::Array roots;
  for (const Bytes& root : record.roots) roots.push_back(to_base64(root));
  return to_bytes(Json(Json::Object{{"v", 1},
                                    {"certificate", to_base64(record.certificate)},
                                    {"device_certificate", to_base64(record.device_certificate)},
                                    {"order", to_base64(record.order)},
                                    {"roots", std::move(roots)}})
                      .dump(2) + "\n");
}

Result<WipeRecord> parse_wipe_record(ByteView file) {
  const auto parse = [&]() -> Result<WipeRecord> {
    TRY(json, parse_object_v1(file, kMaxKeptRootsBytes, kMaxKeptRootsValues));
    TRY(certificate, blob_at(json, "certificate", kMaxWipeCertificateBytes));
    TRY(device_certificate, blob_at(json, "device_certificate", kMaxOrderBytes));
    TRY(order, blob_at(json, "order", kMaxOrderBytes));
    TRY(roots, blobs_at(json, "roots", kMaxKeptRoots, kMaxRootBytes));
    return WipeRecord{std::move(certificate), std::move(device_certificate), std::move(order), std::move(roots)};
  };
  return in_check(Check::kWipeRecordForm, parse());
}

Result<VerifiedWipe> open_wipe_record(ByteView file, const SchoolId& school) {
  TRY(record, parse_wipe_record(file));
  TRY(roots, walk_roots(record.roots, school));
  TRY(device, open_by_any(record.device_certificate, roots));
  TRY(certificate, open_wipe_certificate({record.certificate}, device));
  if (static_cast<std::size_t>(certificate.root) > roots.size()) return refuse(Check::kWipeRecordForm, "its root is missing");
  const VerifiedRoot& root = roots[static_cast<std::size_t>(certificate.root) - 1];
  TRY(order, read_order({record.order}, root));
  TRY(holders, order_holders({record.order}, root));
  const bool same = order.kind == OrderKind::kWipe && order.id == certificate.order && order.device == certificate.device;
  if (!same || certificate.who != std::vector<std::string>(holders.begin(), holders.end())) return refuse(Check::kWipeOrder);
  return VerifiedWipe{std::move(certificate), std::move(order), device.hardware, roots.back().root().school_name,
                      signed_by_server(record.certificate, roots)};
}

}  // namespace caretaker::sync
