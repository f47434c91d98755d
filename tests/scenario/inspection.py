"""Programs that ask no DNS: an address that is known, a hosts file, another resolver. What the policy blocks is refused by the name in the
connection's first packets, for the user whose connection it is, and lands in the book; what it does not block goes on at full speed. Real TLS
clients and servers, real packet queues, two network namespaces."""
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

import own_users
import world
from own_network import SERVERS, Network, Unavailable
from processes import run, wait_until
from world import tell

PROMISES = "R5 R11"
INSPECT, SKIPPED = 64004, 77
HERE = pathlib.Path(__file__).resolve().parent
V4, V6 = SERVERS


def start_servers(w, network):
    servers = w.program("far", 0, "caretaker")
    servers.command = network.there(network.servers, sys.executable, "-B", HERE / "far_servers.py", V4, V6)
    servers.start()
    wait_until("the servers", lambda: "ready" in servers.log.read_text(encoding="utf-8"))


def make_inspect(w, network, user=INSPECT):
    inspect = w.program("inspect", 0, "caretaker-inspect")
    rights = ("setpriv", "--reuid", user, "--regid", user, "--clear-groups", "--inh-caps", "+net_admin", "--ambient-caps", "+net_admin",
              "--bounding-set", "-all,+net_admin", "--no-new-privs")
    inspect.command = network.there(network.users, *rights, w.bin / "caretaker-inspect", "--socket", w.socket)
    return inspect


