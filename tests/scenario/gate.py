"""On a machine with the packet filter's rules every program asks our filter, whatever resolver it wants, and who goes another way is
refused and seen. In a network of its own, with the real programs and the kernel's own packet filter."""
import os
import pathlib
import shutil
import signal
import socket
import time

import dns_wire
import home
import own_users
import world
from processes import Program, run, wait_until
from world import tell

PROMISES = "R10 R11"
POLICY = world.POLICY.replace("youtube = \"off\"\n", "youtube = \"off\"\nif_filter_fails = \"open\"\nblocked_bypass = []\n") + \
    "[network]\nclosed_ports = [\"4242\"]\nopen_ports = [\"1080\"]\nclosed_addresses = [\"198.51.100.7\"]\n"
FOREIGN, FOREIGN6, DOH, DOH6, PLAIN = "198.51.100.53", "2001:db8:53::53", "1.1.1.1", "2606:4700:4700::1111", "203.0.113.80"
TRANSLATED = "64:ff9b::101:101"  # DOH, as a network of IPv6 alone writes it
THEIRS = "203.0.113.99"  # what a resolver outside says of every name
PUPIL, TEACHER = own_users.FIRST_PUPIL, own_users.TEACHER
FILTER_USER, GATE_USER = own_users.NET, own_users.GATE


def with_powers(user, powers, *command):
    """As the units start it: a user of its own with a few powers."""
    listed = ",".join(f"+{power}" for power in powers)
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", f"--inh-caps={listed}", f"--ambient-caps={listed}",
            f"--bounding-set=-all,{listed}", *command]


def set_up(w):
    w.outside = home.Outside([f"{FOREIGN}/32", f"{FOREIGN6}/128", f"{DOH}/32", f"{DOH6}/128", f"{TRANSLATED}/128", f"{PLAIN}/32", "198.51.100.7/32"])
    w.seen = w.folder / "seen.log"
    places = [f"{p} {a} 53" for a in (FOREIGN, FOREIGN6, DOH) for p in ("UDP", "TCP")]
    places += [f"{p} {a} {port}" for p in ("UDP", "TCP") for a, port in ((DOH, 443), (DOH6, 443), (TRANSLATED, 443), (FOREIGN, 853), ("198.51.100.7", 443))]
    places += [f"UDP {PLAIN} 1194", f"UDP {PLAIN} 4242", f"TCP {PLAIN} 1080", f"TCP {PLAIN} 3128", f"TCP {PLAIN} 443", f"UDP {PLAIN} 443"]
    w.outside.start("python3", "-Bu", pathlib.Path(__file__).with_name("somebody.py"), *" ".join(places).split(), log=w.seen)
    wait_until("somebody outside", lambda: "here" in w.seen.read_text(encoding="utf-8"))
    shutil.copy(pathlib.Path(w.options.bin) / "caretaker-gate", w.bin)
    w.dns = (home_filter := "127.0.0.153", 53)
    net = [w.bin / "caretaker-net", "--socket", w.socket, "--listen", f"{home_filter}:53", "--listen", "[::1]:153", "--work", w.folder / "net"]
    w.net = Program("net", with_powers(FILTER_USER, ["net_bind_service", "net_raw"], *net), 0, w.log)
    w.guard.command += ["--gate-uid", str(GATE_USER)]
    gate = [w.bin / "caretaker-gate", "--socket", w.socket, "--state", w.own("gate", GATE_USER), "--net-uid", str(FILTER_USER)]
    w.gate = Program("gate", with_powers(GATE_USER, ["net_admin"], *gate), 0, w.log)
    w.programs += [w.net, w.gate]


def socket_of(user, family, kind):
    os.seteuid(user)
    try:
        return socket.socket(family, kind)
    finally:
        os.seteuid(0)


def ask(user, server, name, tcp=False, timeout=5.0):
    """What this user gets when his program wants that resolver; None: nothing."""
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    try:
        with socket_of(user, family, socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM) as s:
            s.settimeout(timeout)
            s.connect((server, 53))
            question = dns_wire.make_question(name)
            s.sendall((len(question).to_bytes(2, "big") if tcp else b"") + question)
            if not tcp:
                return dns_wire.parse_answer(s.recv(65535))
            stream = s.makefile("rb")
            return dns_wire.parse_answer(stream.read(int.from_bytes(stream.read(2), "big")))
    except OSError:
        return None


def rcode(answer):
    return answer.rcode if answer else None


def reaches(user, address, port, tcp=True):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket_of(user, family, socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM) as s:
        s.settimeout(3)
        try:
            s.connect((address, port))
            s.send(b"?")
            return s.recv(1) == b"!"
        except OSError:
            return False


def table():
    return home.run("nft", "list", "table", "inet", "caretaker", check=False).stdout


def bypasses(w):
    return [row["details"] for row in w.violations() if row["kind"] == "web.bypass"]


