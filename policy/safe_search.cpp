#include "policy/safe_search.h"

#include <unordered_map>
#include <unordered_set>

#include "policy/domain_name.h"

namespace caretaker::policy {
namespace {

struct SafeTwin {
  std::string_view host;
  std::string_view target;
};

// Google: www.google.TLD for each of these (Google's list of supported domains; "Lock SafeSearch for devices and
// networks").
constexpr std::string_view kGooglePrefix = "www.google.";
constexpr std::string_view kGoogleTarget = "forcesafesearch.google.com";
constexpr std::string_view kGoogleSuffixes[] = {
    "ad",     "ae",     "al",     "am",     "as",     "at",     "az",     "ba",     "be",     "bf",     "bg",
    "bi",     "bj",     "bs",     "bt",     "by",     "ca",     "cat",    "cd",     "cf",     "cg",     "ch",
    "ci",     "cl",     "cm",     "cn",     "co.ao",  "co.bw",  "co.ck",  "co.cr",  "co.id",  "co.il",  "co.in",
    "co.jp",  "co.ke",  "co.kr",  "co.ls",  "co.ma",  "co.mz",  "co.nz",  "co.th",  "co.tz",  "co.ug",  "co.uk",
    "co.uz",  "co.ve",  "co.vi",  "co.za",  "co.zm",  "co.zw",  "com",    "com.af", "com.ag", "com.ai", "com.ar",
    "com.au", "com.bd", "com.bh", "com.bn", "com.bo", "com.br", "com.by", "com.bz", "com.co", "com.cu", "com.cy",
    "com.do", "com.ec", "com.eg", "com.et", "com.fj", "com.gh", "com.gi", "com.gt", "com.hk", "com.jm", "com.kh",
    "com.kw", "com.lb", "com.ly", "com.mm", "com.mt", "com.mx", "com.my", "com.na", "com.nf", "com.ng", "com.ni",
    "com.np", "com.om", "com.pa", "com.pe", "com.pg", "com.ph", "com.pk", "com.pr", "com.py", "com.qa", "com.sa",
    "com.sb", "com.sg", "com.sl", "com.sv", "com.tj", "com.tr", "com.tw", "com.ua", "com.uy", "com.vc", "com.vn",
    "cv",     "cz",     "de",     "dj",     "dk",     "dm",     "dz",     "ee",     "es",     "fi",     "fm",
    "fr",     "ga",     "ge",     "gg",     "gl",     "gm",     "gp",     "gr",     "gy",     "hn",     "hr",
    "ht",     "hu",     "ie",     "im",     "iq",     "is",     "it",     "je",     "jo",     "kg",     "ki",
    "kz",     "la",     "li",     "lk",     "lt",     "lu",     "lv",     "md",     "me",     "mg",     "mk",
    "ml",     "mn",     "ms",     "mu",     "mv",     "mw",     "ne",     "nl",     "no",     "nr",     "nu",
    "pl",     "pn",     "ps",     "pt",     "ro",     "rs",     "ru",     "rw",     "sc",     "se",     "sh",
    "si",     "sk",     "sm",     "sn",     "so",     "sr",     "st",     "td",     "tg",     "tk",     "tl",
    "tm",     "tn",     "to",     "tt",     "vg",     "vu",     "ws",
};

// The others, as their operators publish it: Microsoft ("Block adult content with SafeSearch"), DuckDuckGo ("Safe
// Search"), Ecosia, Pixabay and Yandex (family search) in their help pages. Brave: sources disagree about the target.
constexpr SafeTwin kTwins[] = {
    {"www.bing.com", "strict.bing.com"},
    {"edgeservices.bing.com", "strict.bing.com"},
    {"duckduckgo.com", "safe.duckduckgo.com"},
    {"www.duckduckgo.com", "safe.duckduckgo.com"},
    {"start.duckduckgo.com", "safe.duckduckgo.com"},
    {"www.ecosia.org", "strict-safe-search.ecosia.org"},
    {"pixabay.com", "safesearch.pixabay.com"},
    {"search.brave.com", "forcesafe.search.brave.com"},
    {"ya.ru", "familysearch.yandex.ru"},
    {"www.ya.ru", "familysearch.yandex.ru"},
    {"yandex.az", "familysearch.yandex.ru"},
    {"yandex.by", "familysearch.yandex.ru"},
    {"yandex.com", "familysearch.yandex.ru"},
    {"yandex.com.tr", "familysearch.yandex.ru"},
    {"yandex.eu", "familysearch.yandex.ru"},
    {"yandex.kz", "familysearch.yandex.ru"},
    {"yandex.ru", "familysearch.yandex.ru"},
    {"yandex.ua", "familysearch.yandex.ru"},
    {"yandex.uz", "familysearch.yandex.ru"},
    {"www.yandex.az", "familysearch.yandex.ru"},
    {"www.yandex.by", "familysearch.yandex.ru"},
    {"www.yandex.com", "familysearch.yandex.ru"},
    {"www.yandex.com.tr", "familysearch.yandex.ru"},
    {"www.yandex.eu", "familysearch.yandex.ru"},
    {"www.yandex.kz", "familysearch.yandex.ru"},
    {"www.yandex.ru", "familysearch.yandex.ru"},
    {"www.yandex.ua", "familysearch.yandex.ru"},
    {"www.yandex.uz", "familysearch.yandex.ru"},
};

// Engines whose results no DNS answer makes safe; each with everything under it. DuckDuckGo's plain pages have no safe
// twin.
constexpr std::string_view kNoSafeMode[] = {
    "ask.com",           "cn.bing.com",        "dogpile.com",
    "gibiru.com",        "gigablast.com",      "html.duckduckgo.com",
    "info.com",          "kagi.com",           "lite.duckduckgo.com",
    "lukol.com",         "metager.de",         "metager.org",
    "mojeek.com",        "mojeek.co.uk",       "onesearch.com",
    "oscobo.com",        "presearch.com",      "presearch.io",
    "qwant.com",         "search.aol.co.uk",   "search.aol.com",
    "search.lycos.com",  "search.yahoo.co.jp", "search.yahoo.com",
    "searchencrypt.com", "searx.be",           "searx.me",
    "searx.space",       "sogou.com",          "startpage.com",
    "stract.com",        "webcrawler.com",     "yep.com",
};

// Hosts that YouTube's restricted twins answer for (YouTube help, "Manage your organization's YouTube settings").
constexpr std::string_view kYouTubeHosts[] = {
    "www.youtube.com", "m.youtube.com", "youtubei.googleapis.com", "youtube.googleapis.com", "www.youtube-nocookie.com",
};
// All of YouTube; what its films and pictures come from serves other sites as well.
constexpr std::string_view kYouTubeNames[] = {
    "youtube.com",
    "youtu.be",
    "yt.be",
    "youtube-nocookie.com",
    "youtubekids.com",
    "youtubeeducation.com",
    "youtube-ui.l.google.com",
};

using HostTable = std::unordered_map<std::string_view, SearchMatch>;

HostTable make_hosts() {
  HostTable out;
  for (const SafeTwin& twin : kTwins) out[twin.host] = {SearchMatch::Kind::kSafeTwin, twin.host, twin.target, false};
  for (std::string_view host : kYouTubeHosts) out[host] = {SearchMatch::Kind::kYouTube, host, {}, true};
  return out;
}

HostTable make_zones() {
  HostTable out;
  for (std::string_view name : kNoSafeMode) out[name] = {SearchMatch::Kind::kNoSafeMode, name, {}, false};
  for (std::string_view name : kYouTubeNames) out[name] = {SearchMatch::Kind::kYouTube, name, {}, false};
  return out;
}

bool is_google(std::string_view name) {
  static const std::unordered_set<std::string_view> suffixes(std::begin(kGoogleSuffixes), std::end(kGoogleSuffixes));
  return name.starts_with(kGooglePrefix) && suffixes.contains(name.substr(kGooglePrefix.size()));
}

}  // namespace

std::optional<SearchMatch> find_search(std::string_view name) {
  static const HostTable hosts = make_hosts();
  static const HostTable zones = make_zones();
  if (is_google(name)) return SearchMatch{SearchMatch::Kind::kSafeTwin, "www.google.*", kGoogleTarget, false};
  if (const auto host = hosts.find(name); host != hosts.end()) return host->second;
  std::optional<SearchMatch> match;
  for_each_suffix(name, [&](std::string_view suffix) {
    if (const auto zone = zones.find(suffix); zone != zones.end()) match = zone->second;
    return !match;
  });
  return match;
}

std::string_view youtube_target(YouTube level) {
  switch (level) {
    case YouTube::kOff: return {};
    case YouTube::kModerate: return "restrictmoderate.youtube.com";
    case YouTube::kStrict:
    case YouTube::kBlocked: return "restrict.youtube.com";
  }
  return {};
}

}  // namespace caretaker::policy
