// A file of request bodies made beforehand, so that who sends them does nothing else: each with the number of its sender.
#pragma once

#include <filesystem>
#include <vector>

#include "platform/base/bytes.h"

namespace caretaker::bench {

struct Body {
  std::uint32_t sender = 0;
  Bytes bytes;
};

class BodyWriter {
 public:
  explicit BodyWriter(const std::filesystem::path& file);
  ~BodyWriter();
  BodyWriter(const BodyWriter&) = delete;
  BodyWriter& operator=(const BodyWriter&) = delete;
  void add(std::uint32_t sender, ByteView bytes);

 private:
  std::FILE* file_;
};

// `count` bodies from the one at `first` on.
[[nodiscard]] std::vector<Body> read_bodies(const std::filesystem::path& file, std::size_t first, std::size_t count);

}  // namespace caretaker::bench
