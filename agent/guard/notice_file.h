// What everybody who logs in is shown, in a file that the log-in reads (pam_motd on consoles, an autostart entry on desktops).
// One thread.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace caretaker::agent {

class NoticeFile {
 public:
  explicit NoticeFile(std::filesystem::path path) : path_(std::move(path)) {}
  // Writes it when it is not what was written last; an empty text takes the file away. What fails is tried again at the next call.
  void update(const std::string& text);

 private:
  std::filesystem::path path_;
  std::optional<std::string> written_;
};

}  // namespace caretaker::agent
