"""A lost device is locked by one person, unlocked by an order and by a code read out over the telephone; two people order a wipe and one
stops it. A server in a thief's hands replays, redirects, edits and shortens what was signed, and commands nothing."""
import base64
import hashlib
import json
import sqlite3
import time

import world
from processes import wait_until
from world import tell

PROMISES = "R22"
WORDS = ("--message", "Lost. Please bring it back.", "--telephone", "01632 960001")


def name_of(w, device):
    return next(d["label"] for d in w.devices() if d["device"] == device)


def lost(w):
    """What the screen of the device shows."""
    return "device-locked" in w.status()["health"]


def order(w, holder, *arguments, device):
    """By the beginning of its id: both devices of this scenario run on one machine, and have its name."""
    label = name_of(w, device)
    return w.as_person(holder, "device", arguments[0], device[:16], *arguments[1:], "--confirm", label)


def state_of(w, device):
    return next(d.get("order", {}).get("state", "") for d in w.devices() if d["device"] == device)


def kinds(w):
    return [f"{row['kind']} {row['rule'].split(':')[0]}" for row in w.device_rows() if "kind" in row]


def seen(w, kind_and_rule):
    return any(row.startswith(kind_and_rule) for row in kinds(w))


def lock_and_unlock(w, device):
    order(w, "technician", "lock", *WORDS, device=device)
    began = time.monotonic()
    wait_until("the lock", lambda: lost(w), timeout=60, pause=0.2)
    tell(f"one person's lock holds after {time.monotonic() - began:.1f} s")
    notice = (w.state / "locked-notice").read_text(encoding="utf-8")
    assert "Please bring it back" in notice and "01632 960001" in notice, notice
    wait_until("the server to know", lambda: state_of(w, device) == "locked", timeout=60)
    order(w, "technician", "unlock", device=device)
    wait_until("the unlock", lambda: not lost(w), timeout=60, pause=0.2)
    assert not (w.state / "locked-notice").exists()
    tell("an order unlocks it")


def unlock_by_telephone(w, device):
    order(w, "technician", "lock", *WORDS, device=device)
    wait_until("the lock", lambda: lost(w), timeout=60)
    w.server.kill()  # no network from here on but for the technician's own look at what the device has sent before
    notice = (w.state / "locked-notice").read_text(encoding="utf-8")
    challenge = notice.split("read out this number:")[1].split("\n")[0].replace(" ", "")
    wrong = w.caretaker("unlock", "00000000", "--socket", w.socket, check=False)
    assert wrong.returncode != 0 and lost(w)
    w.start_server()
    said = w.as_person("technician", "device", "code", device[:16], challenge).stdout
    code = "".join(c for c in said.split("good once:")[1] if c.isdigit())
    w.caretaker("unlock", code, "--socket", w.socket)
    assert not lost(w)
    assert w.caretaker("unlock", code, "--socket", w.socket, check=False).returncode != 0
    wait_until("the book to tell", lambda: seen(w, "order.unlocked-by-code"), timeout=60)
    tell("a code that is read out over the telephone unlocks it, once")


KINDS = ("lock", "unlock", "wipe", "cancel")


def orders_of(w, device):
    return w.as_person("technician", "device", "orders", device[:16]).stdout


def wipe_and_cancel(w, device):
    draft = w.folder / "wipe.order"
    order(w, "technician", "wipe", "--grace", "600", "--out", draft, device=device)
    alone = w.caretaker("device", "wipe", device[:16], "--also", draft, "--confirm", name_of(w, device), "--key",
                        w.school / "keys" / "technician.key", "--passphrase-file", w.passphrase, check=False)
    assert alone.returncode != 0 and "O2" in alone.stderr, alone.stderr
    order(w, "head", "wipe", "--also", draft, device=device)
    wait_until("the grace time", lambda: "wipe-grace" in w.status()["health"], timeout=60)
    wait_until("the server to know", lambda: state_of(w, device) == "grace", timeout=60)
    assert lost(w), "a wipe locks at once"
    order(w, "deputy-head", "cancel", device=device)
    wait_until("the cancel", lambda: not lost(w), timeout=60)
    wait_until("the server to know of the cancel", lambda: "cancelled" in orders_of(w, device), timeout=60)
    shown = orders_of(w, device).splitlines()
    rows = {line.split()[2]: (line, shown[number + 1]) for number, line in enumerate(shown) if len(line.split()) > 4 and line.split()[2] in KINDS}
    line, states = rows["wipe"]
    assert "head, technician" in line, shown
    assert all(word in states for word in ("queued", "given", "delivered", "grace")) and "started" not in states, shown
    assert "deputy-head" in rows["cancel"][0] and "cancelled" in rows["cancel"][1], shown
    tell("two people order a wipe, the same person twice does not, and one person stops it; the list says who, and each state")


