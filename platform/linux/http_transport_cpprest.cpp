// HttpTransport by cpprestsdk, and the only file that knows it. The library bounds neither headers nor body nor the time of a
// whole exchange, so all three are counted here: an Exchange watches every TLS record and every piece of body, and the
// caller's thread ends the connection as soon as one is too many.
#include "platform/http_transport.h"

#include <cpprest/http_client.h>
#include <cpprest/interopstream.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <pplx/threadpool.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <streambuf>

// Takes the place of OpenSSL's: the library calls it for each connection, and to read 140 authorities takes 20 ms of CPU and a megabyte,
// which nobody needs who has pins. prepare_tls() reads them where somebody does.
extern "C" int SSL_CTX_set_default_verify_paths(SSL_CTX*) { return 1; }

namespace caretaker::platform {
namespace {

namespace http = web::http;

constexpr std::size_t kMaxBeforeBody = 256u << 10;  // handshake and headers, as they come over the wire
constexpr std::size_t kBodyOverhead = 1u << 20;     // TLS records and chunk headers, beyond as much again as the body

// What one send() knows. Shared with the library, which may hold on to it after the caller has given up.
class Exchange : private std::streambuf, public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(std::vector<Hash> pins, const HttpLimits& limits, const HttpTransport::BodySink& sink)
      : pins_(std::move(pins)), limits_(limits), sink_(sink) {}

  [[nodiscard]] std::ostream& body_stream() { return stream_; }
  [[nodiscard]] pplx::cancellation_token token() const { return cancel_.get_token(); }
  [[nodiscard]] const std::vector<Hash>& pins() const { return pins_; }

  // From the library's threads.
  void on_wire(std::size_t bytes);
  void on_head(const http::http_response& head);
  void on_end();
  void fail(Error error);

  // The caller's thread: until the end, an error or the timeout; afterwards the sink is not called any more.
  [[nodiscard]] Result<HttpResponse> wait();

 private:
  std::streamsize xsputn(const char* text, std::streamsize size) override;
  int_type overflow(int_type) override { return traits_type::eof(); }
  void take(ByteView piece);
  void fail_locked(Error error);

  const std::vector<Hash> pins_;
  const HttpLimits limits_;
  const HttpTransport::BodySink sink_;
  pplx::cancellation_token_source cancel_;
  std::ostream stream_{this};

  std::mutex mutex_;
  std::condition_variable changed_;
  HttpResponse response_;
  std::optional<Error> error_;
  Bytes early_;  // body that came before the library told the status
  std::uint64_t wire_bytes_ = 0;
  std::uint64_t body_bytes_ = 0;
  bool ended_ = false;
  bool closed_ = false;
};

void Exchange::fail_locked(Error error) {
  if (!error_) error_ = std::move(error);
  changed_.notify_all();
}

void Exchange::fail(Error error) {
  std::lock_guard lock(mutex_);
  fail_locked(std::move(error));
}

void Exchange::on_wire(std::size_t bytes) {
  std::lock_guard lock(mutex_);
  wire_bytes_ += bytes;
  const std::uint64_t allowed = body_bytes_ == 0 ? kMaxBeforeBody : 2 * std::uint64_t{limits_.max_body} + kBodyOverhead;
  if (wire_bytes_ > allowed) fail_locked(make_error(ErrorCode::kTooLarge, "the server sends too much"));
}

// Never refuses: the library has no clean way to hear of it. What is too much is dropped, and wait() ends the connection.
std::streamsize Exchange::xsputn(const char* text, std::streamsize size) {
  std::lock_guard lock(mutex_);
  const ByteView piece = as_bytes({text, static_cast<std::size_t>(size)});
  if (closed_ || error_) return size;
  body_bytes_ += piece.size();
  if (body_bytes_ > limits_.max_body) {
    fail_locked(make_error(ErrorCode::kTooLarge, "the answer is longer than " + std::to_string(limits_.max_body) + " bytes"));
  } else if (response_.status == 0) {
    early_.insert(early_.end(), piece.begin(), piece.end());
  } else {
    take(piece);
  }
  return size;
}

void Exchange::take(ByteView piece) {
  const bool success = response_.status >= 200 && response_.status < 300;
  if (!success || !sink_) {
    response_.body.insert(response_.body.end(), piece.begin(), piece.end());
  } else if (auto status = sink_(piece); !status) {
    fail_locked(status.error());
  }
}

std::optional<int> retry_after(const http::http_response& head) {
  const auto header = head.headers().find("Retry-After");
  if (header == head.headers().end()) return std::nullopt;
  const std::string& text = header->second;
  const bool seconds = !text.empty() && text.size() <= 6 && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!seconds) return std::nullopt;
  return std::stoi(text);
}

void Exchange::on_head(const http::http_response& head) {
  std::lock_guard lock(mutex_);
  response_.status = head.status_code();
  response_.retry_after_s = retry_after(head);
  if (head.headers().content_length() > limits_.max_body) {
    return fail_locked(make_error(ErrorCode::kTooLarge, "the answer announces " +
                                  std::to_string(head.headers().content_length()) + " bytes"));
  }
  if (!early_.empty() && !closed_ && !error_) take(std::exchange(early_, {}));
}

void Exchange::on_end() {
  std::lock_guard lock(mutex_);
  ended_ = true;
  changed_.notify_all();
}

Result<HttpResponse> Exchange::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, limits_.timeout, [this] { return ended_ || error_; });
  closed_ = true;
  if (!ended_ || error_) {
    // On the library's own thread: a connection that is closed by another one while it reads ends the process.
    crossplat::threadpool::shared_instance().service().post([self = shared_from_this()] { self->cancel_.cancel(); });
  }
  if (error_) return *error_;
  if (!ended_) return make_error(ErrorCode::kUnavailable, "no whole answer within " + std::to_string(limits_.timeout.count()) + " s");
  return std::move(response_);
}

