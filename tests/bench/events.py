"""Durable appends to the guard's book beside the same bytes into a bare SQLite table with the same pragmas, on the same disk, in turn."""
import json
import shutil

import measure as kernel
import report

AT_MOST_TIMES = 1.3
GROUPS = {"single": 1, "under_load": 64}  # net sends as many at once as there are, at most 64


def append(lab, raw, group):
    folder = lab.folder / "appends"
    try:
        command = ["event_appends", "--folder", folder, "--group", group, "--milliseconds", int(lab.seconds * 1000)]
        return json.loads(lab.run_program(*command, *(["--raw"] if raw else [])))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def measure(lab):
    for name, group in GROUPS.items():
        rates = kernel.rounds([False, True], lab.rounds, lambda raw, _, group=group: append(lab, raw, group))
        ours, bare = (kernel.median(rates[raw], "per_second") for raw in (False, True))
        report.line(f"events.{name}", ours, "events/s", "sqlite", bare, at_least=bare / AT_MOST_TIMES, times=bare / ours, group=group)
