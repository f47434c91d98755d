"""After a purge the machine is what it was before, to the byte: with its kernel, its devices and its sessions."""
import json

import story
import tree
from story import tell

PROMISES = "R18"
BEGINS = "bare"
# The school's server stays: its folder changes while it serves.
OTHERS = ("var/lib/caretaker-server/", "var/lib/systemd/", "var/tmp", "root/", "home/")


def files(m):
    m.run("sync")
    found = json.loads(m.run("python3", "-B", "/opt/tests/tree.py", "/", timeout=1800).stdout)
    return {path: what for path, what in found.items() if not path.startswith(OTHERS)}


def rules_in_force(m):
    """Of the kernel and of udev, what the package could have left behind."""
    return m.run("sh", "-c", "nft list ruleset; ls /run/systemd/transient /run/udev/rules.d 2>/dev/null; systemctl list-units --no-legend --plain 'caretaker*' | grep -v server || true").stdout


def play(m, school):
    before, rules = files(m), rules_in_force(m)
    story.the_agent_is_installed_with_a_token(m, school)
    story.it_filters_and_reports(m, school)
    m.run("apt-get", "purge", "--yes", "caretaker-agent")
    left = tree.differences(before, files(m))
    assert not left, "purge left:\n" + "\n".join(left)
    assert rules_in_force(m) == rules, (rules, rules_in_force(m))
    tell(f"after the purge {len(before)} files are what they were before, to the byte, and so are the kernel's rules")
