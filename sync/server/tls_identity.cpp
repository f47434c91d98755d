#include "sync/server/tls_identity.h"

#include <gnutls/abstract.h>
#include <gnutls/x509.h>

#include <memory>

namespace caretaker::server {
namespace {

constexpr UnixSeconds kTwentyYears = 20ll * 365 * 86400;

using Key = std::unique_ptr<gnutls_x509_privkey_int, decltype(&gnutls_x509_privkey_deinit)>;
using Certificate = std::unique_ptr<gnutls_x509_crt_int, decltype(&gnutls_x509_crt_deinit)>;
using Public = std::unique_ptr<gnutls_pubkey_st, decltype(&gnutls_pubkey_deinit)>;

// Memory that gnutls allocated.
struct Datum {
  gnutls_datum_t value{};
  Datum() = default;
  Datum(const Datum&) = delete;
  Datum& operator=(const Datum&) = delete;
  ~Datum() { gnutls_free(value.data); }
  [[nodiscard]] ByteView view() const { return {value.data, value.size}; }
};

Status check(int code, ErrorCode kind) {
  if (code >= 0) return ok();
  return make_error(kind, std::string("TLS identity: ") + gnutls_strerror(code));
}

Key new_key() {
  gnutls_x509_privkey_t key = nullptr;
  gnutls_x509_privkey_init(&key);
  return {key, gnutls_x509_privkey_deinit};
}

Certificate new_certificate() {
  gnutls_x509_crt_t certificate = nullptr;
  gnutls_x509_crt_init(&certificate);
  return {certificate, gnutls_x509_crt_deinit};
}

Result<Hash> spki_pin(gnutls_x509_crt_t certificate) {
  gnutls_pubkey_t raw = nullptr;
  gnutls_pubkey_init(&raw);
  const Public key(raw, gnutls_pubkey_deinit);
  Datum der;
  TRY_DONE(check(gnutls_pubkey_import_x509(key.get(), certificate, 0), ErrorCode::kDamaged));
  TRY_DONE(check(gnutls_pubkey_export2(key.get(), GNUTLS_X509_FMT_DER, &der.value), ErrorCode::kDamaged));
  return sha256(der.view());
}

Status fill(gnutls_x509_crt_t certificate, gnutls_x509_privkey_t key, const std::string& host, UnixSeconds now) {
  const auto serial = random_array<16>();
  int worst = 0;
  const auto note = [&worst](int code) { if (code < 0) worst = code; };
  note(gnutls_x509_crt_set_version(certificate, 3));
  note(gnutls_x509_crt_set_serial(certificate, serial.data(), serial.size()));
  note(gnutls_x509_crt_set_activation_time(certificate, now - 86400));
  note(gnutls_x509_crt_set_expiration_time(certificate, now + kTwentyYears));
  note(gnutls_x509_crt_set_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME, 0, host.data(), static_cast<unsigned>(host.size())));
  note(gnutls_x509_crt_set_subject_alt_name(certificate, GNUTLS_SAN_DNSNAME, host.data(), static_cast<unsigned>(host.size()), GNUTLS_FSAN_SET));
  note(gnutls_x509_crt_set_key(certificate, key));
  note(gnutls_x509_crt_sign2(certificate, certificate, key, GNUTLS_DIG_SHA256, 0));
  return check(worst, ErrorCode::kInternal);
}

}  // namespace

Result<TlsIdentity> make_tls_identity(const std::string& host, UnixSeconds now) {
  const Key key = new_key();
  const Certificate certificate = new_certificate();
  const unsigned bits = GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1);
  TRY_DONE(check(gnutls_x509_privkey_generate(key.get(), GNUTLS_PK_ECDSA, bits, 0), ErrorCode::kInternal));
  TRY_DONE(fill(certificate.get(), key.get(), host, now));
  Datum key_pem, certificate_pem;
  TRY_DONE(check(gnutls_x509_privkey_export2(key.get(), GNUTLS_X509_FMT_PEM, &key_pem.value), ErrorCode::kInternal));
  TRY_DONE(check(gnutls_x509_crt_export2(certificate.get(), GNUTLS_X509_FMT_PEM, &certificate_pem.value), ErrorCode::kInternal));
  return read_tls_identity(std::string(as_text(key_pem.view())), std::string(as_text(certificate_pem.view())));
}

Result<TlsIdentity> read_tls_identity(std::string key_pem, std::string certificate_pem) {
  const auto datum = [](std::string& text) {
    return gnutls_datum_t{reinterpret_cast<unsigned char*>(text.data()), static_cast<unsigned>(text.size())};
  };
  const Key key = new_key();
  const Certificate certificate = new_certificate();
  const gnutls_datum_t key_datum = datum(key_pem);
  const gnutls_datum_t certificate_datum = datum(certificate_pem);
  TRY_DONE(check(gnutls_x509_privkey_import(key.get(), &key_datum, GNUTLS_X509_FMT_PEM), ErrorCode::kDamaged));
  TRY_DONE(check(gnutls_x509_crt_import(certificate.get(), &certificate_datum, GNUTLS_X509_FMT_PEM), ErrorCode::kDamaged));
  std::array<unsigned char, 20> of_key{}, of_certificate{};
  std::size_t size = of_key.size();
  TRY_DONE(check(gnutls_x509_privkey_get_key_id(key.get(), 0, of_key.data(), &size), ErrorCode::kDamaged));
  size = of_certificate.size();
  TRY_DONE(check(gnutls_x509_crt_get_key_id(certificate.get(), 0, of_certificate.data(), &size), ErrorCode::kDamaged));
  if (of_key != of_certificate) return make_error(ErrorCode::kDamaged, "TLS key and certificate do not belong together");
  TRY(pin, spki_pin(certificate.get()));
  return TlsIdentity{std::move(key_pem), std::move(certificate_pem), pin};
}

}  // namespace caretaker::server
