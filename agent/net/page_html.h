// The words and the looks of the device's own page, in English plain enough for a ten-year-old. Everything that is put in is
// escaped here. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "agent/control_help.h"
#include "policy/decide_dns.h"

namespace caretaker::agent {

// Whom a page is for, and what the school says.
struct PageReader {
  std::string user;   // empty: nobody can tell
  std::string group;  // empty: several could be meant, or there is no policy yet
  std::string school;
  policy::Notice notice;
  std::vector<std::string> worry_readers;  // recipient kinds of what is told
  std::vector<std::string> web_readers;    // and of what is recorded
};

// A whole page each.
[[nodiscard]] std::string home_page(const PageReader& reader);
[[nodiscard]] std::string about_page(const PageReader& reader);
[[nodiscard]] std::string harmless_page();
// A page with one sentence; `title` says what happened.
[[nodiscard]] std::string message_page(const PageReader& reader, const std::string& title, const std::string& text);

struct WhyView {
  std::string typed;  // as it came
  std::string name;   // normalised; empty: it was no name
  policy::DnsDecision decision;
  bool known = false;  // there is a policy to answer from
};
[[nodiscard]] std::string why_page(const PageReader& reader, const WhyView& view, const std::string& token);

// What became of something that was sent; the words stand in the form again when they were not taken.
enum class Sent { kNotYet, kStored, kAlready, kTooMany, kNotStored, kTooOld, kTooLong, kEmpty };
struct SentView {
  Sent sent = Sent::kNotYet;
  std::string name;   // of the site, with what asks for it to be opened
  std::string words;
  std::string token;
};
[[nodiscard]] std::string worried_page(const PageReader& reader, const SentView& view);
[[nodiscard]] std::string asked_page(const PageReader& reader, const SentView& view);

// style.css, hide.js, icon.svg.
[[nodiscard]] std::string_view page_style();
[[nodiscard]] std::string_view page_script();
[[nodiscard]] std::string_view page_icon();

}  // namespace caretaker::agent
