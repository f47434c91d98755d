"""Private memory of caretaker-net with the lists in force: after it loaded them, and during load of blocked and forwarded queries."""
import time

import measure as kernel
import report

GOAL_MB = 12
GROWTH_MB = 0.1  # two dozen pages: what an allocator does by itself


def measure(lab):
    device = lab.device
    at_start = kernel.private_mb(device.net())
    for peer in lab.all_peers():
        report.line("net_memory.start", at_start, "MB", peer.name, kernel.private_mb(peer.pids()[0]), at_most=GOAL_MB,
                    set_mapped_mb=kernel.mapped_mb(device.net(), "/set."))
    seconds = 1.0 if lab.quick else lab.options.minutes * 60
    warm = load_for(lab, device, seconds / 4)  # caches fill
    end = load_for(lab, device, seconds * 3 / 4)
    report.line("net_memory.load", end, "MB", at_most=GOAL_MB, minutes=seconds / 60, start_mb=at_start,
                guard_mb=kernel.private_mb(device.pids()[1]))
    report.line("net_memory.growth", end - warm, "MB", at_most=GROWTH_MB, minutes=seconds * 3 / 4 / 60)


def load_for(lab, device, seconds):
    """Blocked and forwarded load in turn; private memory at the end."""
    end, number = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        lab.load(device, lab.blocked_names, seconds=min(5, seconds / 4))
        lab.load(device, lab.allowed_names, seconds=min(5, seconds / 4), unique=True, first=900_000_000 + number * 1_000_000)
        number += 1
    return kernel.private_mb(device.net())
