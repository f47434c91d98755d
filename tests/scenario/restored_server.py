"""The server's disk breaks and yesterday's copy is put back; the device proves what it had acknowledged and sends it again."""
import shutil

import world
from damaged_disk import flip, injure_pages
from processes import wait_until
from world import tell

PROMISES = "R18"


def ask_and_wait(w, first, count):
    for n in range(first, first + count):
        assert w.ask(f"bad{n}.example").rcode == "NXDOMAIN"
    wait_until("the rows", lambda: names(w) >= {f"bad{n}.example" for n in range(first, first + count)}, timeout=240, pause=1)


def names(w):
    return {row["details"]["name"] for row in w.violations()}


def its_disk_breaks(w):
    """It says so and serves nobody; the device keeps what it has."""
    for path in w.data.glob("fleet.db*"):
        injure_pages(path, flip)
    w.give_back(w.data)
    w.server.start()
    wait_until("the server to give up", lambda: not w.server.running())
    said = w.server.log.read_text(encoding="utf-8").splitlines()[-1]
    assert w.server.process.returncode == 1 and "fleet.db" in said and "damaged" in said, said
    assert w.ask("bad10.example").rcode == "NXDOMAIN"
    wait_until("the device to keep it", lambda: w.status()["events_queued"] > 0, timeout=60, pause=0.2)
    tell("the server says: " + said)


def scenario(w):
    w.start_all()
    ask_and_wait(w, 0, 5)
    w.server.stop()
    copy = w.folder / "yesterday"
    shutil.copytree(w.data, copy)
    w.start_server()
    ask_and_wait(w, 5, 5)
    tell("ten violations are acknowledged; the copy of the server knows five")
    w.server.stop()
    its_disk_breaks(w)
    shutil.rmtree(w.data)
    shutil.copytree(copy, w.data)
    w.give_back(w.data)
    w.start_server()
    ask_and_wait(w, 10, 1)
    assert names(w) == {f"bad{n}.example" for n in range(11)}, names(w)
    rows = [(row["epoch"], row["seq"]) for row in w.rows()]
    assert len(rows) == len(set(rows)), "a row came twice"
    assert len(w.devices()) == 1, w.devices()
    tell("all eleven are there, each once, from the same device")


if __name__ == "__main__":
    world.play(scenario)
