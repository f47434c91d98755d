// Real lists and foreign test vectors are no part of the repository: $CARETAKER_SHARED has them, or ../shared beside the checkout.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace caretaker::tests {

// Path of a file below the shared folder; empty where it is not there.
inline std::filesystem::path shared_file(const std::string& name) {
  const char* folder = std::getenv("CARETAKER_SHARED");
  const auto path = std::filesystem::path(folder != nullptr ? folder : CARETAKER_SOURCE_DIR "/../shared") / name;
  return std::filesystem::exists(path) ? path : std::filesystem::path();
}

inline std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace caretaker::tests
