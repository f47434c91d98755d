#include "agent/net/page_html.h"

#include <algorithm>
#include <array>

#include "agent/net/page_form.h"
#include "policy/domain_name.h"

namespace caretaker::agent {
namespace {

constexpr const char* kOwnHidePage = "/times";
constexpr const char* kWhy = "Why can&#39;t I open a website?";
constexpr const char* kAnother = "Look up another website";

std::string section(const std::string& inner, const char* kind = "") {
  const std::string look = *kind == 0 ? "" : std::string(" class=\"") + kind + "\"";
  return "<section" + look + ">" + inner + "</section>\n";
}
std::string heading(const std::string& title) { return "<h1 tabindex=\"-1\">" + escape_html(title) + "</h1>\n"; }
std::string paragraph(const std::string& html) { return "<p>" + html + "</p>\n"; }

std::string whole(const PageReader& reader, const std::string& title, const std::string& main) {
  const std::string hide = escape_html(reader.notice.hide_page.empty() ? kOwnHidePage : reader.notice.hide_page);
  return "<!doctype html>\n<html lang=\"en\" data-hide=\"" + hide + "\">\n<head>\n<meta charset=\"utf-8\">\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>" + escape_html(title) + "</title>\n"
         "<link rel=\"icon\" href=\"/icon.svg\">\n<link rel=\"stylesheet\" href=\"/style.css\">\n<script src=\"/hide.js\"></script>\n</head>\n<body>\n"
         "<header><div><a class=\"home\" href=\"/\">Help with this computer</a>"
         "<a class=\"hide\" href=\"" + hide + "\">Hide this page <kbd>(Esc)</kbd></a></div></header>\n<main>\n" +
         main + "</main>\n</body>\n</html>\n";
}

std::string contact_of(const PageReader& reader) {
  return reader.notice.contact.empty() ? "" : paragraph(escape_html(reader.notice.contact));
}

bool reads(const std::vector<std::string>& readers, const char* kind) {
  return std::find(readers.begin(), readers.end(), kind) != readers.end();
}

// What it means to a child that a name is in a category; nothing for one that the school made itself.
std::string_view meaning_of(std::string_view category) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 20> kMeanings = {{
      {"ads", "It shows advertisements or follows people around the web."},
      {"adult", "It is only for grown-ups."},
      {"chat", "It is for chatting."},
      {"dating", "It is for grown-ups who want to meet each other."},
      {"doh", "It could be used to get round the school's filter."},
      {"drugs", "It is about drugs, alcohol or smoking."},
      {"extremism", "It spreads hate or violence against people."},
      {"gambling", "It is about playing for money."},
      {"gaming", "It is a games site."},
      {"malware", "It can harm this computer."},
      {"music_film_download", "It is for music, films or downloads."},
      {"phishing", "It tries to trick people out of passwords or money."},
      {"proxy", "It could be used to get round the school's filter."},
      {"race_hatred", "It is hateful about people because of who they are."},
      {"self_harm", "It is about people hurting themselves."},
      {"shopping", "It is a shop."},
      {"social_networks", "It is a social network."},
      {"violence", "It shows violence."},
      {"vpn", "It could be used to get round the school's filter."},
      {"weapons", "It is about weapons."},
  }};
  const auto found = std::find_if(kMeanings.begin(), kMeanings.end(), [&](const auto& known) { return known.first == category; });
  return found == kMeanings.end() ? "" : found->second;
}

std::string reason_in_words(const policy::DnsDecision& decision) {
  switch (decision.reason) {
    case policy::Reason::kLockedClass: return "This site is against the law. It is blocked for everybody, and nobody can open it.";
    case policy::Reason::kCategory: {
      const std::string_view meaning = meaning_of(decision.category);
      return meaning.empty() ? "It is on a list of sites that your school blocks." : std::string(meaning);
    }
    case policy::Reason::kDeniedByGroup: return "Your school has put this site on its own list of blocked sites.";
    case policy::Reason::kYouTubeBlocked: return "Your school does not open YouTube for you.";
    case policy::Reason::kNoSafeSearch: return "This search engine cannot hide bad pictures and pages. Please use another one.";
    default: return "It could be used to get round the school's filter.";
  }
}

std::string code_of(const PageReader& reader, const policy::DnsDecision& decision) {
  std::string out = "For the person who looks after the computers: reason " + std::string(policy::reason_name(decision.reason));
  if (!decision.category.empty()) out += ", category " + decision.category;
  if (!decision.rule.empty()) out += ", rule " + decision.rule;
  if (!reader.group.empty()) out += ", group " + reader.group;
  return "<p class=\"small\">" + escape_html(out) + "</p>\n";
}

std::string hidden(const char* name, const std::string& value) {
  return std::string("<input type=\"hidden\" name=\"") + name + "\" value=\"" + escape_html(value) + "\">\n";
}

std::string failed_box() {
  return "<section class=\"bad\" id=\"failed\" role=\"alert\" hidden><p><b>It was not sent.</b> Please press the button again. "
         "If that does not help, tell a grown-up.</p></section>\n";
}

std::string name_form(const char* question, const std::string& typed) {
  return section("<form action=\"/why\" method=\"get\">\n<label for=\"name\">" + std::string(question) + "</label>\n"
                 "<input type=\"text\" id=\"name\" name=\"name\" value=\"" + escape_html(typed) +
                 "\" maxlength=\"300\" autocomplete=\"off\" autocapitalize=\"none\" spellcheck=\"false\" placeholder=\"example.com\" required>\n"
                 "<button>Find out</button>\n</form>");
}

std::string ask_form(const std::string& name, const std::string& words, const std::string& token) {
  return failed_box() +
         section("<h2>Do you need it for school?</h2>\n<form action=\"/ask\" method=\"post\" accept-charset=\"utf-8\">\n" + hidden("token", token) +
                 hidden("name", name) + "<label for=\"words\">Why do you need it? (You can leave this empty.)</label>\n"
                 "<textarea id=\"words\" name=\"words\" maxlength=\"500\" rows=\"3\" autocomplete=\"off\">\n" + escape_html(words) +
                 "</textarea>\n<button>Ask for it to be opened</button>\n</form>");
}

std::string worry_form(const std::string& words, const std::string& token) {
  return failed_box() +
         section("<form action=\"/worried\" method=\"post\" accept-charset=\"utf-8\">\n" + hidden("token", token) +
                 "<label for=\"words\">What happened?</label>\n"
                 "<textarea id=\"words\" name=\"words\" maxlength=\"2000\" rows=\"7\" autocomplete=\"off\" required>\n" + escape_html(words) +
                 "</textarea>\n<button>Send</button>\n</form>");
}

std::string worry_readers(const PageReader& reader) {
  std::string out = "It goes to the person who keeps children safe at your school.";
  if (reads(reader.worry_readers, "technician")) return out + " The person who looks after the computers can read it too.";
  return out + " <b>Nobody else can read it</b>: not your teacher, and not the person who looks after the computers.";
}

std::string who_says_it(const PageReader& reader) {
  if (reader.user.empty()) {
    return "This computer cannot tell who you are. If you want to be helped, please write your name as well.";
  }
  return "They will see that it came from <b>" + escape_html(reader.user) + "</b>, and when.";
}

// Why something was not taken; the words stand in the form again.
std::string not_taken(Sent sent) {
  switch (sent) {
    case Sent::kTooMany:
      return "<b>This was not sent.</b> You have sent a lot in the last hour, and those are safe. Please go to a grown-up you trust now, or try again later.";
    case Sent::kNotStored:
      return "<b>This was not sent.</b> The computer could not save it. Please press the button again. If that does not help, please tell a grown-up you trust.";
    case Sent::kTooOld: return "<b>This was not sent yet.</b> The page had been open for a long time. Please press the button again.";
    case Sent::kTooLong: return "<b>This was not sent.</b> It is too long. Please make it shorter, or send it in two parts.";
    default: return "<b>This was not sent.</b> Please write something first.";
  }
}

std::string list(std::initializer_list<std::string> items) {
  std::string out = "<ul>\n";
  for (const std::string& item : items) out += "<li>" + item + "</li>\n";
  return out + "</ul>\n";
}

std::string recorded_section(const PageReader& reader) {
  return section("<h2>This is written down</h2>\n" +
                 list({"When somebody tries to open a <b>blocked</b> site, or to get round the filter: who it was, the name of the site (like "
                       "example.com, never the page), what kind of site it is, and when.",
                       "When a USB stick or a memory card that is <b>not allowed</b> is plugged in: who was using the computer, and which stick.",
                       "When a <b>program that did not come with this computer</b> is started, or somebody tries to: who it was, the name of the program, and "
                       "when. For some people, such as teachers, it may start and is still written down.",
                       "When the screen <b>did not lock</b> as it should: whose screen it was.",
                       "What you <b>send yourself</b> with this page."}) +
                 (reader.user.empty() ? paragraph("This computer cannot tell who you are. Then it writes down no name.")
                                      : paragraph("For the computer you are <b>" + escape_html(reader.user) + "</b>" +
                                                  (reader.group.empty() ? "." : ", in the group <b>" + escape_html(reader.group) + "</b>."))));
}

std::string readers_section(const PageReader& reader) {
  const bool technician = reads(reader.web_readers, "technician");
  return section("<h2>Who can read it</h2>\n" +
                 list({"Names and sites are locked away. Only the person who keeps children safe at your school (the safeguarding lead) can open them" +
                           std::string(technician ? ", and at your school the person who looks after the computers too." : "."),
                       technician ? "Both can see on which computer something happened, and when."
                                  : "The person who looks after the computers can see that <b>something</b> was blocked on this computer and when, but "
                                    "not who it was or which site. That person also sees whether this computer is safe and up to date.",
                       "Nobody can read it on this computer: not other pupils, not teachers, and not you.",
                       "After 90 days the school&#39;s server deletes who it was and which site. Then only a number is left."}));
}

}  // namespace

