#include "agent/guard/notice_file.h"

#include "platform/base/log.h"
#include "platform/files.h"

namespace caretaker::agent {

void NoticeFile::update(const std::string& text) {
  if (written_ == text) return;
  const Status done = text.empty() ? platform::remove_file(path_) : platform::replace_file(path_, as_bytes(text), 0644);
  if (done)
    written_ = text;
  else
    log_warning("notice", "users are not told at log-in: " + done.error().message);
}

}  // namespace caretaker::agent
