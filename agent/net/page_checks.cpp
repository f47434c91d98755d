#include "agent/net/page_checks.h"

#include <algorithm>

#include "platform/base/text.h"

namespace caretaker::agent {
namespace {

std::string_view header(const PageRequest& request, const char* name) {
  const auto found = request.headers.find(name);
  return found == request.headers.end() ? std::string_view() : std::string_view(found->second);
}

// A browser says nothing here when it is too old, or the host is a name.
bool comes_from_user(const PageRequest& request) {
  const std::string_view site = header(request, "sec-fetch-site");
  if (site.empty() || site == "same-origin" || site == "none") return true;
  const bool opens_page = header(request, "sec-fetch-mode") == "navigate" && header(request, "sec-fetch-dest") == "document";
  return request.method == "GET" && opens_page;
}

bool is_own_form(const PageRequest& request, const std::string& host) {
  const std::string type = lower_case(std::string(header(request, "content-type")));
  const std::string_view kind = std::string_view(type).substr(0, type.find(';'));
  return header(request, "origin") == "http://" + host && kind == "application/x-www-form-urlencoded";
}

}  // namespace

PageVerdict decide_request(const PageRequest& request, const std::vector<std::string>& own) {
  const std::string host = lower_case(std::string(header(request, "host")));
  if (std::find(own.begin(), own.end(), host) == own.end()) {
    return request.method == "GET" ? PageVerdict::kElsewhere : PageVerdict::kForeign;
  }
  if (!comes_from_user(request)) return PageVerdict::kForeign;
  if (request.method == "POST" && !is_own_form(request, host)) return PageVerdict::kForeign;
  return PageVerdict::kServe;
}

}  // namespace caretaker::agent