std::string home_page(const PageReader& reader) {
  std::string main = heading("Help with this computer");
  main += paragraph("This computer belongs to <b>" + escape_html(reader.school.empty() ? "your school" : reader.school) +
                    "</b>. It has a filter, and it writes some things down. It is the same for pupils and for staff.");
  if (!reader.notice.text.empty()) main += section("<h2>From your school</h2>\n" + paragraph(escape_lines(reader.notice.text)), "school");
  main += section("<h2>Did something worry you?</h2>\n" +
                  paragraph("Something you saw, something somebody wrote, or something that happened. You are not in trouble.") +
                  "<a class=\"button\" href=\"/worried\">Something worried me</a>");
  main += name_form(kWhy, "");
  main += section("<h2>What does this computer write down about me?</h2>\n" + paragraph("<a href=\"/about\">See what it writes down, and who can read it</a>"));
  if (!reader.notice.contact.empty()) main += section(contact_of(reader), "school");
  return whole(reader, "Help with this computer", main);
}

std::string why_page(const PageReader& reader, const WhyView& view, const std::string& token) {
  if (view.name.empty()) {
    return whole(reader, "Not a website", heading("That does not look like a website") +
                 section(paragraph("Please write only its name, like <b>bbc.co.uk</b>."), "bad") + name_form(kWhy, view.typed));
  }
  const std::string shown = policy::display_name(view.name);
  const std::string name = escape_html(shown);
  if (!view.known) {
    return whole(reader, "Not ready", heading("This computer is not ready yet") +
                 section(paragraph("It has no rules from your school, so it opens no websites. Please tell the person who looks after the computers."), "bad"));
  }
  std::string main;
  if (view.decision.verdict == policy::Verdict::kBlock) {
    main = heading(shown + " is blocked") + section(paragraph(reason_in_words(view.decision)) + code_of(reader, view.decision), "bad");
    const bool grave = view.decision.category == "self_harm" || view.decision.reason == policy::Reason::kLockedClass;
    if (grave) {
      main += section(paragraph("If something worries you, or you feel bad, you are <b>not in trouble</b>. You can tell somebody.") +
                      "<a class=\"button\" href=\"/worried\">Something worried me</a>", "school");
    }
    if (view.decision.reason != policy::Reason::kLockedClass) main += ask_form(view.name, "", token);
  } else {
    const bool changed = view.decision.verdict == policy::Verdict::kRewrite;
    main = heading(shown + " is not blocked") +
           section(paragraph(changed ? "It opens in a safe way: bad pictures, films and pages are left out."
                                     : "If it does not open, then <b>" + name + "</b> itself or the internet is not working right now.") +
                   code_of(reader, view.decision), "good");
    main += section(paragraph("Did you see something there that you should not have seen?") + "<a class=\"button\" href=\"/worried\">Something worried me</a>");
  }
  return whole(reader, shown, main + name_form(kAnother, ""));
}

