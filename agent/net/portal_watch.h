// The thread of caretaker-net that looks for a network's login page: when the school's server is out of reach, or a program asks the same
// thing. What it finds is a stranger's word; the guard decides what becomes of it.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>

#include "agent/net/portal_probe.h"
#include "policy/portal.h"

namespace caretaker::agent {

class PortalWatch {
 public:
  struct Hooks {
    std::function<void()> ask_server;  // for a sign of life, within seconds
    std::function<void()> on_open;     // a name was opened
    std::function<void()> on_login;    // people log in now (a name was opened), or have, as it seems (the page is gone)
  };
  PortalWatch(std::filesystem::path socket, Hooks hooks, PortalProbe probe = {})
      : socket_(std::move(socket)), hooks_(std::move(hooks)), probe_(std::move(probe)) {}

  void run();  // until stop()
  // Any thread; none of them blocks.
  void stop();
  void on_question();     // a program asks whether there is a login page
  void on_unreachable();  // the school's server was just tried in vain

 private:
  [[nodiscard]] bool wait_for_reason();
  [[nodiscard]] bool wait_for_server();
  void look();
  [[nodiscard]] std::optional<policy::PortalVerdict> report(const std::string& host);

  std::filesystem::path socket_;
  Hooks hooks_;
  PortalProbe probe_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::stop_source stopping_;
  bool asked_ = false;
  bool unreachable_ = false;
  int looks_more_ = 0;  // that nobody has to ask for
  int found_ = 0;       // looks in a row that found a page while the school's server was out of reach; of run() alone
};

}  // namespace caretaker::agent