class Users:
    def __init__(self, network, people):
        self.network, self.pupil, self.teacher = network, people[0] if people else own_users.FIRST_PUPIL, own_users.TEACHER

    def client(self, what, user=None):
        user = self.pupil if user is None else user
        become = () if user == 0 else ("setpriv", "--reuid", user, "--regid", user, "--clear-groups")
        return self.network.there(self.network.users, *become, sys.executable, "-B", HERE / "near_client.py", *what)

    def try_it(self, *what, user=None):
        return run(self.client(what, user), 0).stdout.strip()

    def begin(self, text, port):
        """A connection whose first part has been sent; its end: finish()."""
        begun = subprocess.Popen(list(map(str, self.client(("parts", text, V4, port)))), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert begun.stdout.readline().strip() == "sent"
        return begun

    @staticmethod
    def finish(begun):
        return begun.communicate("go on\n", timeout=60)[0].strip()


def filters_in_force(inspect):
    return inspect.log.read_text(encoding="utf-8").count("filter in force")


def starts(inspect):
    return inspect.log.read_text(encoding="utf-8").count("as soon as there is a filter")


def the_name_counts_whatever_the_address(users):
    for address in SERVERS:
        assert users.try_it("tls", "fine.example", address) == "open"
        assert users.try_it("tls", "www.casino.example", address) == "refused"
        assert users.try_it("quic", "fine.example", address) == "open"
        assert users.try_it("quic", "casino.example", address) == "refused"
    tell("TLS and QUIC to an address that nobody asked for: open or refused by the name, on IPv4 and IPv6")


def no_way_of_sending_it_hides_it(users):
    for piece in (12, 100, 300):
        assert users.try_it("tls", "casino.example", V4, piece) == "refused", piece
        assert users.try_it("tls", "fine.example", V4, piece) == "open", piece
    assert users.try_it("tls", "fine.example", V4, 1) == "refused"  # hundreds of packets and still no hello: no program does that
    assert users.try_it("quic", "casino.example", V4, 8443) == "refused"
    assert users.try_it("tcp", r"GET / HTTP/1.1\r\nhost: casino.example\r\n\r\n", V4, 80) == "refused"
    assert users.try_it("tcp", r"GET / HTTP/1.1\r\nHost: fine.example\r\n\r\n", V4, 80) == "open"
    assert users.try_it("tcp", r"\r\n\nGET / HTTP/1.1\r\nHost: casino.example\r\n\r\n", V4, 80) == "refused"
    assert users.try_it("urgent", r"GET / HTTP/1.1\r\nHost: |x|casino.example\r\n\r\n", V4, 80) == "refused"
    assert users.try_it("tcp", r"CONNECT casino.example:443 HTTP/1.1\r\n\r\n", V4, 3128) == "refused"
    tell("a hello in many pieces, QUIC on another port, plain HTTP, empty lines before it, an urgent byte in it and a proxy's CONNECT are refused as well")


def who_it_is_counts(users):
    assert users.try_it("tls", "casino.example", V4, user=users.teacher) == "open"
    assert users.try_it("tls", "adult.example", V4, user=users.teacher) == "refused"
    assert users.try_it("tls", "adult.example", V4, user=0) == "open"
    tell("a teacher reaches what pupils may not, and not what is closed to both; root is not looked at")


def what_cannot_be_read_is_refused(users):
    odd = [("tls", "", V4), ("tcp", "SSH-2.0-hidden\\r\\n", V4, 443), ("tcp", r"\x16\x03\x01\x00\x05\x63aaaa", V4, 443),
           ("tcp", r"get / HTTP/1.1\r\nHost: casino.example\r\n\r\n", V4, 80)]
    for what in odd:
        assert users.try_it(*what) == "refused", what
    assert users.try_it("tcp", "SSH-2.0-plain\\r\\n", V4, 22) == "open"
    tell("without a readable name a connection is refused, and other protocols on their own ports are left alone")


def only_the_beginning_comes_to_us(network, users):
    before = network.queued()
    page = ("import socket, ssl; c = ssl.create_default_context(); c.check_hostname = False; c.verify_mode = ssl.CERT_NONE\n"
            f"s = c.wrap_socket(socket.create_connection(('{V4}', 443)), server_hostname='fine.example'); s.sendall(b'page')\n"
            "n = 0\nwhile n < 300000: n += len(s.recv(65536))\nprint(n)")
    done = run(network.there(network.users, "setpriv", "--reuid", users.pupil, "--regid", users.pupil, "--clear-groups", sys.executable, "-c", page), 0)
    assert done.stdout.strip() == "300000"
    taken = network.queued() - before
    assert taken <= 2, f"{taken} packets of one connection were held"
    tell(f"of a download of 300 kB {taken} packets were held")


def what_follows_goes_the_same_way(w, users):
    for size in (1300, 3000, 20_000):
        assert users.try_it("tcp", rf"GET / HTTP/1.1\r\nHost: fine.example\r\nCookie: {'c' * size}\r\n\r\n", V4, 80) == "open", size
        assert users.try_it("tcp", rf"GET / HTTP/1.1\r\nHost: casino.example\r\nCookie: {'c' * size}\r\n\r\n", V4, 80) == "refused", size
    assert not [row for row in w.rows() if "no-readable-name" in str(row)]
    tell("what is sent right behind a first message goes the way of it, and accuses nobody")


def a_slow_answer_changes_nothing(users, inspect):
    """Its reader is held up, and what had no answer is sent once more meanwhile."""
    os.kill(inspect.process.pid, signal.SIGSTOP)
    timer = threading.Timer(1.0, os.kill, (inspect.process.pid, signal.SIGCONT))
    timer.start()
    assert users.try_it("tcp", rf"GET / HTTP/1.1\r\nHost: fine.example\r\nCookie: {'c' * 3000}\r\n\r\n", V4, 80) == "open"
    timer.join()
    tell("an answer that is a second late is the same answer")


def the_same_port_again_is_another_connection(users):
    allowed, blocked = r"GET / HTTP/1.1\r\nHost: fine.example\r\n\r\n", r"GET / HTTP/1.1\r\nHost: casino.example\r\n\r\n"
    assert users.try_it("again", f"{allowed}|{blocked}", V4, 80) == "refused"
    assert users.try_it("again", f"{allowed}|{allowed}", V4, 80) == "open"
    tell("a connection from the port of one that was accepted is judged anew")


def what_it_has_forgotten_stays_closed(users, inspect):
    """On a port where it would leave a protocol alone that it does not know."""
    assert users.finish(users.begin(r"GET / HTTP/1.1\r\nHo|st: fine.example\r\n\r\n", 8443)) == "open"
    begun = users.begin(r"GET / HTTP/1.1\r\nHo|st: casino.example\r\n\r\n", 8443)
    before = filters_in_force(inspect)
    inspect.kill()
    inspect.start()
    wait_until("the filter", lambda: filters_in_force(inspect) > before)
    assert users.finish(begun) == "refused"
    tell("the rest of a first message whose beginning it has forgotten is refused")


def dead_it_is_closed_or_open_by_the_rules(w, network, users, inspect):
    inspect.kill()
    assert users.try_it("tls", "fine.example", V4) == "silent"
    network.lay_rules(bypass=True)
    assert users.try_it("tls", "casino.example", V4) == "open"
    begun = users.begin(r"GET / HTTP/1.1\r\n|Host: fine.example\r\n\r\n", 80)
    inspect.start()
    wait_until("names to be read again", lambda: users.try_it("tls", "casino.example", V4) == "refused")
    assert users.finish(begun) == "open", "what had begun while nobody read names was cut"
    inspect.kill()
    network.lay_rules()
    w.guard.stop()
    before = starts(inspect)
    inspect.start()
    wait_until("it to be there", lambda: starts(inspect) > before)
    assert users.try_it("tls", "fine.example", V4) == "silent"
    assert users.try_it("tls", "casino.example", V4) == "silent"
    w.guard.start()
    wait_until("the filter again", lambda: users.try_it("tls", "fine.example", V4) == "open")
    assert users.try_it("tls", "casino.example", V4) == "refused"
    tell("while it is dead nobody gets out, or everybody where the policy says so; started again it goes on, as soon as the guard has told it how")


def the_lead_reads_who_it_was(w, users):
    def rows():
        return [row for row in w.violations() if "casino.example" in str(row)]
    wait_until("the record on the server", rows, timeout=60)
    if own_users.people():
        assert "pupil1" in str(rows()), rows()
        assert "teacher" not in str(rows())
    wait_until("what could not be read", lambda: any("no-readable-name" in str(row) for row in w.rows()), timeout=60)
    tell("the lead reads who it was and which site; nobody else does")


def a_flush_is_noticed(w, network):
    """As another firewall's reload does it."""
    def table():
        return run(network.there(network.users, "nft", "list", "table", "inet", "caretaker_inspect"), 0).stdout

    assert "queue" in table()
    run(network.there(network.users, "nft", "flush", "ruleset"), 0)
    wait_until("the rules to be back", lambda: "queue" in table(), timeout=20)
    run(network.there(network.users, "nft", "flush", "chain", "inet", "caretaker_inspect", "ask"), 0)
    wait_until("the chain to be full again", lambda: "queue" in table(), timeout=20)
    wait_until("the event", lambda: any((row.get("kind"), row.get("rule")) == ("inspect.changed", "rules-restored") for row in w.device_rows()), timeout=30)
    tell("another firewall's reload emptied the packet filter: the rules of the inspection are back, with an event")


def a_kernel_that_hands_nothing_over_is_said(w, network, inspect):
    """Not every kernel's nftables has a queue: this one has, or the status says what is missing."""
    assert not {"inspect-blind", "inspect-silent"} & set(w.status()["health"])
    inspect.stop()
    before = len(inspect.log.read_text(encoding="utf-8"))
    inspect.command.append("--rules")
    inspect.start()
    said = lambda: inspect.log.read_text(encoding="utf-8")[before:]  # noqa: E731
    wait_until("the filter", lambda: "filter in force" in said())
    time.sleep(3)  # the rules are laid right after
    refused = "no names are read" in said()
    if refused:
        wait_until("the status to say so", lambda: "inspect-blind" in w.status()["health"])
        wait_until("the school to hear", lambda: "inspect-blind" in str(w.devices()), timeout=60)
    else:
        a_flush_is_noticed(w, network)
    tell(f"the kernel {'takes no rules with a queue, and device and school say so' if refused else 'takes our own rules too'}")
    inspect.stop()
    wait_until("its silence to be noticed", lambda: "inspect-silent" in w.status()["health"], timeout=90)
    tell("nobody reads names: after a minute that is said as well")


def scenario(w):
    network = scenario.network
    w.guard.command += ["--inspect-uid", str(INSPECT)]
    w.make_school()
    w.start_server()
    w.publish_lists()
    w.publish_policy()
    w.start_device()
    start_servers(w, network)
    network.lay_rules()
    inspect, users = make_inspect(w, network), Users(network, own_users.people())
    inspect.start()
    wait_until("the names' reader to have the filter", lambda: inspect.running() and filters_in_force(inspect))
    the_name_counts_whatever_the_address(users)
    what_follows_goes_the_same_way(w, users)
    no_way_of_sending_it_hides_it(users)
    who_it_is_counts(users)
    what_cannot_be_read_is_refused(users)
    only_the_beginning_comes_to_us(network, users)
    a_slow_answer_changes_nothing(users, inspect)
    the_same_port_again_is_another_connection(users)
    what_it_has_forgotten_stays_closed(users, inspect)
    dead_it_is_closed_or_open_by_the_rules(w, network, users, inspect)
    the_lead_reads_who_it_was(w, users)
    a_kernel_that_hands_nothing_over_is_said(w, network, inspect)


def main():
    own_users.enter()
    try:
        network = scenario.network = Network()
    except Unavailable as why:
        print(f"skipped: {why}")
        sys.exit(SKIPPED)
    try:
        try:
            network.make()
            network.lay_rules()
        except Unavailable as why:
            print(f"skipped: {why}")
            sys.exit(SKIPPED)
        world.play(scenario)
    finally:
        network.end()


if __name__ == "__main__":
    main()
