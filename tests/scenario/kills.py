"""Guard, net and server are killed again and again; nothing that was acknowledged is lost or comes twice. --rounds 500 for a night."""
import collections
import random
import time

import own_users
import world
from processes import wait_until
from world import tell

PROMISES = "R18"
NAMES_A_ROUND = 8


def ask_some(w, first, pupils):
    """Asks names that nobody has asked before; the (user, name) pairs that were answered as blocked."""
    asked = []
    for n in range(first, first + NAMES_A_ROUND):
        pupil = pupils[n % len(pupils)]
        try:
            if w.ask(f"bad{n}.example", user=pupil, timeout=1.0).rcode == "NXDOMAIN":
                asked.append(n)
        except OSError:
            pass  # net may be the one that was killed
    return asked


def device_book(w):
    """seq -> body of what the guard says is in its book: durable by its own word."""
    return {(row["epoch"], row["seq"]): row for row in w.device_rows()}


def kill_and_restart(w, program, start):
    time.sleep(random.uniform(0, 0.15))
    program.kill()
    start()


def check_rows(w, book, highest_asked, sure):
    rows = w.rows()
    seqs = collections.Counter((row["epoch"], row["seq"]) for row in rows)
    assert max(seqs.values()) == 1, [key for key, count in seqs.items() if count > 1]
    lost = [key for key in book if key not in seqs]
    assert not lost, f"{len(lost)} acknowledged events are not on the server: {lost[:5]}"
    for epoch in {epoch for epoch, _ in seqs}:
        there = sorted(seq for e, seq in seqs if e == epoch)
        assert there == list(range(1, len(there) + 1)), f"a hole in {epoch}: {there}"
    names = collections.Counter(row["details"]["name"] for row in rows if row.get("kind", "").startswith("web."))
    doubled = [name for name, count in names.items() if count > 1]
    assert not doubled, f"recorded twice: {doubled}"
    assert set(names) <= {f"bad{n}.example" for n in range(highest_asked)}, set(names)
    never = sorted(n for n in sure if f"bad{n}.example" not in names)
    assert not never, f"{len(never)} of {len(sure)} names were blocked by a net that lived on, and nobody has a record of them: {never[:5]}"
    return len(names)


def scenario(w):
    seed = random.randrange(1 << 30)
    random.seed(seed)
    tell(f"seed {seed}")
    w.start_all()
    pupils = list(own_users.people())[:20] or [None]
    programs = [(w.guard, w.start_guard), (w.net, w.start_net), (w.server, w.start_server)]
    book, asked, sure = {}, 0, set()
    for number in range(w.options.rounds):
        program, start = programs[number % 3]
        book.update(device_book(w))
        blocked = ask_some(w, asked, pupils)  # and while they are on their way
        # What net has answered and not yet handed over goes with it. It lives on when the server is killed, and through the round after.
        if program is w.server:
            sure.update(blocked)
        asked += NAMES_A_ROUND
        kill_and_restart(w, program, start)
    wait_until("the queue to be empty", lambda: w.status()["events_queued"] == 0, timeout=240 + w.options.rounds, pause=1)
    book.update(device_book(w))
    assert len(sure) >= w.options.rounds // 3 * NAMES_A_ROUND // 2, f"only {len(sure)} names were blocked while the server was killed"
    arrived = check_rows(w, book, asked, sure)
    tell(f"{asked} names asked between {w.options.rounds} kills, {arrived} recorded, {len(book)} events acknowledged: none lost, none twice, "
         f"and every one of the {len(sure)} that net had time for is among them")


if __name__ == "__main__":
    world.play(scenario, rounds=30)
