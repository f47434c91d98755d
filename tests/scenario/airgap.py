"""A device without a network takes policy, lists and letters from a folder, at the same door as from the server."""
import shutil

import own_users
import world
from processes import wait_until
from world import tell

PROMISES = "R7"
STRICTER = world.POLICY.replace('"adult", "gambling"', '"adult", "gambling", "drugs"')


def is_blocked(w, name):
    return w.ask(name).rcode == "NXDOMAIN"


def bring(w, stick, check=True):
    w.give_back(stick, own_users.GUARD)
    return w.caretaker("import", stick, "--socket", w.socket, "--work", w.state, user=own_users.GUARD, check=check)


def scenario(w):
    w.start_all()
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
    weaker = w.sign_policy(world.POLICY.replace('"adult", "gambling"', '"adult"'))
    shutil.copy(weaker, stick / "policy.json")
    text = (stick / "policy.json").read_bytes()
    (stick / "policy.json").write_bytes(text.replace(b'"sig":"', b'"sig":"AA', 1))
    spoilt = bring(w, stick, check=False)
    assert spoilt.returncode == 1, spoilt.stdout
    assert is_blocked(w, "casino.example")
    pupil = w.caretaker("import", stick, "--socket", w.socket, user=own_users.FIRST_PUPIL, check=False)
    assert pupil.returncode == 1, pupil.stdout
    tell("an old, a spoilt and a stranger's import change nothing")


if __name__ == "__main__":
    world.play(scenario)
