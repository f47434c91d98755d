#include "agent/control.h"

namespace caretaker::agent {
namespace {

constexpr std::size_t kMaxMessage = 1000;

}  // namespace

Bytes make_request(Ask ask, ByteView fields) {
  ByteWriter out;
  out.u8(static_cast<std::uint8_t>(ask));
  out.raw(fields);
  return std::move(out).take();
}

Result<Request> parse_request(ByteView frame) {
  if (frame.empty()) return make_error(ErrorCode::kInvalidInput, "an empty request");
  return Request{frame[0], frame.subspan(1)};
}

Bytes make_answer(ByteView fields) {
  ByteWriter out;
  out.u8(0);
  out.raw(fields);
  return std::move(out).take();
}

Bytes make_error_answer(const Error& error) {
  ByteWriter out;
  out.u8(static_cast<std::uint8_t>(static_cast<int>(error.code) + 1));
  out.sized(std::string_view(error.message).substr(0, kMaxMessage));
  return std::move(out).take();
}

Result<ByteView> parse_answer(ByteView frame) {
  if (frame.empty()) return make_error(ErrorCode::kInvalidInput, "an empty answer");
  if (frame[0] == 0) return frame.subspan(1);
  const int code = frame[0] - 1;
  ByteReader in(frame.subspan(1));
  std::string message = in.text(kMaxMessage);
  if (code > static_cast<int>(ErrorCode::kInternal) || !in.at_end()) {
    return make_error(ErrorCode::kInvalidInput, "an answer that is neither fields nor an error");
  }
  return make_error(static_cast<ErrorCode>(code), std::move(message));
}

}  // namespace caretaker::agent
