"""How the laptop itself is kept: what it says of itself, and what of that changes when somebody does something about it."""
import time

from processes import wait_until
from story import tell

PROMISES = "R3"
RULES = """table inet filter {
  chain input { type filter hook input priority 0; policy drop;
    iif lo accept
    ct state established accept
  }
}
"""


def told(school):
    return [row["rule"] for row in school.book() if row.get("kind") == "posture.changed"]


def becomes(school, subject, word):
    wait_until(f"{subject} to be {word}", lambda: school.status().get("posture", {}).get(subject) == word, timeout=150, pause=2)


def a_laptop_as_it_comes(m, school):
    for subject, word in (("disk", "not-encrypted"), ("antivirus", "none"), ("firewall", "off"), ("screen-lock", "present")):
        becomes(school, subject, word)
    shown = m.run("caretaker", "status", user="pupil").stdout
    assert "whoever has this machine can read it" in shown, shown
    wait_until("the book to have it", lambda: {"disk:not-encrypted", "firewall:off"} <= set(told(school)), timeout=150, pause=2)
    wait_until("the server to have it", lambda: "disk not-encrypted" in school.technician("device", "list").stdout, timeout=120, pause=2)
    tell("a laptop as it comes: disk not encrypted, no scanner, no firewall, but lockers; book, pupil and server know")


def a_firewall_is_seen_in_the_kernel(m, school):
    m.write("/tmp/rules", RULES)
    m.run("nft", "--file", "/tmp/rules")
    m.run("systemctl", "start", "caretaker-firewall.service")
    becomes(school, "firewall", "on")
    wait_until("the book to have it", lambda: "firewall:on" in told(school), timeout=150, pause=2)
    tell("a firewall that drops what nobody expects is seen, wherever its rules came from")


def a_setting_against_locking_is_seen(m, school):
    m.write("/etc/dconf/db/local.d/00-school", "[org/gnome/desktop/screensaver]\nlock-enabled=false\n")
    becomes(school, "screen-lock", "switched-off")
    assert "keeps its desktops from locking" in m.run("caretaker", "status", user="pupil").stdout
    m.run("rm", "-r", "/etc/dconf")
    tell("a setting that keeps the machine's desktops from locking is seen")


def signatures_grow_old(m, school):
    header = "ClamAV-VDB:22 Nov 2026 03-25 -0500:27828:2077413:90:5c1d9f3ea05a6f2f6e5ad3dd2c8c9b4e:c2ln:builder:{}"
    m.write("/usr/bin/clamscan", "", mode=0o755)
    m.write("/var/lib/clamav/daily.cvd", header.format(int(time.time())).ljust(512))
    becomes(school, "antivirus", "current")
    m.write("/var/lib/clamav/daily.cvd", header.format(int(time.time()) - 8 * 86400).ljust(512))
    becomes(school, "antivirus", "old")
    tell("signatures of eight days ago are called old")


def a_start_is_no_news(m, school):
    wait_until("the book to have it", lambda: "antivirus:old" in told(school), timeout=150, pause=2)
    before = told(school)
    m.run("systemctl", "restart", "caretakerd.service")
    becomes(school, "firewall", "on")
    time.sleep(130)  # two looks
    assert told(school) == before, (before, told(school))
    tell("a start alone is no news")


def play(m, school):
    a_laptop_as_it_comes(m, school)
    a_firewall_is_seen_in_the_kernel(m, school)
    a_setting_against_locking_is_seen(m, school)
    signatures_grow_old(m, school)
    a_start_is_no_news(m, school)
