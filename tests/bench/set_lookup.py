"""A look-up in the mapped set, with what it touches compared with its check value, beside the same look-up without that."""
import json

import report

AT_MOST_TIMES = 1.1


def measure(lab):
    said = json.loads(lab.run_program("set_lookups", "--set", lab.built / "lists.set", "--names", lab.blocked_names))
    report.line("set_lookup.checked", said["ns"], "ns", "no check", said["bare_ns"], at_most=said["bare_ns"] * AT_MOST_TIMES,
                times=said["ns"] / said["bare_ns"])
    # Ten thousand names touch nearly every part: each is read and compared once, and that is what they pay together.
    report.line("set_lookup.first", said["first_ns"], "ns", parts=said["parts"],
                part_us=(said["first_ns"] - said["ns"]) * said["names"] / said["parts"] / 1000)