Result<Hash> spki_hash(X509* certificate) {
  X509_PUBKEY* key = certificate ? X509_get_X509_PUBKEY(certificate) : nullptr;
  unsigned char* der = nullptr;
  const int size = key ? i2d_X509_PUBKEY(key, &der) : -1;
  if (size <= 0) return make_error(ErrorCode::kUnauthentic, "the server's certificate has no key");
  const Hash result = sha256({der, static_cast<std::size_t>(size)});
  OPENSSL_free(der);
  return result;
}

// Called by OpenSSL in place of its own judgement of the chain.
int judge_certificate(X509_STORE_CTX* context, void* argument) {
  auto& exchange = *static_cast<Exchange*>(argument);
  bool good = false;
  if (exchange.pins().empty()) {
    good = X509_verify_cert(context) == 1;
  } else if (auto pin = spki_hash(X509_STORE_CTX_get0_cert(context))) {
    good = std::find(exchange.pins().begin(), exchange.pins().end(), *pin) != exchange.pins().end();
  }
  if (!good) exchange.fail(make_error(ErrorCode::kUnauthentic, "the server's certificate is not the one we trust"));
  return good ? 1 : 0;
}

// The record header's last two bytes are the record's length (RFC 8446 section 5.1).
void count_record(int sent, int, int type, const void* bytes, std::size_t size, SSL*, void* argument) {
  if (sent != 0 || type != SSL3_RT_HEADER || size < 5) return;
  const auto* header = static_cast<const std::uint8_t*>(bytes);
  static_cast<Exchange*>(argument)->on_wire(size + (std::size_t{header[3]} << 8 | header[4]));
}

void prepare_tls(SSL_CTX* context, Exchange* exchange) {
  if (exchange->pins().empty()) X509_STORE_set_default_paths(SSL_CTX_get_cert_store(context));
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_cert_verify_callback(context, judge_certificate, exchange);
  SSL_CTX_set_msg_callback(context, count_record);
  SSL_CTX_set_msg_callback_arg(context, exchange);
}

http::client::http_client_config make_config(const std::shared_ptr<Exchange>& exchange, const HttpLimits& limits) {
  http::client::http_client_config config;
  config.set_timeout(limits.timeout);
  config.set_max_redirects(0);
  // The library keeps its configuration as long as any connection lives, and with it the Exchange that OpenSSL points to.
  config.set_ssl_context_callback([exchange](auto& context) { prepare_tls(context.native_handle(), exchange.get()); });
  return config;
}

http::http_request make_request(const HttpRequest& request, Exchange& exchange) {
  http::http_request out(request.method);
  out.set_request_uri(request.path);
  if (request.method == "POST") out.set_body(request.body);
  if (!request.content_type.empty()) out.headers().set_content_type(request.content_type);
  if (request.range_from > 0) out.headers().add("Range", "bytes=" + std::to_string(request.range_from) + "-");
  out.set_response_stream(concurrency::streams::stdio_ostream<std::uint8_t>(exchange.body_stream()));
  return out;
}

class CpprestTransport : public HttpTransport {
 public:
  CpprestTransport(web::uri base, std::vector<Hash> pins) : base_(std::move(base)), pins_(std::move(pins)) {}

  Result<HttpResponse> send(const HttpRequest& request, const HttpLimits& limits, const BodySink& sink) override {
    try {
      auto exchange = std::make_shared<Exchange>(pins_, limits, sink);
      http::client::http_client client(base_, make_config(exchange, limits));
      client.request(make_request(request, *exchange), exchange->token())
          .then([exchange](const http::http_response& head) {
            exchange->on_head(head);
            return head.content_ready();
          })
          .then([exchange](const pplx::task<http::http_response>& whole) { finish(*exchange, whole); });
      const std::stop_callback on_stop(limits.stop, [&exchange] {
        exchange->fail(make_error(ErrorCode::kUnavailable, "the request was given up"));
      });
      return exchange->wait();
    } catch (const std::exception& error) {
      return make_error(ErrorCode::kInvalidInput, std::string("cannot ask the server: ") + error.what());
    }
  }

 private:
  // Every task must be looked at: the library ends the process over an exception that nobody took.
  static void finish(Exchange& exchange, const pplx::task<http::http_response>& whole) {
    try {
      whole.get();
      exchange.on_end();
    } catch (const std::exception& error) {
      exchange.fail(make_error(ErrorCode::kUnavailable, std::string("cannot reach the server: ") + error.what()));
    }
  }

  const web::uri base_;
  const std::vector<Hash> pins_;
};

// The library ends its threads in a destructor that comes after exit()'s handlers, OpenSSL's own among them: a connection that
// is being closed just then would use what OpenSSL has freed. So OpenSSL leaves its memory to the end of the process.
void start_threads() {
  static std::once_flag once;
  std::call_once(once, [] {
    OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, nullptr);
    crossplat::threadpool::initialize_with_threads(1);  // no lock of the library covers a whole connection
  });
}

}  // namespace

Result<std::unique_ptr<HttpTransport>> make_http_transport(const std::string& base_url, std::vector<Hash> spki_pins) {
  try {
    web::uri base(base_url);
    if (base.scheme() != "https" || base.host().empty()) {
      return make_error(ErrorCode::kInvalidInput, "expected an https:// address, got \"" + base_url + "\"");
    }
    start_threads();
    return std::unique_ptr<HttpTransport>(std::make_unique<CpprestTransport>(std::move(base), std::move(spki_pins)));
  } catch (const std::exception& error) {
    return make_error(ErrorCode::kInvalidInput, "not an address: \"" + base_url + "\"");
  }
}

}  // namespace caretaker::platform
