"""A disk image of last week is put back, and a machine is cloned: the server notices that one book has two ends, the device begins a
new one, and what was acknowledged stays acknowledged."""
import shutil

import own_users
import world
from processes import wait_until
from world import tell

PROMISES = "R18"


def block(w, numbers):
    for n in numbers:
        assert w.ask(f"bad{n}.example").rcode == "NXDOMAIN"


def wait_for_rows(w, numbers):
    wait_until(f"the rows {numbers}", lambda: names(w) >= {f"bad{n}.example" for n in numbers}, timeout=180, pause=0.5)


def names(w):
    seen = [row["details"]["name"] for row in w.violations()]
    assert len(seen) == len(set(seen)), "a name came twice"
    return set(seen)


def reasons(w):
    return [row["rule"].split()[0] for row in w.rows() if row.get("kind") == "epoch.started"]


def stop(w):
    w.net.stop()
    w.guard.stop()


def put_back_to_last_week(w, image):
    stop(w)
    shutil.rmtree(w.state)
    shutil.copytree(image, w.state)
    w.give_back(w.state, own_users.GUARD)
    w.start_guard()
    w.start_net()
    assert w.status()["policy_version"] == 1


def start_clone(w, image):
    clone = w.another_device("clone")
    shutil.copytree(image, clone.state, dirs_exist_ok=True)
    w.give_back(clone.state, own_users.GUARD)
    clone.start_guard()
    clone.start_net()
    return clone


def scenario(w):
    w.start_all()
    block(w, range(5))
    wait_for_rows(w, range(5))
    stop(w)
    image = w.folder / "last-week"
    shutil.copytree(w.state, image)
    w.start_guard()
    w.start_net()
    block(w, range(5, 10))
    wait_for_rows(w, range(10))
    tell("ten names are acknowledged; the disk image knows five")

    put_back_to_last_week(w, image)
    block(w, range(10, 13))
    wait_until("a new epoch", lambda: "rollback" in reasons(w), timeout=180, pause=0.5)
    block(w, range(13, 15))
    wait_for_rows(w, range(15))
    assert reasons(w) == ["enrolment", "rollback"], reasons(w)
    assert [device["quarantined"] >= 1 for device in w.devices()] == [True], w.devices()
    tell("put back: a new epoch says rollback, the ten are still there, what did not fit is kept for inspection and comes in the new epoch")

    stop(w)
    shutil.rmtree(image)
    shutil.copytree(w.state, image)
    w.start_guard()
    w.start_net()
    clone = start_clone(w, image)
    for n in range(20, 40, 2):
        block(w, [n])
        block(clone, [n + 1])
    wait_until("the second end to be noticed", lambda: reasons(w).count("rollback") == 2, timeout=180, pause=0.5)
    block(w, [40])
    block(clone, [41])
    wait_for_rows(w, [*range(15), *range(20, 42)])
    assert clone.status()["policy_version"] == 1 and w.status()["policy_version"] == 1
    tell("cloned: one of the two begins a new epoch, both are served and filter, nothing acknowledged is lost")


if __name__ == "__main__":
    world.play(scenario)
