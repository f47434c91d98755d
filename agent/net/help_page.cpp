#include "agent/net/help_page.h"

#include "agent/net/page_form.h"
#include "platform/base/text.h"
#include "platform/users.h"
#include "policy/domain_name.h"

namespace caretaker::agent {
namespace {

PageReply file(std::string_view body, const char* type) { return {200, type, std::string(body), ""}; }
PageReply page(std::string body, int status = 200) { return {status, "text/html; charset=utf-8", std::string(std::move(body)), ""}; }

std::string field(const FormFields& fields, std::string_view name) {
  const auto found = fields.find(name);
  return found == fields.end() ? "" : found->second;
}

// What the status says beside the page: only for what was stored something was done.
int status_of(Sent sent) {
  switch (sent) {
    case Sent::kStored:
    case Sent::kAlready: return 200;
    case Sent::kTooMany: return 429;
    case Sent::kNotStored: return 503;
    default: return 400;
  }
}

}  // namespace

void HelpPage::set_filter(FilterPtr filter) {
  InForce next{std::move(filter)};
  const std::lock_guard lock(mutex_);
  std::swap(in_force_, next);
}

HelpPage::InForce HelpPage::in_force() const {
  const std::lock_guard lock(mutex_);
  return in_force_;
}

PageReader HelpPage::reader_of(const PageRequest& request) {
  PageReader reader;
  if (request.uid) {
    if (const auto user = platform::find_user(*request.uid); user && user->is_person) reader.user = user->name;
  }
  const InForce now = in_force();
  if (!now.filter) return reader;
  const AskerPtr asker = now.asker(request, clock_);
  if (asker->groups.size() == 1) reader.group = asker->groups.front()->name;
  const policy::Policy& policy = now.filter->policy;
  reader.school = policy.school;
  reader.notice = policy.notice;
  reader.worry_readers = policy::recipients_for(policy, "help.worried");
  reader.web_readers = policy::recipients_for(policy, "web.blocked");
  return reader;
}

PageReply HelpPage::why(const PageRequest& request, const PageReader& reader) {
  WhyView view;
  if (const auto typed = request.arguments.find("name"); typed != request.arguments.end()) view.typed = clean_text(typed->second);
  if (const auto name = policy::normalise_name(site_in(view.typed)); name) view.name = *name;
  const InForce now = in_force();
  view.known = now.filter != nullptr;
  if (view.known && !view.name.empty()) view.decision = decide(*now.asker(request, clock_), view.name);
  return page(why_page(reader, view, tokens_.make(request.uid, clock_.monotonic_ms())), view.name.empty() ? 400 : 200);
}

PageReply HelpPage::get(const PageRequest& request, const PageReader& reader) {
  if (request.path == "/") return page(home_page(reader));
  if (request.path == "/why") return why(request, reader);
  if (request.path == "/about") return page(about_page(reader));
  if (request.path == "/worried") {
    return page(worried_page(reader, {Sent::kNotYet, "", "", tokens_.make(request.uid, clock_.monotonic_ms())}));
  }
  return page(message_page(reader, "There is no such page", "Maybe the address was mistyped."), 404);
}

Sent HelpPage::send(const HelpReport& report) const {
  const auto outcome = report_(report);
  if (!outcome) return Sent::kNotStored;
  switch (*outcome) {
    case HelpOutcome::kStored: return Sent::kStored;
    case HelpOutcome::kAlready: return Sent::kAlready;
    case HelpOutcome::kTooMany: return Sent::kTooMany;
  }
  return Sent::kNotStored;
}

PageReply HelpPage::post(const PageRequest& request, const PageReader& reader) {
  const auto fields = parse_form(request.body);
  if (!fields) return page(message_page(reader, "That did not work", "What the browser sent could not be read. Nothing was sent to your school."), 400);
  const bool worried = request.path == "/worried";
  HelpReport report;
  report.uid = request.uid;
  report.kind = worried ? HelpKind::kWorried : HelpKind::kUnblock;
  report.words = clean_text(field(*fields, "words"));
  SentView view{Sent::kNotYet, "", report.words, ""};
  if (!worried) {
    const auto name = policy::normalise_name(field(*fields, "name"));
    if (!name) return page(message_page(reader, "That is no website", "Nothing was sent to your school."), 400);
    view.name = report.name = *name;
  }
  const auto nonce = tokens_.check(field(*fields, "token"), request.uid, clock_.monotonic_ms());
  if (report.words.size() > kMaxHelpWords) {
    view.sent = Sent::kTooLong;
  } else if (!nonce) {
    view.sent = Sent::kTooOld;
  } else if (worried && report.words.find_first_not_of(" \n") == std::string::npos) {
    view.sent = Sent::kEmpty;
  } else {
    report.id = *nonce;
    view.sent = send(report);
  }
  view.token = tokens_.make(request.uid, clock_.monotonic_ms());
  return page(worried ? worried_page(reader, view) : asked_page(reader, view), status_of(view.sent));
}

PageReply HelpPage::serve(const PageRequest& request) {
  if (request.path == "/style.css") return file(page_style(), "text/css; charset=utf-8");
  if (request.path == "/hide.js") return file(page_script(), "text/javascript; charset=utf-8");
  if (request.path == "/icon.svg") return file(page_icon(), "image/svg+xml");
  if (request.path == "/times") return page(harmless_page());
  const PageReader reader = reader_of(request);
  return request.method == "POST" ? post(request, reader) : get(request, reader);
}

PageReply HelpPage::answer(const PageRequest& request, const std::vector<std::string>& own) {
  switch (decide_request(request, own)) {
    case PageVerdict::kServe: return serve(request);
    case PageVerdict::kElsewhere: {
      // A policy may answer blocked names with our address: who follows such a link lands on the reason. The name alone goes along.
      const auto host = request.headers.find("host");
      const auto name = policy::normalise_name(site_in(host == request.headers.end() ? "" : host->second));
      if (!name) return page(message_page({}, "That did not work", "This computer's page has another address."), 421);
      return {303, "text/html; charset=utf-8", message_page({}, "Blocked", "This site is blocked."),
              "http://" + own.front() + "/why?name=" + escape_query(*name)};
    }
    case PageVerdict::kForeign: break;
  }
  return page(message_page({}, "That did not work", "Another website tried to use this page. Nothing was sent to your school."), 403);
}

}  // namespace caretaker::agent
