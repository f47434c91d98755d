"""A school's story on one machine, with the real programs: three laptops, a blocked site, a lesson, evidence for the police, a lost laptop. What
each part may not do is in tests/scenario; this is that the parts fit each other."""
import json
import pathlib
import sys
import tarfile
import time

HERE = pathlib.Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[1] / part) for part in ("scenario", "package", "vm")]

import evidence  # noqa: E402
import exceptions  # noqa: E402
import lost  # noqa: E402
import own_users  # noqa: E402
import processes  # noqa: E402
import quick_keys  # noqa: E402
import school  # noqa: E402
import world  # noqa: E402
from processes import wait_until  # noqa: E402
from world import tell  # noqa: E402

LOST = """
[lost]
message = "This laptop belongs to Scenario School."
telephone = "01632 960002"
"""
POLICY = exceptions.POLICY + LOST
STRICTER = POLICY.replace('blocked_categories = ["adult", "gambling"]', 'blocked_categories = ["adult", "gambling", "drugs"]')


def three_laptops(w):
    w.https = int(school.URL.rpartition(":")[2])  # where the school's server will still be, for the machine that is to be wiped
    w.set_server(w.https)
    w.make_school("--teacher", "teacher")
    w.start_server()
    w.publish_lists({**world.LISTS, "drugs": ["drugs.example"]})
    w.publish_policy(POLICY)
    laptops = [w, w.another_device("second"), w.another_device("third")]
    for laptop in laptops:
        laptop.start_device()
    assert len(w.devices()) == 3
    tell("a school is made, and three laptops have enrolled")
    return laptops


def a_policy_is_pushed(w, laptops):
    assert all(laptop.ask("drugs.example").rcode == "NOERROR" for laptop in laptops)
    w.publish_policy(STRICTER)
    for laptop in laptops:
        wait_until("the pushed policy", lambda: laptop.ask("drugs.example").rcode == "NXDOMAIN", timeout=120)
    assert "none missing" in w.as_person("lead", "changes", "--verify").stdout
    tell("a policy that was pushed is in force on all three, and the log of changes holds")


def the_lead_reads_it(w, laptop):
    """What was blocked, and so does nobody else; the laptop's sealed rows."""
    for name in ("casino.example", "adult.example"):
        assert laptop.ask(name).rcode == "NXDOMAIN"
    device = laptop.status()["device"]
    wait_until("the records", lambda: {"casino.example", "adult.example"} <= set(evidence.sealed_rows(w, device)), timeout=120, pause=0.5)
    technician = [row for row in w.rows("technician") if row.get("kind", "").startswith("web.")]
    assert technician and not any(row.get("details") for row in technician), "the technician reads who and what"
    tell("what was blocked is read by the safeguarding lead, and not by the technician")
    return evidence.sealed_rows(w, device)


def a_lesson(w, laptop):
    if not processes.may_change_user():
        tell("no lesson: only root can ask as a pupil")
        return
    until = time.time() + 40
    assert exceptions.is_blocked(laptop, "casino.example")
    w.as_person("teacher", "exception", "open", "casino.example", "--for", "pupils", "--until", exceptions.soon(40))
    wait_until("the site to be open", lambda: not exceptions.is_blocked(laptop, "casino.example"), timeout=35)
    assert laptop.why("casino.example", "--group", "pupils", user=own_users.GUARD)["reason"] == "exception"
    wait_until("the site to be closed", lambda: exceptions.is_blocked(laptop, "casino.example"), timeout=90)
    assert time.time() - until < 20, "the lesson went on"
    tell("a teacher opened a site for a lesson, and it is gone on time")


def for_the_police(w, laptop, rows):
    """Held, packed by the lead, and checked on a computer that has neither a network nor the product."""
    device = laptop.status()["device"]
    w.as_person("lead", "evidence", "hold", "--device", device, "--reason", evidence.REASON)
    done, out = evidence.export(w, device, rows, ["casino.example"])
    assert done.returncode == 0, done
    said = evidence.police(out, json.loads((w.school / "school.json").read_text(encoding="utf-8"))["school"])
    assert said.returncode == 0 and "name: casino.example" in said.stdout and "adult.example" not in said.stdout, said
    spoiled = bytearray(out.read_bytes())
    spoiled[len(spoiled) // 2] ^= 1
    out.write_bytes(spoiled)
    assert "REFUSED" in evidence.police(out, w.school_id).stderr
    tell("evidence verifies by the script alone; with one byte changed it does not")


def a_lost_laptop(w, device):
    """Locked without words of the order's own, then as in tests/scenario/lost.py."""
    wait_until("the secret for codes", lambda: any(d["device"] == device and d["state"].get("unlock") for d in w.devices()), timeout=60)
    lost.order(w, "technician", "lock", device=device)
    wait_until("the lock", lambda: lost.lost(w), timeout=60, pause=0.2)
    notice = (w.state / "locked-notice").read_text(encoding="utf-8")
    assert "belongs to Scenario School" in notice and "01632 960002" in notice, notice
    wait_until("the server to know", lambda: lost.state_of(w, device) == "locked", timeout=60)
    lost.order(w, "technician", "unlock", device=device)
    wait_until("the unlock", lambda: not lost.lost(w), timeout=60, pause=0.2)
    tell("a lost laptop shows the policy's words where the order has none")
    lost.lock_and_unlock(w, device)
    lost.unlock_by_telephone(w, device)
    lost.wipe_and_cancel(w, device)


def a_fourth_machine_is_prepared(w, file):
    """The school itself, its people and its server, packed for a machine on which the server goes on and a fourth laptop enrols."""
    w.publish_policy(school.POLICY.replace("{", "{{").replace("}", "}}"))
    w.as_person("technician", "token", "new", "--out", w.folder / "token")
    w.server.stop()
    for key in (w.school / "keys").glob("*.key"):
        quick_keys.rewrite(key, w.passphrase.read_bytes().rstrip(b"\n"))
    with tarfile.open(file, "w") as packed:
        for path, name in ((w.school, school.SCHOOL), (w.passphrase, school.PASSPHRASE), (w.folder / "token", "/srv/token"), (w.data, "/var/lib/caretaker-server")):
            packed.add(path, name)
    tell("the school is packed for the machine that will be wiped")


def scenario(w):
    laptops = three_laptops(w)
    w.school_id = json.loads((w.school / "school.json").read_text(encoding="utf-8"))["school"]
    a_policy_is_pushed(w, laptops)
    rows = the_lead_reads_it(w, laptops[1])
    a_lesson(w, laptops[1])
    for_the_police(w, laptops[1], rows)
    a_lost_laptop(w, w.status()["device"])
    if w.options.pack:
        a_fourth_machine_is_prepared(w, w.options.pack)


if __name__ == "__main__":
    world.play(scenario, pack="")
