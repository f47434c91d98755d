"""The server is away while ten thousand names are blocked; when it is back, each of them arrives once."""
import collections

import own_users
import world
from processes import wait_until
from world import tell

PROMISES = "R10 R18"
NAMES = 200  # a user's own rate allows 2,000 at once, all users' together 20,000


def askers():
    """Fifty pupils; where users can't be made everybody is the device, and one device's rate allows fewer."""
    return list(own_users.people())[:50] or [own_users.FIRST_PUPIL]


def expected(pupils):
    named = bool(own_users.people())
    return {(f"pupil{p - own_users.FIRST_PUPIL + 1}" if named else "", f"bad{n}.example") for p in pupils for n in range(NAMES)}


def ask_everything(w, pupils):
    for done, pupil in enumerate(pupils):
        for n in range(NAMES):
            assert w.ask(f"www.bad{n}.example", user=pupil).rcode == "NXDOMAIN"
        if done == len(pupils) // 2:
            w.guard.kill()
            w.start_guard()
            tell("half way the guard was killed and started again")


def queued(w):
    return w.status()["events_queued"]


def found(w):
    return collections.Counter((row["details"].get("user", ""), row["details"]["name"]) for row in w.violations())


def scenario(w):
    w.start_all()
    wait_until("the first events to be acknowledged", lambda: queued(w) == 0, timeout=180, pause=1)
    w.server.stop()
    tell("the server is away")
    pupils = askers()
    wanted = expected(pupils)
    ask_everything(w, pupils)
    wait_until(f"{len(wanted)} events in the queue", lambda: queued(w) >= len(wanted), timeout=60, pause=0.5)
    tell(f"{len(wanted)} violations are in the device's book")
    w.start_server()
    w.net.kill()  # a new morning: the machine is switched on again
    w.start_net()
    wait_until("the queue to be empty", lambda: queued(w) == 0, timeout=240, pause=1)
    counts = found(w)
    missing = wanted - set(counts)
    doubled = [key for key, count in counts.items() if count != 1]
    assert not missing and not doubled, f"{len(missing)} missing: {sorted(missing)[:5]}, doubled: {doubled[:5]}"
    tell(f"all {len(counts)} arrived, each once")


if __name__ == "__main__":
    world.play(scenario)
