#include "agent/net/portal_questions.h"

#include <unordered_set>

namespace caretaker::agent {

bool is_portal_question(std::string_view name) {
  static const std::unordered_set<std::string_view> names = {
      "detectportal.firefox.com",          // Firefox
      "connectivitycheck.gstatic.com",     // Chromium OS, Android
      "connectivitycheck.android.com",
      "network-test.debian.org", "connectivity-check.ubuntu.com", "nmcheck.gnome.org", "conncheck.opensuse.org", "ping.archlinux.org",
      "networkcheck.kde.org",  // NetworkManager and the desktops
      "captive.apple.com", "www.msftconnecttest.com",
  };
  return names.contains(name);
}

}  // namespace caretaker::agent
