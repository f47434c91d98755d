#include "agent/cli/status_text.h"

#include <array>

#include "agent/cli/table.h"
#include "platform/base/clock.h"

namespace caretaker::agent {
namespace {

struct HealthText {
  std::string_view code;
  std::string_view text;
};

constexpr std::array kHealth = {
    HealthText{"not-enrolled", "this machine is not enrolled: names are not answered"},
    HealthText{"re-enrolment-needed", "this is not the hardware that was enrolled: enrol it anew"},
    HealthText{"hardware-unreadable", "the serial numbers cannot be read: nothing is sent to the school"},
    HealthText{"identity-damaged", "the device's identity was damaged and set aside: enrol it anew"},
    HealthText{"root-missing", "the school's keys are damaged: caretaker import them from the school's folder"},
    HealthText{"root-damaged", "a stored list of the school's keys is damaged, and so is its copy"},
    HealthText{"policy-missing", "no policy has come yet: names are not answered"},
    HealthText{"root-stale", "the school's root has expired: it stays in force until its holders renew it"},
    HealthText{"policy-stale", "the policy has expired: it stays in force until a new one is signed"},
    HealthText{"policy-damaged", "the stored policy is damaged: the one before is in force"},
    HealthText{"policy-behind", "a newer policy was in force here and is lost: it comes again with the next check-in"},
    HealthText{"floors-damaged", "which versions were accepted last is not known any more: what is in force counts"},
    HealthText{"letters-damaged", "which letters were used is not known any more"},
    HealthText{"policy-signer-gone", "who signed the policy in force may not sign policies any more"},
    HealthText{"lists-missing", "no lists have come yet: names are not answered"},
    HealthText{"lists-waiting", "new lists are announced, their file has not come yet"},
    HealthText{"lists-stale", "the lists have expired: they stay in force until new ones are signed"},
    HealthText{"lists-damaged", "the stored lists are damaged: the server's copy is asked for"},
    HealthText{"lists-signer-gone", "who signed the lists in force may not sign lists any more"},
    HealthText{"events-not-stored", "events cannot be stored: is the disk full?"},
    HealthText{"state-read-only", "the disk takes no changes (an error, or mounted so): names are filtered as before, nothing is recorded"},
    HealthText{"no-recipients", "nobody's key can open the details of events"},
    HealthText{"gate-silent", "nothing watches the packet filter: is caretaker-gate running?"},
    HealthText{"filter-down", "the DNS filter does not answer"},
    HealthText{"inspect-silent", "nobody reads the names of connections: is caretaker-inspect running?"},
    HealthText{"programs-silent", "nobody judges programs as they start, so all run: is caretaker-programs running?"},
    HealthText{"inspect-blind", "the kernel hands over no connections (it needs nftables' queue): names are checked by DNS alone"},
};

std::string health_text(const std::string& code) {
  for (const HealthText& known : kHealth) {
    if (known.code == code) return std::string(known.text);
  }
  return "";
}

std::string version_text(std::int64_t version) { return version == 0 ? "none" : std::to_string(version); }

void add_line(std::string& out, std::string_view label, const std::string& value) {
  std::string line(label);
  line.resize(16, ' ');
  out += line + printable(value) + "\n";
}

struct PostureText {
  std::string_view subject;
  std::string_view word;
  std::string_view text;
};

constexpr std::array kPosture = {
    PostureText{"disk", "wipe-ready", "encrypted, and a wipe can destroy its keys"},
    PostureText{"disk", "encrypted", "encrypted, but its keys are not where a wipe could destroy them"},
    PostureText{"disk", "not-encrypted", "not encrypted: whoever has this machine can read it"},
    PostureText{"antivirus", "old", "its signatures are older than seven days"},
    PostureText{"antivirus", "misdated", "its signatures are of a time to come: they or this machine's clock are wrong"},
    PostureText{"antivirus", "no-signatures", "it has no signatures to look for"},
    PostureText{"antivirus", "none", "no virus scanner that we know is installed"},
    PostureText{"firewall", "half", "only one of IPv4 and IPv6 is guarded"},
    PostureText{"firewall", "off", "connections from outside are let in"},
    PostureText{"screen-lock", "switched-off", "a setting of this machine keeps its desktops from locking"},
    PostureText{"screen-lock", "none", "nothing that we know could lock the screen"},
    PostureText{"updates", "old", "for fourteen days nobody has asked what updates there are"},
    PostureText{"updates", "restart-due", "they are installed, and wait for a restart since a week"},
    PostureText{"updates", "misdated", "they were asked for at a time to come: this machine's clock is wrong, or was"},
};

// "not-encrypted: whoever has this machine can read it"
std::string posture_text(const std::string& subject, const std::string& word) {
  for (const PostureText& known : kPosture) {
    if (known.subject == subject && known.word == word) return word + ": " + std::string(known.text);
  }
  return word;
}

// "usb-storage 0951:1666 serial 60A44C, vfat: keep-out (not-encrypted). This drive ..."
std::string medium_text(const MediumRow& medium) {
  std::string out = medium.medium;
  if (!medium.usb.empty()) out += " " + medium.usb;
  if (!medium.serial.empty()) out += " serial " + medium.serial;
  if (!medium.kind.empty()) out += ", " + medium.kind;
  if (!medium.volume.empty()) out += " " + medium.volume;
  out += ": " + medium.access + " (" + medium.reason + ")";
  return medium.notice.empty() ? out : out + ". " + medium.notice;
}

Json medium_json(const MediumRow& medium) {
  return Json::Object{{"medium", medium.medium}, {"usb", medium.usb},       {"serial", medium.serial}, {"volume", medium.volume},
                      {"kind", medium.kind},     {"access", medium.access}, {"reason", medium.reason}, {"notice", medium.notice}};
}

// "http://login.hotel.example/ (open for 9 more minutes: this network wants people to log in)"
std::string portal_text(const StatusAnswer::Portal& portal) {
  const MonotonicMs minutes = (portal.left_ms + 59'999) / 60'000;
  return "http://" + portal.name + "/ (this network wants people to log in; open for " + std::to_string(minutes) +
         (minutes == 1 ? " more minute)" : " more minutes)");
}

}  // namespace

std::string show_status(const StatusAnswer& status) {
  std::string out = printable_lines(status.notice);
  if (!out.empty()) out += "\n";
  add_line(out, "enrolled", status.enrolled ? "yes" : "no");
  if (status.enrolled) add_line(out, "school", status.school);
  if (!status.device.empty()) add_line(out, "device", status.device);
  add_line(out, "root", version_text(status.root_version));
  add_line(out, "policy", version_text(status.policy_version));
  add_line(out, "lists", version_text(status.lists_version));
  if (status.stale_since > 0) add_line(out, "stale since", to_rfc3339(status.stale_since));
  add_line(out, "events queued", std::to_string(status.events_queued));
  add_line(out, "last receipt", status.last_receipt == 0 ? "never" : to_rfc3339(status.last_receipt));
  add_line(out, "agent", status.agent_version);
  for (const std::string& code : status.health) add_line(out, "health", code + ": " + health_text(code));
  if (status.health.empty()) add_line(out, "health", "good");
  if (!status.portal.name.empty()) add_line(out, "login page", portal_text(status.portal));
  for (const auto& [subject, word] : status.posture) add_line(out, subject, posture_text(subject, word));
  for (const MediumRow& medium : status.media) add_line(out, "plugged in", medium_text(medium));
  return out;
}

Json status_json(const StatusAnswer& status) {
  Json::Array media;
  for (const MediumRow& medium : status.media) media.push_back(medium_json(medium));
  return Json::Object{{"agent_version", status.agent_version},
                      {"enrolled", status.enrolled},
                      {"school", status.school},
                      {"device", status.device},
                      {"root_version", status.root_version},
                      {"policy_version", status.policy_version},
                      {"lists_version", status.lists_version},
                      {"stale_since", status.stale_since},
                      {"events_queued", status.events_queued},
                      {"last_receipt", status.last_receipt},
                      {"health", Json::Array(status.health.begin(), status.health.end())},
                      {"notice", status.notice},
                      {"portal", Json::Object{{"name", status.portal.name}, {"left_ms", status.portal.left_ms}}},
                      {"media", std::move(media)},
                      {"posture", Json::Object(status.posture.begin(), status.posture.end())}};
}

}  // namespace caretaker::agent
