// The thread of caretaker-net that belongs to the server: check-ins at their times, the set file when one is waited for, and in
// between a request that the server holds until it has something new. Everything that comes down goes to the guard as it is.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>

#include "agent/guard_client.h"
#include "agent/net/set_download.h"
#include "platform/http_transport.h"
#include "sync/timing.h"

namespace caretaker::agent {

class Uplink {
 public:
  // `on_news`: the guard has taken something in; called on the thread of run().
  Uplink(std::filesystem::path socket, std::filesystem::path work, std::function<void()> on_news)
      : socket_(std::move(socket)), download_(std::move(work)), on_news_(std::move(on_news)) {}

  // Called on the thread of run() when the server could not be reached, or was not the one that we know. Before run().
  void on_unreachable(std::function<void()> tell) { tell_unreachable_ = std::move(tell); }

  // Until stop().
  void run();
  void stop();     // any thread
  void hurry();    // any thread: a check-in within seconds, though never two of these within a minute
  void on_login(); // any thread: people log in to the network at hand, or have, so a server out of reach is tried as after the first failure

 private:
  struct Due {
    MonotonicMs checkin = 0;
    MonotonicMs download = 0;
    MonotonicMs hold = 0;
    int checkin_failures = 0;
    int download_failures = 0;
    int hold_failures = 0;
  };
  [[nodiscard]] bool wait(MonotonicMs until);
  [[nodiscard]] MonotonicMs next_look(const Result<UplinkAnswer>& uplink) const;
  [[nodiscard]] Result<UplinkAnswer> ask_guard();
  void on_answer(const UplinkAnswer& uplink);
  [[nodiscard]] Status choose_server(const UplinkAnswer& uplink);
  void check_in(const UplinkAnswer& uplink);
  [[nodiscard]] Status exchange(bool& more, std::optional<int>& retry_after_s);
  [[nodiscard]] MonotonicMs hold_room(const UplinkAnswer& uplink, MonotonicMs from) const;
  void hold(MonotonicMs room);
  [[nodiscard]] Status wait_for_news(MonotonicMs room, const std::stop_token& stop);
  void bring_set(const WantedSet& wanted);
  [[nodiscard]] Result<platform::OpenFile> bring(const WantedSet& wanted, const std::function<bool()>& go_on);
  [[nodiscard]] Status offer(const WantedSet& wanted);

  std::filesystem::path socket_;
  SetDownload download_;
  std::function<void()> on_news_;
  std::function<void()> tell_unreachable_;
  std::optional<GuardClient> guard_;
  std::unique_ptr<platform::HttpTransport> server_;
  std::string server_key_;      // url and pins that server_ was made for
  std::size_t server_index_ = 0;
  std::uint32_t interval_s_ = 900;
  Due due_;
  std::string mark_;           // of the last answer; empty: the server holds no requests
  bool tell_soon_ = false;     // of the last answer
  bool was_reached_ = false;   // by the last check-in: somebody with the server's key answered something
  bool turned_away_ = false;   // the last check-in, by an answer of the server: it is not asked again before its time
  bool is_looking_ = false;    // for a server that may be in reach at any moment
  bool hinted_ = false;        // something is new, and the check-in that brings it has not been yet
  sync::HintBudget hints_;
  bool asked_ = false;         // the guard, at least once
  bool was_enrolled_ = false;  // by its last answer

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  bool hurry_ = false;
  bool login_ = false;
  MonotonicMs hurried_ = INT64_MIN / 2;
  std::stop_source holding_;   // ends the held request
};

}  // namespace caretaker::agent
