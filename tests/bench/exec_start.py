"""How long a program takes to start while programs are judged: one that does nothing, started and waited for, with caretaker-programs, without, and
with fapolicyd, each on a small file system of its own so that nothing else on the machine waits."""
import contextlib
import os
import pathlib
import shutil
import subprocess
import time

import measure as m
import report
from lab import NotHere
from processes import wait_until

PEER = "/usr/sbin/fapolicyd"
# Trusts nothing but what a rule allows, so that no database has to be built; decides on every start, as we do.
PEER_RULES = "allow perm=any all : all\n"
PEER_CONFIG = "permissive = 0\nnice_val = 14\nq_size = 800\nuid = {uid}\ngid = {gid}\ndo_stat_report = 0\ndb_max_size = 50\nsubj_cache_size = 1549\n" \
              "obj_cache_size = 8191\nwatch_fs = tmpfs\ntrust = file\nintegrity = none\nsyslog_format = rule,dec,perm,auid,pid,exe,:,path,ftype,trust\n" \
              "rpm_sha256_only = 0\nallow_filesystem_mark = 0\n"
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
    import json
    done = subprocess.run(["/usr/bin/python3", "-c", STARTER, program, str(count)], check=True, capture_output=True, text=True)
    return sorted(json.loads(done.stdout))


def start_ours(lab, place):
    log = open(lab.folder / "programs.log", "wb")  # pylint: disable=consider-using-with
    process = subprocess.Popen([lab.device.world.bin / "caretaker-programs", "--socket", lab.device.world.socket, "--only", place.parent], stdout=log, stderr=log)
    wait_until("caretaker-programs", lambda: b"watching programs" in (lab.folder / "programs.log").read_bytes())
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
        results = m.rounds(tuple(places), rounds, lambda party, _: starts(places[party], count))
        times = {party: sorted(time for taken in all_of_it for time in taken) for party, all_of_it in results.items()}
    finally:
        if ours is not None:
            ours.terminate()
            ours.wait()
        for place in places.values():
            with contextlib.suppress(OSError):
                subprocess.run(["umount", "--lazy", place.parent], check=False)
    for name, share in (("p50", 0.5), ("p99", 0.99)):
        report.line(f"exec_start.{name}", part(times["ours"], share), "us", "without", part(times["bare"], share))