def gate_rules(w):
    return [row["rule"] for row in w.device_rows() if row.get("kind") == "gate.changed"]


def nothing_is_closed_before_there_is_a_policy(w):
    w.make_school()
    w.start_server()
    w.publish_lists()
    w.publish_policy(POLICY)
    w.start_guard()
    w.net.start()
    w.gate.start()
    time.sleep(2)
    assert not table(), "a machine that is nobody's yet cannot be enrolled if its questions are led to us"
    w.enrol()
    wait_until("the rules", lambda: "dnat" in table(), timeout=60)
    wait_until("the filter to answer", w.filter_answers, timeout=180)
    tell("a machine that is nobody's yet is left alone; a few seconds after its enrolment the rules are there")


def every_resolver_is_ours(w):
    for server, tcp in ((FOREIGN, False), (FOREIGN, True), (FOREIGN6, False), (FOREIGN6, True), (DOH, False), ("127.0.0.53", False), ("::1", True)):
        answer = ask(PUPIL, server, "www.casino.example", tcp)
        assert answer and answer.rcode == "NXDOMAIN" and answer.ede, (server, tcp, answer)
        fine = ask(PUPIL, server, "fine.example", tcp)
        assert fine and fine.addresses() and THEIRS not in fine.addresses(), (server, tcp, fine)
        assert ask(TEACHER, server, "casino.example", tcp).addresses(), f"{server}: a teacher's question was taken for another's"
    assert ask(0, FOREIGN, "casino.example").rcode == "NXDOMAIN", "what the machine itself asks is filtered too"
    assert " 53 " not in w.seen.read_text(encoding="utf-8"), "a question got out"
    tell("questions to seven resolvers, IPv4 and IPv6, UDP and TCP, were answered by us, each by the rules of who asked")


def the_pupil_is_named(w):
    wait_until("the record", lambda: any(r["details"]["name"] == "casino.example" and r["details"].get("user") == "pupil1" for r in w.violations()),
               timeout=60, pause=0.5)
    tell("the record names the pupil whose question was led to us")


def an_address_of_the_link_is_refused(w):
    """A resolver that the router names by its link-local address, as IPv6 routers do: the next one is asked at once, and nobody is accused."""
    home.run("ip", "addr", "add", "fe80::5/64", "dev", "line", "nodad")
    with socket_of(PUPIL, socket.AF_INET6, socket.SOCK_DGRAM) as s:
        s.settimeout(5)
        s.bind(("fe80::5", 0, 0, socket.if_nametoindex("line")))
        s.connect(("fe80::53", 53, 0, socket.if_nametoindex("line")))
        began = time.monotonic()
        try:
            s.send(dns_wire.make_question("www.casino.example"))
            assert not s.recv(65535), "it got out"
        except OSError:
            pass
        assert time.monotonic() - began < 2, "nobody said no"
    time.sleep(17)  # gate has looked at what was refused, and the guard has heard of it
    assert not bypasses(w), "a pupil is accused of what the router did"
    tell("a question to a link-local resolver is refused at once, and no record")


def other_ways_are_refused_and_seen(w):
    ways = [(FOREIGN, 853, True), (FOREIGN, 853, False), (DOH, 443, True), (DOH, 443, False), (DOH6, 443, True), (DOH6, 443, False), (TRANSLATED, 443, True),
            ("198.51.100.7", 443, True), (PLAIN, 1194, False), (PLAIN, 4242, False), (PLAIN, 3128, True)]
    for address, port, tcp in ways:
        assert not reaches(PUPIL, address, port, tcp), f"a pupil reached {address} port {port}"
    assert reaches(PUPIL, PLAIN, 443) and reaches(PUPIL, PLAIN, 443, tcp=False), "the web is closed"
    assert reaches(PUPIL, PLAIN, 1080), "a port that the policy holds open is closed"
    for address, port, tcp in ways:
        assert reaches(TEACHER, address, port, tcp), f"a teacher, who may, could not reach {address} port {port}"
    wanted = {f"{'[' + a + ']' if ':' in a else a}:{port}/{'tcp' if tcp else 'udp'}" for a, port, tcp in ways}
    wait_until("the records", lambda: wanted <= {row["name"] for row in bypasses(w)}, timeout=60, pause=0.5)
    found = bypasses(w)
    assert {row["user"] for row in found} == {"pupil1"}, found
    reasons = {row["name"].rpartition(":")[2]: row["reason"] for row in found}
    assert (reasons["853/tcp"], reasons["443/udp"], reasons["1194/udp"], reasons["3128/tcp"]) == (
        "bypass-dns-over-https", "bypass-dns-over-https", "bypass-vpn", "bypass-proxy"), reasons
    tell(f"{len(ways)} other ways were refused, and each is a record with the pupil's name; who may, may")


