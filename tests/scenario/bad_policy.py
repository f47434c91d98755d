"""A server that has been taken over hands out policies that nobody may make; the device keeps the last good one and says so."""
import base64
import contextlib
import json
import sqlite3

import world
from processes import wait_until
from world import tell

PROMISES = "R5 R7"
OPEN_POLICY = world.POLICY.replace('blocked_categories = ["adult", "gambling"]', "blocked_categories = []")


@contextlib.contextmanager
def taken_over(w):
    """The server's database in the hands of whoever broke in."""
    w.server.stop()
    database = sqlite3.connect(w.data / "fleet.db")
    with contextlib.closing(database), database:
        yield database
    w.give_back(w.data)
    w.start_server()


def hand_out(w, envelope):
    """The server offers this as version 9 of the policy, whatever it is."""
    with taken_over(w) as database:
        database.execute("DELETE FROM policies")
        database.execute("INSERT INTO policies VALUES (9, ?, 0)", (envelope,))


def older(w):
    return w.first_policy


def edited(w):
    """The technician's signature over another text."""
    envelope = json.loads(w.sign_policy().read_bytes())
    payload = base64.b64decode(envelope["payload"]).replace(b"gambling", b"gardening")
    return json.dumps({**envelope, "payload": base64.b64encode(payload).decode()}).encode()


def of_another_school(w):
    """Signed well, by the technician of a school that the thief made."""
    mine, w.school = w.school, w.folder / "thief"
    w.caretaker("school", "new", "--dir", w.school, "--name", "Thief", "--safeguarding", "lead", "--server-info",
                w.data / "server-public.json", "--passphrase-file", w.passphrase)
    signed = w.sign_policy(OPEN_POLICY, version=9).read_bytes()
    w.school = mine
    return signed


def refusals(w):
    return sum(row.get("kind") == "policy.refused" for row in w.rows())


def still_filtered(w):
    assert w.ask("casino.example").rcode == "NXDOMAIN"
    assert w.status()["policy_version"] == 2, w.status()


def scenario(w):
    w.start_all()
    w.first_policy = (w.folder / "policy.signed").read_bytes()
    w.publish_policy()
    wait_until("version 2", lambda: w.status()["policy_version"] == 2, timeout=180, pause=1)
    for what, make in (("an older policy", older), ("an edited policy", edited), ("another school's policy", of_another_school)):
        before = refusals(w)
        hand_out(w, make(w))
        wait_until("the refusal on the server", lambda: refusals(w) > before, timeout=180, pause=1)
        still_filtered(w)
        tell(f"{what} is refused, the refusal is on the server, version 2 stays")


if __name__ == "__main__":
    world.play(scenario)
