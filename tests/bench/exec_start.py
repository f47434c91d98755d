"""How long a program takes to start while programs are judged: one of the system's that does nothing, started by a pupil and waited for, with caretaker-programs, without, and
with fapolicyd, each on a small file system of its own so that nothing else on the machine waits."""
import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import time

import measure as m
import own_users
import programs
import report
from lab import NotHere
from processes import wait_until

PEER = "/usr/sbin/fapolicyd"
PUPIL = own_users.FIRST_PUPIL
# In a mount namespace of its own, where it finds one file system to watch, and allows all by its one rule: the shortest way that it has.
PEER_STORY = """
set -e
cd "$1"; mkdir etc var run ram; for d in etc var run; do mount -t tmpfs none $d; done; mount -t ramfs -o mode=755 none ram; cp /bin/true ram
mkdir etc/rules.d etc/trust.d; : > etc/fapolicyd.trust
for f in fapolicyd.rules compiled.rules rules.d/10.rules; do echo 'allow perm=any all : all' > etc/$f; done
cat > etc/fapolicyd.conf <<'END'
permissive = 0
nice_val = 0
q_size = 800
uid = root
gid = root
do_stat_report = 0
db_max_size = 10
subj_cache_size = 1549
obj_cache_size = 8191
watch_fs = ramfs
trust = file
integrity = none
allow_filesystem_mark = 0
END
mkdir -p /run/fapolicyd; mount --bind etc /etc/fapolicyd; mount --bind var /var/lib/fapolicyd; mount --bind run /run/fapolicyd
/usr/sbin/fapolicyd --debug-deny > log 2>&1 & peer=$!
for i in $(seq 100); do grep -q 'Starting to listen' log && break; sleep 0.1; done
setpriv --reuid "$4" --regid "$4" --clear-groups /usr/bin/python3 -c "$2" "$1/ram/true" "$3"
kill $peer; wait $peer || true  # another one does not begin while it is there
"""
STARTER = """
import json, os, sys, time
times = []
for _ in range(int(sys.argv[2])):
    before = time.perf_counter_ns()
    os.waitpid(os.posix_spawn(sys.argv[1], [sys.argv[1]], {}), 0)
    times.append((time.perf_counter_ns() - before) // 1000)
print(json.dumps(times))
"""


def make_place(folder):
    folder.mkdir(mode=0o755)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "caretaker-bench", folder], check=False).returncode != 0:
        raise NotHere("nothing can be mounted here")
    shutil.copy("/bin/true", folder)
    return folder / "true"


def starts(program, count):
    done = subprocess.run(["/usr/bin/python3", "-c", STARTER, program, str(count)], check=True, capture_output=True, text=True, user=PUPIL, group=PUPIL, extra_groups=[])
    return sorted(json.loads(done.stdout))


def starts_beside_peer(lab, number, count):
    folder = pathlib.Path(lab.folder) / f"peer-{number}"
    folder.mkdir()
    done = subprocess.run(["unshare", "--mount", "--propagation", "private", "bash", "-c", PEER_STORY, "bash", folder, STARTER, str(count), str(PUPIL)], check=True,
                          capture_output=True, text=True)
    assert "Starting to listen" in (folder / "log").read_text(encoding="utf-8"), "fapolicyd did not start"
    return sorted(json.loads(done.stdout))


def start_ours(lab, place):
    world = lab.device.world
    if "--programs-uid" not in world.guard.command:
        world.guard.command += ["--programs-uid", str(programs.PROGRAMS)]
        lab.restart_device()
    log = open(lab.folder / "programs.log", "wb")  # pylint: disable=consider-using-with
    process = subprocess.Popen(programs.judge_of(world, place.parent), stdout=log, stderr=log)
    wait_until("the policy to be in force", lambda: b"policy in force" in (lab.folder / "programs.log").read_bytes())
    return process


def part(times, share):
    return times[min(len(times) - 1, int(len(times) * share))]


def measure(lab):
    if os.geteuid() != 0:
        raise NotHere("needs root")
    places = {name: make_place(pathlib.Path(lab.folder) / f"exec-{name}") for name in ("bare", "ours")}
    ours = None
    try:
        ours = start_ours(lab, places["ours"])
        count, rounds = (20, 1) if lab.quick else (500, 7)
        parties = (*places, *(("fapolicyd",) if pathlib.Path(PEER).exists() else ()))
        results = m.rounds(parties, rounds, lambda party, number: starts(places[party], count) if party in places else starts_beside_peer(lab, number, count))
        times = {party: sorted(time for taken in all_of_it for time in taken) for party, all_of_it in results.items()}
    finally:
        if ours is not None:
            ours.terminate()
            ours.wait()
        for place in places.values():
            with contextlib.suppress(OSError):
                subprocess.run(["umount", "--lazy", place.parent], check=False)
    for name, share in (("p50", 0.5), ("p99", 0.99)):
        ours, bare, peer = (part(times[party], share) if party in times else None for party in ("ours", "bare", "fapolicyd"))
        report.line(f"exec_start.{name}", ours, "us", "fapolicyd" if peer else None, peer, at_most=peer, bare_us=bare)
