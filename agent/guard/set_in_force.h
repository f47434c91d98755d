// A set file of the guard's own, mapped, and found to be what a verified manifest names. One thread.
#pragma once

#include <filesystem>
#include <optional>

#include "platform/files.h"
#include "policy/set_content.h"
#include "sync/bundle.h"

namespace caretaker::agent {

class SetInForce {
 public:
  // Walks the whole file and compares counts and both content hashes with the manifest. kUnauthentic: other content;
  // kDamaged: not a set file. Nobody else may be able to write to the file.
  [[nodiscard]] static Result<SetInForce> open(const std::filesystem::path& path, const sync::ListsManifest& manifest);
  // One that was opened before it was installed, at a start: header, tables and index are checked at once, the rest by
  // check_part(), because a filter that waits for the whole walk answers nobody meanwhile.
  [[nodiscard]] static Result<SetInForce> open_installed(const std::filesystem::path& path);

  [[nodiscard]] bool is_checked() const { return !walk_; }
  void check_again() { walk_.emplace(view_); }
  // Some milliseconds' worth of what open() does. An error as there: the file has been damaged since.
  [[nodiscard]] Status check_part(const sync::ListsManifest& manifest);
  [[nodiscard]] const policy::SetView& view() const { return view_; }

 private:
  SetInForce(platform::MappedFile file, policy::SetView view)
      : file_(std::move(file)), view_(std::move(view)), walk_(policy::ContentWalk(view_)) {}
  platform::MappedFile file_;
  policy::SetView view_;  // looks into file_
  std::optional<policy::ContentWalk> walk_;  // until it is done
};

}  // namespace caretaker::agent
