// A set file of the guard's own, mapped, and found to be what a verified manifest names. One thread.
#pragma once

#include <filesystem>

#include "platform/files.h"
#include "policy/set_file.h"
#include "sync/bundle.h"

namespace caretaker::agent {

class SetInForce {
 public:
  // Walks the whole file and compares counts and both content hashes with the manifest. kUnauthentic: other content;
  // kDamaged: not a set file. Nobody else may be able to write to the file.
  [[nodiscard]] static Result<SetInForce> open(const std::filesystem::path& path, const sync::ListsManifest& manifest);
  [[nodiscard]] const policy::SetView& view() const { return view_; }

 private:
  SetInForce(platform::MappedFile file, policy::SetView view) : file_(std::move(file)), view_(std::move(view)) {}
  platform::MappedFile file_;
  policy::SetView view_;  // looks into file_
};

}  // namespace caretaker::agent
