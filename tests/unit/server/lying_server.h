// A TLS server for tests that says whatever it is told to, however wrong; one connection after another on its own thread.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <thread>

#include "sync/server/tls_identity.h"

namespace caretaker::test {

class LyingServer {
 public:
  // Writes bytes to the client; false once the client has gone.
  using Say = std::function<bool(std::string_view)>;
  using Lie = std::function<void(const Say&, const std::string& request)>;

  LyingServer(const server::TlsIdentity& identity, Lie lie) : lie_(std::move(lie)) {
    context_ = SSL_CTX_new(TLS_server_method());
    BIO* key = BIO_new_mem_buf(identity.key_pem.data(), static_cast<int>(identity.key_pem.size()));
    BIO* certificate = BIO_new_mem_buf(identity.certificate_pem.data(), static_cast<int>(identity.certificate_pem.size()));
    EVP_PKEY* parsed_key = PEM_read_bio_PrivateKey(key, nullptr, nullptr, nullptr);
    X509* parsed = PEM_read_bio_X509(certificate, nullptr, nullptr, nullptr);
    SSL_CTX_use_certificate(context_, parsed);
    SSL_CTX_use_PrivateKey(context_, parsed_key);
    X509_free(parsed);
    EVP_PKEY_free(parsed_key);
    BIO_free(key);
    BIO_free(certificate);
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    ::listen(listener_, 8);
    socklen_t size = sizeof address;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~LyingServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
    SSL_CTX_free(context_);
  }
  LyingServer(const LyingServer&) = delete;
  LyingServer& operator=(const LyingServer&) = delete;

  [[nodiscard]] std::string url() const { return "https://127.0.0.1:" + std::to_string(port_); }

 private:
  void serve() {
    for (int fd; (fd = ::accept(listener_, nullptr, nullptr)) >= 0; ::close(fd)) {
      const timeval patience{60, 0};
      ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
      SSL* tls = SSL_new(context_);
      SSL_set_fd(tls, fd);
      if (SSL_accept(tls) == 1) {
        std::string request = read(tls);
        if (request.starts_with("POST") && request.ends_with("\r\n\r\n")) request += read(tls);
        lie_([tls](std::string_view text) { return SSL_write(tls, text.data(), static_cast<int>(text.size())) > 0; }, request);
        SSL_shutdown(tls);
      }
      SSL_free(tls);
    }
  }

  static std::string read(SSL* tls) {
    std::string text(16384, '\0');
    const int size = SSL_read(tls, text.data(), static_cast<int>(text.size()));
    return text.substr(0, size > 0 ? static_cast<std::size_t>(size) : 0);
  }

  Lie lie_;
  SSL_CTX* context_ = nullptr;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace caretaker::test
