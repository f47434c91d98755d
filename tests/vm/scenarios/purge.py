"""After a purge the machine is what it was before, to the byte: with its kernel, its devices and its sessions."""
import story
import tree
from story import tell

PROMISES = "R18"
BEGINS = "bare"
OTHERS = ("var/lib/caretaker-server/",)  # the school's server stays: its folder changes while it serves


def look(m):
    with m.disk_as_it_lies() as folder:
        return tree.read(folder)


def changed(m, before):
    """Lines about what is not what it was when we looked."""
    return [line for line in tree.differences(before, look(m)) if not line.startswith(OTHERS)]


def rules_in_force(m):
    """Of the kernel and of udev, what the package could have left behind."""
    return m.run("sh", "-c", "nft --stateless list ruleset; ls /run/systemd/transient /run/udev/rules.d 2>/dev/null; systemctl list-units --no-legend --plain 'caretaker*' | grep -v server || true").stdout


def play(m, school):
    before, others = look(m), story.another_firewall_has_rules(m)
    rules = rules_in_force(m)
    assert others in rules
    story.the_agent_is_installed_with_a_token(m, school)
    assert any("caretaker" in line for line in changed(m, before)), "an installation is not seen"
    story.it_filters_and_reports(m, school)
    assert rules_in_force(m).startswith(others) and rules_in_force(m) != rules, "our rules do not stand beside another's"
    m.run("apt-get", "purge", "--yes", "caretaker-agent")
    left = changed(m, before)
    assert not left, "purge left:\n" + "\n".join(left)
    assert rules_in_force(m) == rules, (rules, rules_in_force(m))
    tell(f"after the purge {len(before)} files are what they were before, to the byte, and so are the kernel's rules")
