"""A device's disk breaks in one way after the other: the agent comes back, says what it lost, keeps its policy, and nothing that the
server had acknowledged is lost or comes twice."""
import contextlib
import random
import shutil

import own_users
import world
from processes import wait_until
from world import tell

PROMISES = "R18"


class Names:
    """Names that nobody has asked before, and what has become of them."""

    def __init__(self, w):
        self.w, self.asked = w, 0

    def block(self, count=3):
        for n in range(self.asked, self.asked + count):
            assert self.w.ask(f"bad{n}.example").rcode == "NXDOMAIN"
        self.asked += count

    def arrived(self):
        wanted = {f"bad{n}.example" for n in range(self.asked)}
        seen = [name for row in self.w.violations() if (name := row["details"]["name"]) in wanted]
        assert len(seen) == len(set(seen)), "a name came twice"
        return set(seen) == wanted

    def deliver(self):
        self.block()
        wait_until("every name on the server", self.arrived, timeout=180, pause=0.5)
        wait_until("the receipt", lambda: self.w.status()["events_queued"] == 0, timeout=60, pause=0.2)


def events(w):
    return w.state / "events"


def injure_pages(path, injure):
    """All but the first."""
    data = bytearray(path.read_bytes())
    for start in range(4096, len(data), 4096):
        data[start:start + 4096] = injure(data[start:start + 4096])
    path.write_bytes(data)


def flip(page):
    for _ in range(40):
        page[random.randrange(len(page))] ^= 1 << random.randrange(8)
    return page


def flipped_pages(w):
    """Of the log too: it would give them back."""
    for path in events(w).glob("events.db*"):
        injure_pages(path, flip)


def zeroed_pages(w):
    for path in events(w).glob("events.db*"):
        injure_pages(path, lambda page: bytes(len(page)))


def lost_log(w):
    """As a disk leaves it that had not written what it had confirmed."""
    with open(events(w) / "events.db-wal", "r+b") as log:
        log.truncate(0)


def lost_database(w):
    for path in events(w).glob("events.db*"):
        path.unlink()


def lost_key(w):
    (events(w) / "events.key").unlink()


def key_from_before(w):
    shutil.copyfile(w.folder / "before" / "events.key", events(w) / "events.key")


def database_from_before(w):
    """The key stays: it is ahead of the book."""
    for path in events(w).glob("events.db*"):
        path.unlink()
    shutil.copyfile(w.folder / "before" / "events.db", events(w) / "events.db")


def damaged_set(w):
    for path in (w.state / "trust").glob("set.*"):
        injure_pages(path, flip)


def damaged_policy(w):
    """Its copy lies beside it."""
    path = w.state / "trust" / "policy.json"
    path.write_bytes(path.read_bytes()[:100])


def flip_one_bit(path):
    data = bytearray(path.read_bytes())
    data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    path.write_bytes(data)


def damaged_root(w):
    """Without root 1 nothing else that is there is worth anything; it lies there twice."""
    flip_one_bit(w.state / "trust" / "roots" / "1.json")


def empty_root(w):
    (w.state / "trust" / "roots" / "1.json").write_bytes(b"")


def damaged_identity(w):
    flip_one_bit(w.state / "device.json")


def database_is_a_folder(w):
    lost_database(w)
    (events(w) / "events.db").mkdir()


def events_is_a_file(w):
    shutil.rmtree(events(w))
    events(w).write_bytes(b"x")


def spoil_in_place(w):
    """The file that is mapped, not another in its place: every second page of what it holds behind its header."""
    for path in (w.state / "trust").glob("set.*"):
        with open(path, "r+b") as file:
            for at in range(4096, path.stat().st_size, 8192):
                file.seek(at)
                page = bytearray(file.read(4096))
                file.seek(at)
                file.write(flip(page))


def set_damaged_alive(w, names):
    """Guard and net go on with the file while its bits change; what they looked at before is looked at again within a minute."""
    spoil_in_place(w)
    wait_until("the damage to be noticed", lambda: w.ask("casino.example").rcode == "SERVFAIL", timeout=90, pause=0.5)
    assert not w.ask("fine.example").addresses(), "a name that nobody knows to be fine was let through"
    wait_until("the filter", lambda: w.ask("casino.example").rcode == "NXDOMAIN", timeout=120, pause=0.5)
    assert w.ask("fine.example").addresses()
    assert w.guard.running() and w.net.running()
    names.deliver()
    wait_until("the event", lambda: any(row.get("rule") == "lists-damaged" for row in w.rows()), timeout=60, pause=0.5)
    tell("damage under a running guard and net: answered by nothing, fetched again, filtered again; the event is on the server")