std::string worried_page(const PageReader& reader, const SentView& view) {
  if (view.sent == Sent::kStored) {
    return whole(reader, "Sent", heading("Thank you for telling us") +
                 section(paragraph("Your message is saved and locked. It goes to your school now, or as soon as this computer has internet.") +
                         paragraph("If you need help <b>right now</b>, tell a grown-up near you.") + contact_of(reader), "good"));
  }
  std::string main = heading("Something worried me");
  if (view.sent != Sent::kNotYet) main += section("<p role=\"alert\">" + not_taken(view.sent) + "</p>\n" + contact_of(reader), "bad");
  main += section(paragraph("You are <b>not in trouble</b>. Write what happened, in your own words.") + paragraph(worry_readers(reader)) +
                  paragraph(who_says_it(reader)));
  main += worry_form(view.words, view.token);
  main += section(paragraph("If you need help <b>right now</b>, tell a grown-up near you.") + contact_of(reader), "school");
  return whole(reader, "Something worried me", main);
}

std::string asked_page(const PageReader& reader, const SentView& view) {
  const std::string name = policy::display_name(view.name);
  if (view.sent == Sent::kStored || view.sent == Sent::kAlready) {
    const bool again = view.sent == Sent::kAlready;
    return whole(reader, "Asked", heading(again ? "You have asked already" : "Your school has been asked") +
                 section(paragraph("<b>" + escape_html(name) + "</b> " + (again ? "is on its way to your school, or there already. You do not need to ask twice."
                                                                              : "may be opened, if your school agrees. That can take some days.")) +
                         paragraph("Your teacher can help you to find another site until then."), "good") + name_form(kAnother, ""));
  }
  return whole(reader, name, heading(name + " is blocked") + section("<p role=\"alert\">" + not_taken(view.sent) + "</p>\n", "bad") +
               ask_form(view.name, view.words, view.token));
}

