// Serves the device's own page over HTTP on loopback: libmicrohttpd on a thread of its own, which sleeps until somebody comes.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "agent/net/help_page.h"
#include "platform/http_server.h"

namespace caretaker::agent {

class PageServer {
 public:
  // `address`: "127.0.0.153:80"; port 0 takes a free one. `page` outlives the server.
  [[nodiscard]] static Result<std::unique_ptr<PageServer>> start(const std::string& address, HelpPage& page, const Clock& clock);

  [[nodiscard]] const platform::Endpoint& at() const { return at_; }
  [[nodiscard]] const std::string& url() const { return url_; }

 private:
  PageServer(platform::SocketOwners owners, HelpPage& page) : owners_(std::move(owners)), page_(page) {}
  [[nodiscard]] std::string name_peer(const platform::Endpoint& client);
  [[nodiscard]] platform::HttpReply answer(const std::string& method, const platform::HttpQuery& query);
  [[nodiscard]] platform::HttpService make_service();

  platform::SocketOwners owners_;  // the server's thread only
  HelpPage& page_;
  platform::Endpoint at_;
  std::string url_;
  std::vector<std::string> own_;
  std::atomic<bool> ready_ = false;  // at_ and own_ are known
  std::unique_ptr<platform::HttpServer> http_;  // last: its thread uses all of these
};

}  // namespace caretaker::agent