def what_was_open_before_is_cut(w):
    """A conversation that was begun while there were no rules is looked at like any other."""
    w.gate.stop()
    home.run("nft", "delete", "table", "inet", "caretaker")
    with socket_of(PUPIL, socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(2)
        s.connect((FOREIGN, 53))
        s.send(dns_wire.make_question("casino.example"))
        assert dns_wire.parse_answer(s.recv(65535)).addresses() == [THEIRS]
        w.gate.start()
        wait_until("the rules", lambda: "dnat" in table())
        try:
            s.send(dns_wire.make_question("casino.example"))
            answer = dns_wire.parse_answer(s.recv(65535))
            assert THEIRS not in answer.addresses(), "the old conversation goes on past the filter"
        except OSError:
            pass
    tell("a question on a connection from before the rules does not get out: refused, or answered by us")


def a_flush_is_noticed(w):
    home.run("nft", "flush", "ruleset")
    began = time.monotonic()
    wait_until("the rules to be back", lambda: "dnat" in table(), timeout=20, pause=0.005)
    took = time.monotonic() - began
    home.run("nft", "delete", "chain", "inet", "caretaker", "names", check=False)
    home.run("nft", "flush", "chain", "inet", "caretaker", "ways")
    wait_until("the chain to be full again", lambda: "853" in table(), timeout=20)
    wait_until("the event", lambda: gate_rules(w).count("rules-restored") >= 1, timeout=30)
    assert ask(PUPIL, FOREIGN, "casino.example").rcode == "NXDOMAIN"
    tell(f"another firewall's reload emptied the packet filter: the rules were back after {took * 1000:.0f} ms, with an event")


def fails_closed(w, what):
    wait_until("the gate to notice", lambda: "filter-down" in w.status()["health"], timeout=60, pause=0.3)
    wait_until("the event", lambda: "filter-down" in gate_rules(w))  # the first at once; others within the hour are counted
    answer = ask(PUPIL, FOREIGN, "fine.example", timeout=1)
    assert answer is None, f"a pupil's question was answered: {answer}"
    assert THEIRS in wait_until("the teacher's question to go on", lambda: ask(TEACHER, FOREIGN, "fine.example", timeout=1), timeout=20).addresses()
    assert not reaches(PUPIL, DOH, 443) and not reaches(PUPIL, FOREIGN, 853)
    tell(f"the filter {what}: a pupil finds no names, staff go on as the policy says, and there is an event")


def works_again(w):
    wait_until("the filter to be found again", lambda: "filter-down" not in w.status()["health"], timeout=60, pause=0.3)
    assert "filter-up" in gate_rules(w)
    wait_until("the teacher to be filtered again", lambda: rcode(ask(TEACHER, FOREIGN, "adult.example")) == "NXDOMAIN")
    assert ask(PUPIL, FOREIGN, "casino.example").rcode == "NXDOMAIN"
    tell("it is back, and everybody is filtered again")


def a_filter_that_ends_or_hangs(w):
    w.net.kill()
    fails_closed(w, "was killed")
    w.start_net()
    works_again(w)
    w.net.process.send_signal(signal.SIGSTOP)
    fails_closed(w, "was starved")
    w.net.process.send_signal(signal.SIGCONT)
    works_again(w)


def rules_outlive_their_keeper(w):
    w.gate.kill()
    assert ask(PUPIL, FOREIGN, "casino.example").rcode == "NXDOMAIN" and not reaches(PUPIL, DOH, 443)
    w.guard.stop()
    home.run("nft", "flush", "ruleset")
    w.gate.start()
    wait_until("the rules of the last time", lambda: "dnat" in table(), timeout=20)
    assert ask(PUPIL, FOREIGN, "casino.example").rcode == "NXDOMAIN" and not reaches(PUPIL, DOH, 443)
    w.start_guard()
    tell("the rules outlive their keeper, and at a start they are there before the guard")


def they_can_be_taken_away(w):
    w.gate.stop()
    run(with_powers(GATE_USER, ["net_admin"], w.bin / "caretaker-gate", "--remove"), 0)
    assert not home.run("nft", "list", "ruleset").stdout.strip()
    assert ask(PUPIL, FOREIGN, "casino.example").addresses() == [THEIRS]
    tell("taken away, they leave nothing behind")


def play_steps(w, set_up_for, steps):
    """With users, and the world outside that `set_up_for` makes."""
    if not own_users.people():
        tell("skipped: users can't be made here")
        return
    try:
        set_up_for(w)
        for step in steps:
            step(w)
    finally:
        w.outside.end()


def scenario(w):
    play_steps(w, set_up, (nothing_is_closed_before_there_is_a_policy, every_resolver_is_ours, the_pupil_is_named, an_address_of_the_link_is_refused,
                           other_ways_are_refused_and_seen, what_was_open_before_is_cut, a_flush_is_noticed, a_filter_that_ends_or_hangs,
                           rules_outlive_their_keeper, they_can_be_taken_away))


if __name__ == "__main__":
    home.enter()
    world.play(scenario)
