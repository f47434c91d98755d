"""The whole system's names go through the filter, on a kernel of its own: at once at a start, after a sleep, and not past it by a hosts file,
another resolver or another user's rules; a purge leaves the packet filter and the resolver's settings as they were."""
import story
from processes import wait_until
from story import tell

PROMISES = "R10 R11"
FIND = ("python3", "-B", "/opt/tests/find_name.py")


def has_rules(m):
    return "dnat" in m.run("nft", "list", "table", "inet", "caretaker", check=False).stdout


def programs_that_know_nothing_of_us(m):
    """By the system's own library, as every program finds names; the resolver that is set is somebody's at the far end."""
    m.write("/etc/resolv.conf", "nameserver 198.51.100.53\n")
    for user in ("pupil", "other"):
        assert m.run(*FIND, "www.casino.example", user=user).stdout.strip() == "none"
        assert m.run(*FIND, "fine.example", user=user).stdout.strip() != "none"
    assert m.run("sh", "-c", "echo 192.0.2.9 www.casino.example >> /etc/hosts", user="pupil", check=False).returncode != 0
    tell("programs of two users find names through the filter, and neither can write the hosts file")


def a_sleep_changes_nothing(m, school):
    m.sleep(20)
    assert has_rules(m) and school.ask("www.casino.example", resolver="1.1.1.1") == "NXDOMAIN"
    tell("after a sleep it is as before")


def a_start_is_closed_from_the_beginning(m, school):
    for unit in ("caretakerd", "caretaker-net"):
        m.run("systemctl", "mask", f"{unit}.service")
    m.reboot()
    assert has_rules(m), "no rules before the guard is up"
    story.give_a_line(m)
    assert school.ask("fine.example", resolver="1.1.1.1") is None
    for unit in ("caretakerd", "caretaker-net"):
        m.run("systemctl", "unmask", f"{unit}.service")
    m.run("systemctl", "daemon-reload")
    m.run("systemctl", "start", "caretakerd", "caretaker-net")
    school.start()
    school.wait_until_filtering()
    tell("a machine that starts without guard and filter finds no names for a pupil")


def a_purge_leaves_nothing(m):
    before = m.run("cat", "/etc/nsswitch.conf").stdout
    m.run("apt-get", "purge", "--yes", "caretaker-agent")
    assert not has_rules(m) and story.NSS in m.run("cat", "/etc/nsswitch.conf").stdout and story.NSS not in before
    tell("a purge takes the rules away and puts the settings back")


def play(m, school):
    story.every_question_is_ours(m, school)
    programs_that_know_nothing_of_us(m)
    a_sleep_changes_nothing(m, school)
    a_start_is_closed_from_the_beginning(m, school)
    wait_until("the rules", lambda: has_rules(m))
    a_purge_leaves_nothing(m)
