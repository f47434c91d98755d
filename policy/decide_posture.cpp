#include "policy/decide_posture.h"

#include <algorithm>

namespace caretaker::policy {
namespace {

constexpr UnixSeconds kMaxSignatureAge = 7 * 86'400;  // they come daily
constexpr UnixSeconds kMaxClockError = 86'400;        // of this machine's clock or theirs
constexpr UnixSeconds kMaxUpdateAge = 14 * 86'400;    // security updates come every few days
constexpr UnixSeconds kMaxRestartAge = 7 * 86'400;
constexpr std::array kFine = {PostureFinding{"disk", "wipe-ready"}, PostureFinding{"antivirus", "current"},
                              PostureFinding{"firewall", "on"}, PostureFinding{"screen-lock", "present"},
                              PostureFinding{"updates", "current"}};

std::string_view disk_word(DiskKeeping disk) {
  switch (disk) {
    case DiskKeeping::kUnknown: return "unknown";
    case DiskKeeping::kNotEncrypted: return "not-encrypted";
    case DiskKeeping::kEncrypted: return "encrypted";
    case DiskKeeping::kWipeReady: return "wipe-ready";
  }
  return "unknown";
}

std::string_view antivirus_word(const PostureFacts& facts, UnixSeconds now) {
  if (!facts.scanner) return "none";
  if (!facts.signatures) return "no-signatures";
  if (*facts.signatures - now > kMaxClockError) return "misdated";
  return now - *facts.signatures > kMaxSignatureAge ? "old" : "current";
}

std::string_view firewall_word(Firewall firewall) {
  switch (firewall) {
    case Firewall::kUnknown: return "unknown";
    case Firewall::kOff: return "off";
    case Firewall::kHalf: return "half";
    case Firewall::kOn: return "on";
  }
  return "unknown";
}

std::string_view screen_lock_word(const PostureFacts& facts) {
  if (!facts.locker) return "none";
  return facts.locking_switched_off ? "switched-off" : "present";
}

std::string_view updates_word(const PostureFacts& facts, UnixSeconds now) {
  if (!facts.updates_asked) return "unknown";
  if (*facts.updates_asked - now > kMaxClockError) return "misdated";
  if (now - *facts.updates_asked > kMaxUpdateAge) return "old";
  return facts.restart_since && now - *facts.restart_since > kMaxRestartAge ? "restart-due" : "current";
}

}  // namespace

std::array<PostureFinding, 5> decide_posture(const PostureFacts& facts, UnixSeconds now) {
  return {PostureFinding{"disk", disk_word(facts.disk)}, PostureFinding{"antivirus", antivirus_word(facts, now)},
          PostureFinding{"firewall", firewall_word(facts.firewall)},
          PostureFinding{"screen-lock", screen_lock_word(facts)}, PostureFinding{"updates", updates_word(facts, now)}};
}

bool is_fine(std::string_view subject, std::string_view word) {
  return std::ranges::find(kFine, PostureFinding{subject, word}) != kFine.end();
}

}  // namespace caretaker::policy
