"""After a purge the machine is what it was before, to the byte: with its kernel, its devices and its sessions."""
import story
from story import tell

PROMISES = "R18"
BEGINS = "bare"
TREE, EARLIER = "python3 -B /opt/tests/tree.py /", "/run/earlier.json"
# The school's server stays: its folder changes while it serves.
OTHERS = ("var/lib/caretaker-server/", "var/lib/systemd/", "var/tmp", "root/", "home/")


def look(m):
    """Keeps what lies on the disk, in memory: how many files. A guest's console would take minutes for the list."""
    m.run("sync")
    m.run("sh", "-c", f"{TREE} > {EARLIER}", timeout=1800)
    return int(m.run("python3", "-c", f"import json; print(len(json.load(open('{EARLIER}'))))").stdout)


def changed(m):
    """Lines about what is not what it was when we looked."""
    m.run("sync")
    lines = m.run("sh", "-c", f"{TREE} {EARLIER}", timeout=1800).stdout.splitlines()
    return [line for line in lines if line and not line.startswith(OTHERS)]


def rules_in_force(m):
    """Of the kernel and of udev, what the package could have left behind."""
    return m.run("sh", "-c", "nft --stateless list ruleset; ls /run/systemd/transient /run/udev/rules.d 2>/dev/null; systemctl list-units --no-legend --plain 'caretaker*' | grep -v server || true").stdout


def play(m, school):
    count, others = look(m), story.another_firewall_has_rules(m)
    rules = rules_in_force(m)
    assert others in rules
    story.the_agent_is_installed_with_a_token(m, school)
    assert any("caretaker" in line for line in changed(m)), "an installation is not seen"
    story.it_filters_and_reports(m, school)
    assert rules_in_force(m).startswith(others) and rules_in_force(m) != rules, "our rules do not stand beside another's"
    m.run("apt-get", "purge", "--yes", "caretaker-agent")
    left = changed(m)
    assert not left, "purge left:\n" + "\n".join(left)
    assert rules_in_force(m) == rules, (rules, rules_in_force(m))
    tell(f"after the purge {count} files are what they were before, to the byte, and so are the kernel's rules")