# ---- the server in a thief's hands: what it has it can give again, elsewhere, and changed

def change_letters(w, change):
    w.server.kill()
    with sqlite3.connect(w.data / "fleet.db") as database:
        change(database)
    database.close()
    w.give_back(w.data)
    w.start_server()


def insert(database, envelope, device):
    payload = base64.b64decode(json.loads(envelope)["payload"])
    letter = hashlib.blake2b(payload, digest_size=32).digest()[:16]
    database.execute("DELETE FROM letters WHERE id = ?", (letter,))
    database.execute("DELETE FROM letter_answers WHERE letter = ?", (letter,))
    database.execute("INSERT INTO letters (id, type, device, until, published, envelope) VALUES (?, ?, ?, ?, ?, ?)",
                     (letter, "application/vnd.caretaker.order.v1+json", device, int(time.time()) + 86400, int(time.time()), envelope))


def letters_of(database, kind):
    out = []
    for (envelope,) in database.execute("SELECT envelope FROM letters ORDER BY number"):
        if json.loads(base64.b64decode(json.loads(envelope)["payload"])).get("kind") == kind:
            out.append(envelope)
    return out


def edited(envelope, **members):
    json_ = json.loads(envelope)
    payload = json.loads(base64.b64decode(json_["payload"]))
    payload.update(members)
    json_["payload"] = base64.b64encode(json.dumps(payload).encode()).decode()
    return json.dumps(json_).encode()


def shortened(envelope):
    json_ = json.loads(envelope)
    json_["signatures"] = json_["signatures"][:1]
    return json.dumps(json_).encode()


def attack(w, what, check, change):
    before = kinds(w).count(f"letter.refused {check}")
    change_letters(w, change)
    wait_until(f"{what} to be refused with {check}", lambda: kinds(w).count(f"letter.refused {check}") > before, timeout=90)
    assert not lost(w), f"{what}: obeyed"
    tell(f"{what}: refused ({check})")


def stolen_server(w, other, device):
    draft = w.folder / "half.order"
    order(w, "technician", "wipe", "--out", draft, device=device)
    own, its = bytes.fromhex(device), bytes.fromhex(other.status()["device"])
    attack(w, "a lock replayed", "L6", lambda db: insert(db, letters_of(db, "lock")[-1], own))
    attack(w, "a wipe with an edited grace time", "E5", lambda db: insert(db, edited(letters_of(db, "wipe")[-1], grace_s=0), own))
    attack(w, "a wipe with one of its signatures", "O2", lambda db: insert(db, draft.read_bytes(), own))
    attack(w, "a lock made into a wipe", "E5", lambda db: insert(db, edited(letters_of(db, "lock")[-1], kind="wipe"), own))
    attack(other, "one device's lock sent to another", "O4", lambda db: insert(db, letters_of(db, "lock")[-1], its))
    attack(other, "one device's wipe sent to all", "O4", lambda db: insert(db, letters_of(db, "wipe")[0], None))  # the true one


def another_name(w, other):
    """The server answers with one machine where people mean another; and with that one's hardware, or without what it has signed."""
    its, label = bytes.fromhex(other.status()["device"]), name_of(w, other.status()["device"])
    for what, sql, says in (("another machine under the lost one's name", "UPDATE devices SET label = 'lost-one' WHERE id = ?", "it is another one"),
                            ("its signature is left out", "UPDATE devices SET enrolment = NULL WHERE id = ?", "by its whole id")):
        kept = {}

        def change(database, sql=sql, kept=kept):
            kept["row"] = database.execute("SELECT label, enrolment FROM devices WHERE id = ?", (its,)).fetchone()
            database.execute(sql, (its,))
        change_letters(w, change)
        name = name_of(w, its.hex())
        done = w.caretaker("device", "lock", name if "label" in sql else its.hex()[:16], "--confirm", name, "--key", w.school / "keys" / "technician.key",
                           "--passphrase-file", w.passphrase, check=False)
        assert done.returncode != 0 and says in done.stderr, done
        change_letters(w, lambda database, kept=kept: database.execute("UPDATE devices SET label = ?, enrolment = ? WHERE id = ?", (*kept["row"], its)))
        tell(f"{what}: nothing is signed")
    assert not lost(other) and name_of(w, its.hex()) == label


def scenario(w):
    w.start_all()
    device = w.status()["device"]
    wait_until("the first check-in", lambda: any(d["state"].get("unlock") for d in w.devices()), timeout=60)
    lock_and_unlock(w, device)
    unlock_by_telephone(w, device)
    wipe_and_cancel(w, device)
    other = w.another_device("other")
    other.start_device()
    w.as_person("technician", "device", "list")
    stolen_server(w, other, device)
    another_name(w, other)


if __name__ == "__main__":
    world.play(scenario)
