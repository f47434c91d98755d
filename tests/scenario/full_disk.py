"""The device's disk is full to the last byte, and then takes no changes at all: it goes on filtering, also after a restart, and when there is room
again the book that it kept arrives."""
import errno
import subprocess

import own_users
import world
from processes import wait_until
from world import tell

PROMISES = "R18"
SIZE = "8m"


def small_disk(w):
    """A file system of its own for what guard and net keep, in this scenario's mount namespace alone."""
    folder = w.folder / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=755", "tmpfs", folder], check=True)
    w.set_device("disk/")
    # The socket lies in /run, which is another file system.
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size=1m,mode=755,uid={own_users.GUARD},gid={own_users.GUARD}", "tmpfs", w.socket.parent], check=True)


def fill(w):
    with open(w.state / "filler", "wb", buffering=0) as filler:
        for size in (1 << 16, 1 << 9, 1):
            try:
                while True:
                    filler.write(bytes(size))
            except OSError as error:
                assert error.errno == errno.ENOSPC, error


def block(w, names):
    for n in names:
        assert w.ask(f"bad{n}.example").rcode == "NXDOMAIN"


def on_server(w):
    names = [row["details"]["name"] for row in w.violations()]
    assert len(names) == len(set(names)), "a name came twice"
    return set(names)


def places(rows):
    """Where the records of what was asked stand in the book."""
    return {(row["epoch"], row["seq"]) for row in rows if row.get("kind", "").startswith("web.")}


def in_book(w):
    return places(w.device_rows())


def read_only(w, names):
    """As the kernel leaves a file system that had an error."""
    folder, version = w.folder / "disk", w.status()["policy_version"]
    for program in (w.net, w.guard):
        program.stop()
    subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
    w.start_guard()
    w.start_net()
    block(w, names)
    assert w.ask("fine.example").addresses()
    assert {"state-read-only", "events-not-stored"} <= set(w.status()["health"]), w.status()
    assert w.status()["policy_version"] == version, w.status()
    tell("guard and net start on a disk that takes no changes, filter, and say so")
    subprocess.run(["mount", "-o", "remount,rw", folder], check=True)
    wait_until("the book", lambda: "events-not-stored" not in w.status()["health"], timeout=120, pause=1)
    assert "state-read-only" not in w.status()["health"], w.status()
    wait_until("what was blocked meanwhile", lambda: on_server(w) >= {f"bad{n}.example" for n in names}, timeout=180, pause=1)
    tell("it takes changes again: what net had kept meanwhile is on the server")


def scenario(w):
    if not own_users.people():
        tell("skipped: only root can mount a small disk")
        return
    small_disk(w)
    w.start_all()
    block(w, range(5))
    wait_until("five names", lambda: len(on_server(w)) == 5, timeout=180, pause=0.5)
    w.server.stop()
    fill(w)
    tell("the disk is full, and the server is away")
    block(w, range(5, 305))
    assert w.guard.running() and w.net.running()
    kept = in_book(w)
    assert kept, "the book kept nothing at all"
    tell(f"300 names are blocked on the full disk; the book holds {len(kept)} entries")
    w.guard.kill()
    fill(w)
    w.start_guard()
    w.net.kill()
    w.start_net()
    block(w, range(305, 310))
    assert w.status()["policy_version"] == 1, w.status()
    tell("guard and net were killed and started again on the full disk: they filter")
    (w.state / "filler").unlink()
    lost = kept - in_book(w)
    assert not lost, f"the kill lost {len(lost)} of {len(kept)} entries: {sorted(lost)[:5]}"
    kept = in_book(w)
    w.start_server()
    block(w, range(310, 315))
    wait_until("what came after", lambda: on_server(w) >= {f"bad{n}.example" for n in range(310, 315)}, timeout=180, pause=1)
    wait_until("the queue to be empty", lambda: w.status()["events_queued"] == 0, timeout=180, pause=1)
    assert on_server(w) >= {f"bad{n}.example" for n in range(5)}
    lost = kept - places(w.rows())
    assert not lost, f"of {len(kept)} entries that were in the book {len(lost)} are not on the server: {sorted(lost)[:5]}"
    tell(f"there is room again: {len(on_server(w))} names are on the server, each once, and all {len(kept)} entries that were kept")
    read_only(w, range(400, 410))


if __name__ == "__main__":
    world.play(scenario)
