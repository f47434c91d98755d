// The thread of caretaker-net that belongs to the server: check-ins at their times, and the set file when one is waited for.
// Everything that comes down goes to the guard as it is.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "agent/guard_client.h"
#include "agent/net/set_download.h"
#include "platform/http_transport.h"

namespace caretaker::agent {

class Uplink {
 public:
  // `on_news`: the guard has taken something in; called on the thread of run().
  Uplink(std::filesystem::path socket, std::filesystem::path work, std::function<void()> on_news)
      : socket_(std::move(socket)), download_(std::move(work)), on_news_(std::move(on_news)) {}

  // Until stop().
  void run();
  void stop();     // any thread
  void hurry();    // any thread: a check-in within seconds, though never two of these within a minute

 private:
  struct Due {
    MonotonicMs checkin = 0;
    MonotonicMs download = 0;
    int checkin_failures = 0;
    int download_failures = 0;
  };
  [[nodiscard]] bool wait(MonotonicMs until);
  [[nodiscard]] MonotonicMs next_look(const Result<UplinkAnswer>& uplink) const;
  [[nodiscard]] Result<UplinkAnswer> ask_guard();
  void on_answer(const UplinkAnswer& uplink);
  [[nodiscard]] Status choose_server(const UplinkAnswer& uplink);
  void check_in(const UplinkAnswer& uplink);
  [[nodiscard]] Status exchange(bool& more, std::optional<int>& retry_after_s);
  void bring_set(const WantedSet& wanted);
  [[nodiscard]] Status offer(const WantedSet& wanted);

  std::filesystem::path socket_;
  SetDownload download_;
  std::function<void()> on_news_;
  std::optional<GuardClient> guard_;
  std::unique_ptr<platform::HttpTransport> server_;
  std::string server_key_;      // url and pins that server_ was made for
  std::size_t server_index_ = 0;
  std::uint32_t interval_s_ = 900;
  Due due_;
  bool asked_ = false;         // the guard, at least once
  bool was_enrolled_ = false;  // by its last answer

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  bool hurry_ = false;
  MonotonicMs hurried_ = INT64_MIN / 2;
};

}  // namespace caretaker::agent
