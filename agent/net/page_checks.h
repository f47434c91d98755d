// Which requests to the device's own page are the user's own, and not those of a page somewhere that makes his browser send them.
// Pure; any thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace caretaker::agent {

struct PageRequest {
  std::string method;  // "GET" or "POST"
  std::string path;
  std::map<std::string, std::string> arguments;  // of the query string, decoded
  std::map<std::string, std::string> headers;    // names in lower case
  std::string body;
  std::optional<std::uint32_t> uid;  // whose socket it came from; nullopt: nobody can tell
};

enum class PageVerdict {
  kServe,
  kElsewhere,  // asked for another site's name: that name was answered with our address
  kForeign,    // another site's page, or not a browser that says where it comes from
};
// `own`: what stands in Host when we are meant ("caretaker.internal", with the port where it is not 80).
//  - Host is one of ours: a name that a foreign site points at us (DNS rebinding) reads and posts nothing.
//  - Sec-Fetch-Site, where there is one (browsers send it to a loopback address, not to a name by plain HTTP), is the page itself or the user; a link from elsewhere may only open a page, at the top.
//  - What is posted names our own page as its Origin, and is an ordinary form.
[[nodiscard]] PageVerdict decide_request(const PageRequest& request, const std::vector<std::string>& own);

}  // namespace caretaker::agent