std::string about_page(const PageReader& reader) {
  std::string main = heading("What this computer writes down");
  main += recorded_section(reader);
  main += section("<h2>This is not written down</h2>\n" +
                  list({"Sites that are allowed, and what you do there.", "What you type, and what you search for.",
                        "Pictures of the screen, the camera or the microphone.", "Where you are."}));
  main += readers_section(reader);
  main += section("<h2>Hiding this page</h2>\n" +
                  paragraph("The Escape key or the button at the top takes it off the screen at once, and the back button does not bring it back. "
                            "The browser&#39;s own history may still say that this page was open."));
  return whole(reader, "What this computer writes down", main);
}

std::string message_page(const PageReader& reader, const std::string& title, const std::string& text) {
  return whole(reader, title, heading(title) + section(paragraph(escape_html(text)), "bad") +
               paragraph("<a href=\"/\">Go to the first page</a>"));
}

std::string harmless_page() {
  std::string rows;
  for (int i = 1; i <= 10; ++i) {
    rows += "<tr><th>" + std::to_string(i) + "</th>";
    for (int k = 2; k <= 10; ++k) rows += "<td>" + std::to_string(i * k) + "</td>";
    rows += "</tr>\n";
  }
  return "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
         "<title>Times tables</title>\n<link rel=\"icon\" href=\"/icon.svg\">\n<link rel=\"stylesheet\" href=\"/style.css\">\n</head>\n<body>\n<main>\n"
         "<h1>Times tables</h1>\n<div class=\"scroll\"><table>\n" + rows + "</table></div>\n</main>\n</body>\n</html>\n";
}

}  // namespace caretaker::agent
