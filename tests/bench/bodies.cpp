#include "tests/bench/bodies.h"

#include <cstdio>

#include "tests/bench/loopback.h"

namespace caretaker::bench {
namespace {

struct Head {
  std::uint32_t sender, size;
};

}  // namespace

BodyWriter::BodyWriter(const std::filesystem::path& file) : file_(std::fopen(file.c_str(), "wb")) {
  if (!file_) give_up("cannot write " + file.string());
}

BodyWriter::~BodyWriter() {
  if (std::fclose(file_) != 0) give_up("the bodies could not be written");
}

void BodyWriter::add(std::uint32_t sender, ByteView bytes) {
  const Head head{sender, static_cast<std::uint32_t>(bytes.size())};
  if (std::fwrite(&head, sizeof(head), 1, file_) != 1 || std::fwrite(bytes.data(), bytes.size(), 1, file_) != 1) {
    give_up("the bodies could not be written");
  }
}

std::vector<Body> read_bodies(const std::filesystem::path& path, std::size_t first, std::size_t count) {
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (!file) give_up("cannot read " + path.string());
  std::vector<Body> bodies;
  Head head{};
  for (std::size_t i = 0; i < first + count && std::fread(&head, sizeof(head), 1, file) == 1; ++i) {
    if (i < first) {
      if (std::fseek(file, head.size, SEEK_CUR) != 0) give_up(path.string() + " is cut off");
      continue;
    }
    Body body{head.sender, Bytes(head.size)};
    if (std::fread(body.bytes.data(), head.size, 1, file) != 1) give_up(path.string() + " is cut off");
    bodies.push_back(std::move(body));
  }
  std::fclose(file);
  if (bodies.size() != count) give_up(path.string() + " has too few bodies");
  return bodies;
}

}  // namespace caretaker::bench
