"""Two users on one machine, its own kernel: connections of programs that ask no DNS are closed by the name in their first packets, and
programs that a pupil brings do not start."""
import far
from processes import wait_until
from story import tell

PROMISES = "R11 R12"
FAR, FAR6 = "203.0.113.2", "2001:db8::2"
RULES = ("nft", "list", "table", "inet", "caretaker_inspect")
UNITS = ("caretaker-inspect.service", "caretaker-programs.service")


def a_network_stands_beside(m):
    """Servers in a network namespace of the guest, on a cable."""
    m.run("sh", "-ec", "ip netns add far; ip link add cable type veth peer name cable netns far; ip addr add 203.0.113.1/24 dev cable; "
          "ip addr add 2001:db8::1/64 dev cable nodad; ip link set cable up; ip -n far addr add 203.0.113.2/24 dev cable; "
          "ip -n far addr add 2001:db8::2/64 dev cable nodad; ip -n far link set cable up; ip -n far link set lo up")
    far.serve(m, "far", FAR, FAR6)


# In the number of a user of some directories, each bit that the rules of gate and inspection write into a mark.
MARKED = 0x0e000000 + 1000


def becomes(m, wanted, *what, **by):
    got = far.near(m, *what, **by)
    assert got == wanted, (what, by, got)


def the_name_counts_whatever_the_address(m, school):
    wait_until("the rules", lambda: "queue" in m.run(*RULES, check=False).stdout, timeout=120)
    wait_until("the servers", lambda: far.near(m, "tls", "fine.example", FAR) == "open", timeout=120)
    for address in (FAR, FAR6):
        becomes(m, "open", "tls", "fine.example", address)
        becomes(m, "refused", "tls", "www.casino.example", address)
        becomes(m, "refused", "quic", "casino.example", address)
        becomes(m, "open", "quic", "fine.example", address)
        becomes(m, "open", "tls", "fine.example", address, user="other")
    becomes(m, "refused", "tls", "casino.example", FAR, "1")
    wait_until("the record on the server", lambda: any("casino.example" in str(row) and "pupil" in str(row) for row in school.rows()), timeout=180)
    tell("TLS and QUIC to an address that nobody asked for: open or refused by the name, and the lead reads who it was")


def dead_it_is_closed_as_the_policy_says(m):
    m.run("systemctl", "stop", "caretaker-inspect")
    becomes(m, "silent", "tls", "fine.example", FAR)
    becomes(m, "open", "tls", "fine.example", FAR, user="root")
    m.run("systemctl", "start", "caretaker-inspect")
    wait_until("names to be read again", lambda: far.near(m, "tls", "fine.example", FAR) == "open")
    before = m.property("caretaker-inspect", "MainPID")
    m.run("kill", "-KILL", before)
    wait_until("it to come back", lambda: m.property("caretaker-inspect", "MainPID") not in ("0", before) and far.near(m, "tls", "fine.example", FAR) == "open")
    tell("stopped, nobody but root gets out, since the policy says so; killed, it is back at once")


def a_flush_is_noticed(m, school):
    m.run("nft", "flush", "ruleset")
    wait_until("the rules to be back", lambda: "queue" in m.run(*RULES, check=False).stdout, timeout=60)
    becomes(m, "refused", "tls", "casino.example", FAR)
    becomes(m, "open", "tls", "fine.example", FAR)
    wait_until("the event", lambda: any((row.get("kind"), row.get("rule")) == ("inspect.changed", "rules-restored") for row in school.book()), timeout=60)
    tell("another firewall's reload emptied the packet filter: addresses that are known are closed again, with an event")


def what_it_has_forgotten_stays_closed(m):
    """Killed between the parts of a first message, on a port where it leaves a protocol alone that it does not know."""
    near = f"runuser -u pupil -- python3 -B /opt/tests/near_client.py parts 'GET / HTTP/1.1\\r\\nHo|st: casino.example\\r\\n\\r\\n' {FAR} 8443"
    killed = "systemctl kill --signal=KILL caretaker-inspect"
    said = m.run("sh", "-c", f"{{ sleep 2; {killed}; sleep 20; echo; }} | {near}").stdout.split()
    assert said == ["sent", "refused"], said
    tell("the rest of a first message whose beginning it has forgotten is refused")


def each_connection_has_its_own_answer(m):
    allowed, blocked = (rf"GET / HTTP/1.1\r\nHost: {name}\r\nCookie: {'c' * 3000}\r\n\r\n" for name in ("fine.example", "casino.example"))
    becomes(m, "open", "tcp", allowed, FAR, "80")
    becomes(m, "refused", "tcp", blocked, FAR, "80")
    becomes(m, "refused", "again", f"{allowed}|{blocked}", FAR, "80")
    becomes(m, "open", "again", f"{allowed}|{allowed}", FAR, "80")
    tell("what is sent behind a first message goes the way of it, and a connection from the same port is judged anew")


def a_users_number_is_no_mark(m):
    m.run("useradd", "--create-home", "--uid", MARKED, "marked")
    m.write("/etc/resolv.conf", f"nameserver {FAR}\n")
    for name, is_found in (("fine.example", True), ("www.casino.example", False)):
        said = m.run("python3", "-B", "/opt/tests/find_name.py", name, user="marked").stdout.strip()
        assert (said != "none") == is_found, (name, said)
    becomes(m, "refused", "tls", "www.casino.example", FAR, user="marked")
    becomes(m, "open", "tls", "fine.example", FAR, user="marked")
    tell("a user whose number has the bits of our marks is filtered like any other")


def what_a_pupil_brings_does_not_start(m, school):
    tries = {"home": "cp /bin/true ~/game && ~/game", "memory": "cp /bin/true /dev/shm/game && /dev/shm/game", "tmp": "cp /bin/true /tmp/game && /tmp/game",
             "script": "printf '#!/bin/sh\\n' > ~/s && chmod +x ~/s && ~/s", "loader": "/lib64/ld-linux-x86-64.so.2 /bin/true",
             "namespace": "unshare -Urm sh -c 'mount -t tmpfs x /media && cp /bin/true /media/e && chmod 755 /media/e && /media/e'"}
    who = "pupil"
    for name, text in tries.items():
        done = m.run("env", f"HOME=/home/{who}", "sh", "-c", text, user=who, check=False)
        assert done.returncode == 126, (name, done.returncode, done.stderr)
    m.run("sh", "-c", "ls / && python3 -c 1", user="pupil")
    m.run("sh", "-c", "cp /bin/true /tmp/roots && /tmp/roots")
    wait_until("the record on the server", lambda: "program.denied" in str(school.rows()), timeout=180)
    tell(f"{len(tries)} ways to start a program of one's own, and none works; the system's do, and root's")


def play(m, school):
    for unit in UNITS:
        assert m.property(unit, "ActiveState") == "active", unit
    a_network_stands_beside(m)
    the_name_counts_whatever_the_address(m, school)
    what_it_has_forgotten_stays_closed(m)
    each_connection_has_its_own_answer(m)
    a_users_number_is_no_mark(m)
    dead_it_is_closed_as_the_policy_says(m)
    a_flush_is_noticed(m, school)
    what_a_pupil_brings_does_not_start(m, school)
