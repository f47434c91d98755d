// Brings the set file that the guard waits for, piece by piece into a file, and goes on where it was cut off. Never held in
// memory. What comes is not believed: the guard walks it. One thread.
#pragma once

#include <filesystem>
#include <functional>

#include "agent/control_net.h"
#include "platform/files.h"
#include "platform/http_transport.h"

namespace caretaker::agent {

class SetDownload {
 public:
  // `work`: a folder of net's own, on the same file system as the guard's state.
  explicit SetDownload(std::filesystem::path work) : work_(std::move(work)) {}

  // The whole file, open for reading. An error: call again later, it goes on from what has come. `go_on` is asked between
  // pieces.
  [[nodiscard]] Result<platform::OpenFile> fetch(platform::HttpTransport& server, const WantedSet& wanted,
                                                 const std::function<bool()>& go_on);
  // The same out of what the server has of its difference to `base`, the file in force, by policy/set_delta.h. kNotFound: there is no
  // delta for this pair, or it was no good, and fetch() is to be asked.
  [[nodiscard]] Result<platform::OpenFile> fetch_delta(platform::HttpTransport& server, const WantedSet& wanted, platform::OpenFile base,
                                                       const std::function<bool()>& go_on);
  // It is installed, or it was no good.
  [[nodiscard]] Status forget(const WantedSet& wanted);

 private:
  [[nodiscard]] std::filesystem::path part(const WantedSet& wanted) const;
  [[nodiscard]] std::filesystem::path delta_part(const WantedSet& wanted) const;
  [[nodiscard]] Status bring_delta(platform::HttpTransport& server, const WantedSet& wanted, const std::function<bool()>& go_on) const;
  [[nodiscard]] Status apply_delta(const WantedSet& wanted, platform::OpenFile base, const std::function<bool()>& go_on) const;
  void remove_others(const WantedSet& wanted) const;

  std::filesystem::path work_;
  std::optional<Hash> without_delta_;  // a file whose delta was no good
};

}  // namespace caretaker::agent
