// The set files that published lists name, each under its own hash. One thread.
#pragma once

#include <filesystem>

#include "platform/files.h"
#include "sync/server/fleet_store.h"

namespace caretaker::server {

class SetFiles {
 public:
  explicit SetFiles(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // The size of the file if published lists wait for it; 0: nobody does.
  [[nodiscard]] std::size_t awaited_size(FleetStore& store, const Hash& file) const;
  // Exactly the awaited bytes, or nothing: kNotFound (nobody waits), kInvalidInput (another size), kUnauthentic (another hash).
  [[nodiscard]] Status accept(FleetStore& store, const Hash& file, ByteView bytes);
  [[nodiscard]] Result<platform::MappedFile> open(FleetStore& store, const Hash& file) const;

 private:
  [[nodiscard]] std::filesystem::path path(const Hash& file) const { return folder_ / to_hex(file); }
  std::filesystem::path folder_;
};

}  // namespace caretaker::server
