"""When a core stood still: a real-time thread that only sleeps could not run there, and so nothing of ours could; the kernel or the host had it.

core_watch.py CORE: a line for each such moment, until it is killed: when it ended (CLOCK_MONOTONIC), and how long it was, in seconds. Needs root."""
import contextlib
import os
import pathlib
import subprocess
import sys
import tempfile
import time

SLEEP_S, LONG_S = 0.001, 0.004
PRIORITY = 50  # above the load's


@contextlib.contextmanager
def watched(cores):
    """Gives a function: the longest stillness on any of these cores that ended about then, in seconds; None where nobody may watch."""
    if os.geteuid() != 0 or None in cores:
        yield lambda when: None
        return
    with tempfile.TemporaryDirectory() as folder:
        said = [pathlib.Path(folder) / str(core) for core in cores]
        watches = []
        for core, path in zip(cores, said):
            with path.open("wb") as out:
                watches.append(subprocess.Popen([sys.executable, "-B", __file__, str(core)], stdout=out))

        def stillness(when):
            if any(watch.poll() is not None for watch in watches):
                return None
            moments = [tuple(map(float, line.split())) for path in said for line in path.read_text(encoding="utf-8").splitlines()]
            return max((length for ended, length in moments if ended - length <= when <= ended + length), default=0)
        try:
            yield stillness
        finally:
            for watch in watches:
                watch.kill()
                watch.wait()


def watch(core):
    os.sched_setaffinity(0, {core})
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))
    before = time.monotonic()
    while True:
        time.sleep(SLEEP_S)
        now = time.monotonic()
        if now - before > LONG_S:
            print(f"{now:.6f} {now - before:.6f}", flush=True)
        before = now


if __name__ == "__main__":
    watch(int(sys.argv[1]))
