"""Compiling the lists into a set: time, memory at its peak, size on disk; and ending it half way."""
import os
import signal
import statistics
import subprocess
import time

import report

GOAL_SECONDS, GOAL_PEAK_MB, GOAL_DISK_MB = 60, 1000, 40
CANCEL_MS = 500  # what a person takes for at once


def build(lab, out):
    """(seconds, peak MB) of one build."""
    began = time.monotonic()
    process = subprocess.Popen(lab.build_command(out), stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, "the set was not built"
    return time.monotonic() - began, used.ru_maxrss * 1024 / 1e6


def cancel(lab, after):
    """Milliseconds from the signal to the end."""
    out = lab.folder / "cancelled"
    process = subprocess.Popen(lab.build_command(out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(after)
    assert process.poll() is None, "the build was over before it could be cancelled"
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.wait(60)
    assert process.returncode == 1 and not (out / "lists.json").exists(), "a cancelled build has left something behind"
    return (time.monotonic() - began) * 1000


def measure(lab):
    built = [build(lab, lab.folder / "built") for _ in range(1 if lab.quick else 3)]
    lab.built = lab.folder / "built"
    seconds = statistics.median(seconds for seconds, _ in built)
    names = sum(1 for _ in lab.names())
    report.line("set_build.time", seconds, "s", at_most=GOAL_SECONDS, names=names)
    report.line("set_build.peak", max(peak for _, peak in built), "MB", at_most=GOAL_PEAK_MB)
    size = (lab.built / "lists.set").stat().st_size
    report.line("set_build.disk", size / 1e6, "MB", at_most=GOAL_DISK_MB, bytes_a_name=size / names)
    if not lab.quick:  # the starter lists are built before anybody could
        fastest = min(seconds for seconds, _ in built)
        worst = max(cancel(lab, fastest * part) for part in (0.2, 0.4, 0.6))
        report.line("set_build.cancel", worst, "ms", at_most=CANCEL_MS)