# How the programs ended, what happened to the disk then, and the reason of the new epoch, if one has to begin. (Bits that flip where
# the book says whose it is make it another's.)
FAULTS = [("stop", flipped_pages, "damage re-enrolment"), ("stop", zeroed_pages, "damage"), ("kill", lost_log, "rollback"),
          ("kill", lost_database, "damage"), ("kill", lost_key, "damage"), ("kill", key_from_before, None),
          ("stop", database_from_before, "rollback"), ("kill", damaged_set, None), ("kill", damaged_policy, None),
          ("kill", damaged_root, None), ("stop", empty_root, None), ("kill", damaged_identity, None),
          ("kill", database_is_a_folder, "damage"), ("stop", events_is_a_file, "enrolment")]


def epochs(w):
    return [row["rule"].split()[0] for row in w.rows() if row.get("kind") == "epoch.started"]


def copy_events(w):
    """As the folder is after a clean stop. What the copy holds is not all: more is delivered after it."""
    w.guard.stop()
    shutil.rmtree(w.folder / "before", ignore_errors=True)
    shutil.copytree(events(w), w.folder / "before")
    w.start_guard()


def still_filtered(w):
    """With its lists, or, until they are here again, by answering nothing."""
    answer = w.ask("casino.example")
    assert answer.rcode in ("NXDOMAIN", "SERVFAIL") and not answer.addresses(), answer
    assert w.status()["policy_version"] == 2, w.status()


def suffer(w, names, end, fault, reason):
    before = epochs(w)
    if fault in (key_from_before, database_from_before):
        copy_events(w)
        names.deliver()
    for program in (w.net, w.guard):  # the whole machine: what is mapped does not change under who reads it
        getattr(program, end)()
    fault(w)
    w.give_back(w.state, own_users.GUARD)
    w.start_guard()
    w.start_net()
    still_filtered(w)
    wait_until("the filter", lambda: w.ask("casino.example").rcode == "NXDOMAIN", timeout=120)
    names.deliver()
    new = epochs(w)[len(before):]
    assert len(new) == (reason is not None) and all(r in reason for r in new), f"{fault.__name__}: {new}"
    wait_until("the policy", lambda: w.status()["policy_version"] == 2, timeout=120)
    tell(f"{fault.__name__}: {'new epoch, ' + new[0] if new else 'the same epoch goes on'}; all {names.asked} names arrived once")


def code_of(w, name):
    """None while nobody listens."""
    with contextlib.suppress(OSError):
        return w.ask(name).rcode
    return None


def roots_damaged_twice(w, names):
    """Whatever of it is gone, the device goes on as one that has a school: it answers nothing, and takes the roots from the school's folder."""
    for program in (w.net, w.guard):
        program.kill()
    for folder in ("roots", "roots.copy"):
        flip_one_bit(w.state / "trust" / folder / "1.json")
    w.start_guard()
    w.net.start()
    wait_until("an answer", lambda: code_of(w, "casino.example") == "SERVFAIL", timeout=60, pause=0.5)
    assert not w.ask("fine.example").addresses(), "without roots a name was let through"
    assert {"root-missing", "root-damaged"} <= set(w.status()["health"]), w.status()
    stick = w.folder / "stick"
    w.caretaker("policy", "export", stick, "--policy", w.folder / "policy.signed")
    w.give_back(stick, own_users.GUARD)
    w.caretaker("import", stick, "--socket", w.socket, user=own_users.GUARD, check=False)  # the policy in it is in force already
    wait_until("the filter", lambda: w.ask("casino.example").rcode == "NXDOMAIN", timeout=60, pause=0.5)
    assert w.status()["policy_version"] == 2, w.status()
    names.deliver()
    tell("root 1 and its copy damaged: nothing was let through, and with the school's folder all is as before")


def scenario(w):
    seed = random.randrange(1 << 30)
    random.seed(seed)
    tell(f"seed {seed}")
    w.start_all()
    w.publish_policy()
    wait_until("version 2", lambda: w.status()["policy_version"] == 2, timeout=180, pause=0.5)
    names = Names(w)
    names.deliver()
    for end, fault, reason in FAULTS:
        suffer(w, names, end, fault, reason)
    set_damaged_alive(w, names)
    roots_damaged_twice(w, names)


if __name__ == "__main__":
    world.play(scenario)
