"""Twenty roots walked by a device that was away, and beside it nothing but their signatures verified, in one process."""
import json

import report

ROOTS, AT_MOST_MS = 20, 50


def measure(lab):
    rounds = 20 if lab.quick else 200
    measured = json.loads(lab.run_program("root_walk", "--roots", ROOTS, "--rounds", rounds))
    report.line("root_walk", measured["walk_ms"], "ms", "signatures alone", measured["signatures_ms"], at_most=AT_MOST_MS,
                root_bytes=measured["root_bytes"])
