"""The device's clock is nine years ahead, then nine behind, and the server's as well: names are filtered, events arrive, and when the
clock is right again nothing of it is left."""
import glob

import world
from processes import wait_until
from world import tell

PROMISES = "R18"
LIBRARY = next(iter(glob.glob("/usr/lib/*/faketime/libfaketime.so.1")), None)


def set_clock(program, shift):
    """From its next start; the clock that counts from the boot stays as it is."""
    program.environment = {} if shift is None else {"LD_PRELOAD": LIBRARY, "FAKETIME": shift, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


def restart_device(w, shift):
    for program in (w.net, w.guard):
        set_clock(program, shift)
        program.stop()
    w.start_guard()
    w.start_net()


def restart_server(w, shift):
    set_clock(w.server, shift)
    w.server.stop()
    w.start_server()


def deliver(w, first):
    """Blocked, and confirmed by the server. (Who reads the rows needs a server whose clock is right.)"""
    for n in range(first, first + 3):
        assert w.ask(f"bad{n}.example").rcode == "NXDOMAIN"
    wait_until("the receipt", lambda: w.status()["events_queued"] == 0, timeout=120, pause=0.3)


def names(w):
    seen = [row["details"]["name"] for row in w.violations()]
    assert len(seen) == len(set(seen)), "a name came twice"
    return set(seen)


def refused(w):
    return [row["rule"] for row in w.rows() if row.get("kind") == "policy.refused"]


def scenario(w):
    if LIBRARY is None:
        tell("skipped: the package libfaketime is not here")
        return
    w.start_all()
    deliver(w, 0)

    restart_device(w, "+9y")
    deliver(w, 3)
    status = w.status()
    assert status["policy_version"] == 1 and {"policy-stale", "lists-stale"} <= set(status["health"]), status
    w.publish_policy()
    wait_until("the refusal", lambda: refused(w), timeout=120, pause=0.5)
    deliver(w, 6)
    assert w.status()["policy_version"] == 1, w.status()
    tell("nine years ahead: stale and said so, never off; what looks expired is refused; events arrive")

    restart_device(w, "-9y")
    deliver(w, 9)
    wait_until("version 2", lambda: w.status()["policy_version"] == 2, timeout=120, pause=0.3)
    assert w.status()["stale_since"] == 0, w.status()
    tell("nine years behind: the new policy is taken, nothing is stale")

    restart_device(w, None)
    for shift in ("+9y", "-9y"):
        restart_server(w, shift)
        deliver(w, 12 if shift == "+9y" else 15)
        tell(f"the server's clock at {shift}: events are confirmed")
    restart_server(w, None)
    deliver(w, 18)
    assert names(w) == {f"bad{n}.example" for n in range(21)}, names(w)
    assert w.status()["stale_since"] == 0 and w.status()["policy_version"] == 2, w.status()
    assert len([row for row in w.rows() if row.get("kind") == "epoch.started"]) == 1
    tell("all 21 names are there, each once, in one epoch")


if __name__ == "__main__":
    world.play(scenario)
