// Clients for tests that say whatever they are told to, however wrong.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <string_view>

namespace caretaker::test {

class PlainClient {
 public:
  explicit PlainClient(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval patience{60, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  ~PlainClient() { ::close(fd_); }
  PlainClient(const PlainClient&) = delete;
  PlainClient& operator=(const PlainClient&) = delete;

  [[nodiscard]] bool connected() const { return connected_; }
  [[nodiscard]] int fd() const { return fd_; }
  bool say(std::string_view text) { return ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL) > 0; }
  // What comes next, or "" when the server hangs up or is silent for a minute.
  std::string hear() {
    std::string text(4096, '\0');
    const auto size = ::recv(fd_, text.data(), text.size(), 0);
    return text.substr(0, size > 0 ? static_cast<std::size_t>(size) : 0);
  }

 private:
  int fd_;
  bool connected_ = false;
};

class TlsClient {
 public:
  explicit TlsClient(std::uint16_t port) : context_(SSL_CTX_new(TLS_client_method())), line_(port), tls_(SSL_new(context_)) {
    SSL_set_fd(tls_, line_.fd());
    connected_ = line_.connected() && SSL_connect(tls_) == 1;
  }
  ~TlsClient() {
    SSL_free(tls_);
    SSL_CTX_free(context_);
  }
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  [[nodiscard]] bool connected() const { return connected_; }
  // false once the server has hung up.
  bool say(std::string_view text) { return SSL_write(tls_, text.data(), static_cast<int>(text.size())) > 0; }
  std::string hear() {
    std::string text(4096, '\0');
    const int size = SSL_read(tls_, text.data(), static_cast<int>(text.size()));
    return text.substr(0, size > 0 ? static_cast<std::size_t>(size) : 0);
  }

 private:
  SSL_CTX* context_;
  PlainClient line_;
  SSL* tls_;
  bool connected_ = false;
};

}  // namespace caretaker::test
