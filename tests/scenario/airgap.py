"""A device without a network takes policy, lists and letters from a folder, at the same door as from the server."""
import shutil
import time

import exceptions
import keys
import lost
import own_users
import processes
import world
from processes import wait_until
from world import tell

PROMISES = "R6 R7"
STRICTER = exceptions.POLICY.replace('"adult", "gambling"', '"adult", "gambling", "drugs"')


def is_blocked(w, name):
    return w.ask(name).rcode == "NXDOMAIN"


def bring(w, stick, check=True):
    w.give_back(stick, own_users.GUARD)
    return w.caretaker("import", stick, "--socket", w.socket, "--work", w.state, user=own_users.GUARD, check=check)


def people_change_something(w, stick):
    """A root that two holders sign, and a teacher's lesson: made while the device has no network, and carried to it."""
    w.net.stop()
    w.start_server()
    keys.school(w, "renew")
    for holder in ("head", "deputy-head"):
        keys.school(w, "sign", "--yes", *keys.key_of(w, holder))
    keys.school(w, "publish", *keys.key_of(w, "head"))
    lesson = w.folder / "lesson.json"
    w.as_person("teacher", "exception", "open", "casino.example", "--for", "pupils", "--until", exceptions.soon(60), "--out", lesson)
    ends = time.time() + 60
    device = w.status()["device"]
    for kind in ("lock", "unlock"):
        lost.order(w, "technician", kind, "--stick", w.folder / kind, device=device)
    w.server.kill()
    w.start_net()
    assert w.status()["root_version"] == 1, "the root came by a network"
    shutil.rmtree(stick)
    w.caretaker("policy", "export", stick, "--letter", lesson)
    said = bring(w, stick).stdout
    assert "root.applied v2" in said and "letter.taken" in said, said
    assert w.status()["root_version"] == 2
    again = bring(w, stick).stdout
    assert "applied" not in again and "taken" not in again, again
    tell("a root and a lesson from a stick count, once")
    if not processes.may_change_user():
        return
    wait_until("the site to be open", lambda: not exceptions.is_blocked(w, "casino.example"), timeout=40)
    wait_until("the site to be closed", lambda: exceptions.is_blocked(w, "casino.example"), timeout=90)
    assert abs(time.time() - ends) < 15, "not at its time"
    tell("the lesson is open for the class, and gone on time")


def it_is_locked_and_unlocked(w):
    for kind, said, is_locked in (("lock", "order.locked", True), ("unlock", "order.unlocked", False)):
        assert said in bring(w, w.folder / kind).stdout
        assert (w.state / "locked-notice").exists() == is_locked
    tell("what was ordered locks and unlocks it, from a stick too")


def scenario(w):
    w.make_school("--teacher", "teacher")
    w.start_server()
    w.publish_lists()
    w.publish_policy(exceptions.POLICY)
    w.start_device()
    w.server.kill()
    tell("the server is gone for good")

    stick = w.folder / "stick"
    source = w.folder / "source"
    for category, names in {**world.LISTS, "drugs": ["drugs.example"]}.items():
        (source / category).mkdir(parents=True)
        (source / category / "domains").write_text("\n".join(names) + "\n", encoding="utf-8")
    w.caretaker("policy", "build", "--lists", source, "--out", w.lists)
    lists = w.folder / "lists.signed"
    w.as_person("list-publisher", "policy", "sign", "--lists", w.lists / "lists.json", "--out", lists)
    policy = w.sign_policy(STRICTER)
    w.caretaker("policy", "export", stick, "--policy", policy, "--lists", lists, "--set", w.lists / "lists.set")
    assert not is_blocked(w, "drugs.example")
    print(bring(w, stick).stdout)
    wait_until("the new name to be blocked", lambda: is_blocked(w, "drugs.example"), timeout=40)
    tell("policy and lists from a stick are in force")

    again = bring(w, stick, check=False)
    assert again.returncode == 1 and "B5" in again.stdout, again.stdout
    weaker = w.sign_policy(exceptions.POLICY.replace('"adult", "gambling"', '"adult"'))
    shutil.copy(weaker, stick / "policy.json")
    text = (stick / "policy.json").read_bytes()
    (stick / "policy.json").write_bytes(text.replace(b'"sig":"', b'"sig":"AA', 1))
    spoilt = bring(w, stick, check=False)
    assert spoilt.returncode == 1, spoilt.stdout
    assert is_blocked(w, "casino.example")
    pupil = w.caretaker("import", stick, "--socket", w.socket, user=own_users.FIRST_PUPIL, check=False)
    assert pupil.returncode == 1, pupil.stdout
    tell("an old, a spoilt and a stranger's import change nothing")
    people_change_something(w, stick)
    it_is_locked_and_unlocked(w)


if __name__ == "__main__":
    world.play(scenario)
