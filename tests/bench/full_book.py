"""A book of events that is as large as a policy lets it be: what goes over all of it, and how long the guard does nothing else meanwhile."""
import json
import shutil

import report

MIB = 256  # where a policy says nothing
WATCHDOG_MS = 60_000  # caretakerd.service: WatchdogSec
START_MS = 900_000    # and TimeoutStartSec
SPARE = 10            # times as busy as here, and it still holds


def measure(lab):
    folder = lab.folder / "full-book"
    try:
        said = json.loads(lab.run_program("full_book", "--folder", folder, "--mib", 2 if lab.quick else MIB))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    report.line("full_book.open", said["open_unclean_ms"], "ms", at_most=START_MS / SPARE, events=said["events"], clean_ms=said["open_clean_ms"])
    report.line("full_book.make_room", said["make_room_ms"], "ms", at_most=WATCHDOG_MS / SPARE)
    report.line("full_book.housekeeping", said["maintain_ms"], "ms", at_most=WATCHDOG_MS / SPARE, log_mb=said["log_mb"], left=said["left"])
