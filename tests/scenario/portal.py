"""A network that wants people to log in first. Its login page's name, which a category blocks, is opened for two minutes while the school cannot be
reached: for that name alone, in that network alone, with a record. An access point that lies gets nothing by it. In a network of the
scenario's own, with the real filter, the real reader of connections' names and real packet queues."""
import os
import pathlib
import sys
import time

import home
import own_users
import world
from inspection import INSPECT, filters_in_force, make_inspect
from own_network import Network, Unavailable
from processes import run, wait_until
from world import tell

PROMISES = "R10 R11"
HERE = pathlib.Path(__file__).resolve().parent
POLICY = world.POLICY + "[network]\nportal_minutes = 2\n"
NAME, INSIDE, FAR, NOBODYS = "login.casino.example", "10.66.0.1", "203.0.113.80", "198.51.100.1"
PUPIL = own_users.FIRST_PUPIL


class ThisNetwork(Network):
    """The rules that fill the queue, where this program is."""

    def there(self, namespace, *command):
        return [*map(str, command)]

    def lay(self):
        self.lay_rules()
        for tables in ("iptables-nft", "ip6tables-nft"):
            run([tables, "-t", "mangle", "-I", "OUTPUT", "-m", "owner", "--uid-owner", str(own_users.NET), "-j", "ACCEPT"], 0)


def set_up(w, network):
    w.mode = w.folder / "mode"
    says(w, "honest")
    w.outside = home.Outside([f"{INSIDE}/32", f"{FAR}/32", f"{NOBODYS}/32"])
    w.point = w.folder / "access-point.log"
    w.outside.start(sys.executable, "-Bu", HERE / "access_point.py", w.mode, NOBODYS, INSIDE, log=w.point)
    w.outside.start(sys.executable, "-Bu", HERE / "far_servers.py", INSIDE, FAR, log=w.folder / "servers.log")
    wait_until("the access point", lambda: "here" in w.point.read_text(encoding="utf-8"))
    given = w.folder / "resolv.conf"
    given.write_text(f"nameserver {INSIDE}\n", encoding="utf-8")
    run(["mount", "--bind", given, "/etc/resolv.conf"], 0)  # in the mount namespace of own_users alone
    w.guard.command += ["--inspect-uid", str(INSPECT)]
    w.make_school()
    w.start_server()
    w.publish_lists()
    w.publish_policy(POLICY)
    w.start_device()
    w.inspect = make_inspect(w, network)
    w.inspect.start()
    wait_until("the names' reader to have the filter", lambda: w.inspect.running() and filters_in_force(w.inspect))


def says(w, *mode):
    """What the access point says from now on."""
    new = w.folder / "mode.new"
    new.write_text(" ".join(mode), encoding="utf-8")
    os.replace(new, w.mode)


def asks_whether_there_is_a_login_page(w):
    """As a browser does."""
    w.ask("detectportal.firefox.com", user=PUPIL)


def wait_for_asking(w, what, condition):
    """While a browser goes on asking."""
    def ask_and_look():
        asks_whether_there_is_a_login_page(w)
        return condition()
    return wait_until(what, ask_and_look, timeout=600, pause=1)


def open_name(w):
    return w.status()["portal"]["name"]


def looked_up(w, name):
    answer = w.ask(name, user=PUPIL)
    return answer.addresses() or answer.rcode


def connects(name, address):
    return run(["setpriv", "--reuid", str(PUPIL), "--regid", str(PUPIL), "--clear-groups", sys.executable, "-B", HERE / "near_client.py", "tls", name,
                address], 0).stdout.strip()


def events(w, kind):
    return [row["rule"] for row in w.device_rows() if row.get("kind") == kind]


def asked(w):
    return w.point.read_text(encoding="utf-8").count("asked")


def while_the_school_is_reached_nothing_opens(w):
    says(w, "portal", NAME)
    before = asked(w)
    asks_whether_there_is_a_login_page(w)
    wait_until("the filter to look as well", lambda: asked(w) > before, timeout=60)
    time.sleep(12)
    assert not open_name(w) and not events(w, "portal.opened")
    assert looked_up(w, NAME) == "NXDOMAIN" and connects(NAME, INSIDE) == "refused"
    tell("somebody who answers for an address of nobody's is heard, and opens nothing while the school is reached")


