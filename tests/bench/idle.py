"""Guard and net when nobody asks anything: memory of their own, wake-ups, writes to the disk. Both are started anew, so that nothing
that came before is still being worked off."""
import pathlib
import time

import measure as kernel
import report

GOAL_MB, GOAL_WAKES, GOAL_WRITTEN = 20, 1, 0
SETTLE_SECONDS = 20  # the first check-in comes within ten


def wakes(pids):
    """How often their threads went to sleep by themselves."""
    total = 0
    for pid in pids:
        for task in kernel.threads(pid):
            for line in pathlib.Path(f"/proc/{pid}/task/{task}/status").read_text(encoding="ascii").splitlines():
                if line.startswith("voluntary_ctxt_switches:"):
                    total += int(line.split()[1])
    return total


def written(pids):
    total = 0
    for pid in pids:
        for line in pathlib.Path(f"/proc/{pid}/io").read_text(encoding="ascii").splitlines():
            if line.startswith("write_bytes:"):
                total += int(line.split()[1])
    return total


def watch(pids_of, seconds):
    """{party: (wake-ups a second, bytes written)} over the same time."""
    before = {party: (wakes(pids), written(pids)) for party, pids in pids_of.items()}
    time.sleep(seconds)
    return {party: ((wakes(pids) - before[party][0]) / seconds, written(pids) - before[party][1]) for party, pids in pids_of.items()}


def measure(lab):
    device = lab.device
    lab.restart_device()
    time.sleep(1 if lab.quick else SETTLE_SECONDS)
    guard, net = device.world.guard.process.pid, device.net()
    pids_of = {"net": [net], "guard": [guard], **{peer.name: peer.pids() for peer in lab.all_peers()}}
    seconds = 2 if lab.quick else 60
    seen = watch(pids_of, seconds)
    memory = {party: sum(kernel.private_mb(pid) for pid in pids) for party, pids in pids_of.items()}
    peer = next((name for name in pids_of if name not in ("net", "guard")), None)
    report.line("idle.memory", memory["net"] + memory["guard"], "MB", peer, memory.get(peer), at_most=GOAL_MB, net=memory["net"],
                guard=memory["guard"], set_mapped_net=kernel.mapped_mb(net, "/set."), set_mapped_guard=kernel.mapped_mb(guard, "/set."))
    report.line("idle.wakes", seen["net"][0] + seen["guard"][0], "1/s", peer, seen[peer][0] if peer else None, at_most=GOAL_WAKES,
                net=seen["net"][0], guard=seen["guard"][0], seconds=seconds)
    report.line("idle.written", seen["net"][1] + seen["guard"][1], "bytes", peer, seen[peer][1] if peer else None, at_most=GOAL_WRITTEN,
                seconds=seconds)
