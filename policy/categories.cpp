#include "policy/categories.h"

#include <algorithm>
#include <array>

namespace caretaker::policy {
namespace {

constexpr KnownCategory kKnown[] = {
    {"ads", "Advertising and tracking"},
    {"adult", "Pornography and adult content"},
    {"chat", "Chat and messaging"},
    {"dating", "Dating"},
    {"doh", "DNS over HTTPS and other encrypted DNS"},
    {"drugs", "Drugs, alcohol and tobacco"},
    {"extremism", "Extremism and terrorism"},
    {"gambling", "Gambling"},
    {"gaming", "Games"},
    {"illegal", "Illegal content (always blocked)"},
    {"malware", "Malicious software"},
    {"music_film_download", "Music and film: streaming and download"},
    {"phishing", "Phishing and fraud"},
    {"proxy", "Web proxies and anonymisers"},
    {"race_hatred", "Race hatred and discrimination"},
    {"self_harm", "Self-harm, suicide and eating disorders"},
    {"shopping", "Shopping and auctions"},
    {"social_networks", "Social networks"},
    {"violence", "Violence and gore"},
    {"vpn", "Virtual private networks"},
    {"weapons", "Weapons"},
};

constexpr std::string_view kLocked[] = {"illegal", "child_abuse", "csam", "terrorism_illegal"};

struct Alias {
  std::string_view publisher;
  std::string_view id;  // "": a list of what to allow
};
// Folder names of UT1 (Toulouse) and of other public collections.
constexpr Alias kAliases[] = {
    {"agressif", "violence"},
    {"arjel", "gambling"},
    {"audio-video", "music_film_download"},
    {"cryptojacking", "malware"},
    {"dangerous_material", "weapons"},
    {"drogue", "drugs"},
    {"exceptions_liste_bu", ""},
    {"fraud", "phishing"},
    {"games", "gaming"},
    {"hate", "race_hatred"},
    {"liste_blanche", ""},
    {"liste_bu", ""},
    {"mixed_adult", "adult"},
    {"piracy", "music_film_download"},
    {"porn", "adult"},
    {"publicite", "ads"},
    {"racism", "race_hatred"},
    {"ransomware", "malware"},
    {"redirector", "proxy"},
    {"scam", "phishing"},
    {"social", "social_networks"},
    {"stalkerware", "malware"},
    {"strong_redirector", "proxy"},
    {"suicide", "self_harm"},
    {"torrent", "music_film_download"},
    {"update", ""},
    {"warez", "music_film_download"},
};

}  // namespace

std::span<const KnownCategory> known_categories() { return kKnown; }

bool is_locked_category(std::string_view id) { return std::ranges::find(kLocked, id) != std::end(kLocked); }

bool is_category_id(std::string_view id) {
  const auto allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-'; };
  return !id.empty() && id.size() <= 64 && std::ranges::all_of(id, allowed);
}

std::optional<std::string_view> category_for_list(std::string_view publisher_name) {
  const auto* alias = std::ranges::find(kAliases, publisher_name, &Alias::publisher);
  if (alias == std::end(kAliases)) return publisher_name;
  if (alias->id.empty()) return std::nullopt;
  return alias->id;
}

}  // namespace caretaker::policy