def the_login_page_alone_is_open(w):
    w.server.kill()
    wait_until("the login page to be open", lambda: open_name(w) == NAME, timeout=240)
    began = time.monotonic()
    assert wait_until("it to be found", lambda: looked_up(w, NAME) == [INSIDE])
    wait_until("it to be reached", lambda: connects(NAME, INSIDE) == "open", timeout=30)
    assert connects(NAME, FAR) == "refused", "under its name another place was reached"
    for other in ("casino.example", f"www.{NAME}", "adult.example", "illegal.example"):
        assert looked_up(w, other) == "NXDOMAIN", other
        assert connects(other, INSIDE) == "refused", other
    assert w.why(NAME, "--group", "pupils", user=own_users.GUARD)["reason"] == "portal"
    text = w.caretaker("status", "--socket", w.socket).stdout
    assert f"http://{NAME}/" in text, text
    tell("school out of reach: the login page is found and reached in this network alone, and nothing beside it; the status names it")
    says(w, "far", NAME, FAR)
    assert looked_up(w, NAME) == "NXDOMAIN"
    tell("the same name with an address far away is blocked as before")
    says(w, "honest")
    wait_until("it to end", lambda: not open_name(w), timeout=150)
    assert 100 < time.monotonic() - began < 140, time.monotonic() - began
    assert looked_up(w, NAME) == "NXDOMAIN"
    wait_until("the connection to be closed too", lambda: connects(NAME, INSIDE) == "refused")
    assert events(w, "portal.opened") == ["redirect"] and events(w, "portal.closed") == ["time"]
    tell("after its two minutes it is gone by itself, with an event at both ends")


def a_lying_access_point_gets_nothing(w):
    says(w, "portal", "illegal.example")
    asks_whether_there_is_a_login_page(w)
    wait_until("the refusal", lambda: "closed" in events(w, "portal.refused"), timeout=120)
    assert looked_up(w, "illegal.example") == "NXDOMAIN"
    tell("illegal content is no login page: refused, with an event")
    for mode in ("endless", "drops"):
        says(w, mode)
        before = asked(w)
        asks_whether_there_is_a_login_page(w)
        wait_until("it to be asked", lambda b=before: asked(w) > b, timeout=120)
        time.sleep(6)
        assert w.net.running() and looked_up(w, "fine.example") and not open_name(w)
    tell("an answer without end, or in drops, costs seconds and nothing else")


def a_name_for_every_second(w):
    says(w, "changing")
    first = wait_for_asking(w, "one of them to be open", lambda: open_name(w))
    others = [f"bad{n}.example" for n in range(0, 8000, 800) if f"bad{n}.example" != first]
    assert all(looked_up(w, other) == "NXDOMAIN" for other in others)
    w.start_server()
    wait_until("the school to be heard, and it to close", lambda: not open_name(w), timeout=60)
    assert "server-reached" in events(w, "portal.closed")
    tell("one name at a time, and none as soon as the school is reached again")
    time.sleep(2)
    w.server.kill()
    wait_for_asking(w, "the bound", lambda: "too-often" in events(w, "portal.refused"))
    assert len(events(w, "portal.opened")) == 3, events(w, "portal.opened")
    tell("a new name every second: three in an hour, and then no more")


def the_lead_reads_its_name(w):
    w.start_server()
    says(w, "honest")

    def opened():
        return [row for row in w.rows() if row.get("kind") == "portal.opened"]
    wait_until("the records on the server", lambda: len(opened()) == 3, timeout=240, pause=1)
    assert NAME in str(opened()) and NAME not in str([row for row in w.rows(reader="technician")])
    tell("the lead reads which page it was, the technician that there was one")


def scenario(w):
    network = ThisNetwork()
    try:
        set_up(w, network)
        network.lay()
        for step in (while_the_school_is_reached_nothing_opens, the_login_page_alone_is_open, a_lying_access_point_gets_nothing, a_name_for_every_second,
                     the_lead_reads_its_name):
            step(w)
    finally:
        w.outside.end()


def main():
    home.enter()
    own_users.enter()
    if not own_users.people():
        print("skipped: users can't be made here")
        sys.exit(home.SKIPPED)
    try:
        ThisNetwork().lay_rules()  # whether this kernel has packet queues at all
    except Unavailable as why:
        print(f"skipped: {why}")
        sys.exit(home.SKIPPED)
    world.play(scenario)


if __name__ == "__main__":
    main()
