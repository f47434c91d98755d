#include "agent/control_fields.h"

namespace caretaker::agent {

void write_texts(ByteWriter& out, const std::vector<std::string>& texts) {
  out.u32(static_cast<std::uint32_t>(texts.size()));
  for (const std::string& text : texts) out.sized(std::string_view(text).substr(0, kMaxShortText));
}

bool read_texts(ByteReader& in, std::vector<std::string>& texts, std::size_t max_count) {
  const std::uint32_t count = in.u32();
  if (count > max_count) return false;
  for (std::uint32_t i = 0; i < count && in.ok(); ++i) texts.push_back(in.text(kMaxShortText));
  return in.ok();
}

void write_blobs(ByteWriter& out, const std::vector<Bytes>& blobs) {
  out.u32(static_cast<std::uint32_t>(blobs.size()));
  for (const Bytes& blob : blobs) out.sized(blob);
}

bool read_blobs(ByteReader& in, std::vector<Bytes>& blobs) {
  const std::uint32_t count = in.u32();
  if (count > kMaxBlobs) return false;
  for (std::uint32_t i = 0; i < count && in.ok(); ++i) blobs.push_back(to_bytes(in.sized(kMaxBlob)));
  return in.ok();
}

Bytes make_flag(bool flag) { return {static_cast<std::uint8_t>(flag ? 1 : 0)}; }

Result<bool> parse_flag(ByteView fields) {
  if (fields.size() != 1 || fields[0] > 1) return malformed("flag");
  return fields[0] == 1;
}

Bytes make_text(std::string_view text, std::size_t max) {
  ByteWriter out;
  out.sized(text.substr(0, max));
  return std::move(out).take();
}

Result<std::string> parse_text(ByteView fields, std::size_t max, const char* what) {
  ByteReader in(fields);
  std::string text = in.text(max);
  if (!in.at_end()) return malformed(what);
  return text;
}

Bytes make_blob(ByteView blob) {
  ByteWriter out;
  out.sized(blob);
  return std::move(out).take();
}

Result<Bytes> parse_blob(ByteView fields) {
  ByteReader in(fields);
  Bytes out = to_bytes(in.sized(kMaxBlob));
  if (!in.at_end()) return malformed("blob");
  return out;
}

}  // namespace caretaker::agent
