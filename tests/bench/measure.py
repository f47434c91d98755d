"""What the kernel says about a process, and how rounds are taken."""
import os
import pathlib
import statistics
import sys
import time

SHARED_MEMORY = ("/memfd:", "/dev/shm/", "/SYSV", "/dev/zero")


def cpu_ns(pids):
    """CPU time of these processes with all their threads, also ended ones, in nanoseconds (Linux's clock of a process)."""
    return sum(time.clock_gettime_ns((~pid << 3) | 2) for pid in pids)


def mappings(pid):
    """(path, {field: kB}) of each mapping of the process."""
    path, fields = None, {}
    for line in pathlib.Path(f"/proc/{pid}/smaps").read_text(encoding="utf-8", errors="replace").splitlines():
        words = line.split(maxsplit=5)
        if words[0].endswith(":"):
            if len(words) > 2 and words[2] == "kB":
                fields[words[0][:-1]] = int(words[1])
            continue
        if path is not None:
            yield path, fields
        path, fields = words[5] if len(words) > 5 else "", {}
    if path is not None:
        yield path, fields


def private_mb(pid):
    """Memory that is the process's own and cannot be read again from a file: anonymous and shared memory, in MB (1,000,000)."""
    total = 0
    for path, fields in mappings(pid):
        total += fields["Rss"] if path.startswith(SHARED_MEMORY) else fields["Anonymous"]
    return total * 1024 / 1e6


def mapped_mb(pid, part_of_path):
    return sum(fields["Rss"] for path, fields in mappings(pid) if part_of_path in path) * 1024 / 1e6


def threads(pid):
    return [int(task) for task in os.listdir(f"/proc/{pid}/task")]


def pin(pid, core):
    """All threads of the process to one core; new ones follow. None: wherever."""
    if core is None:
        return
    for task in threads(pid):
        os.sched_setaffinity(task, {core})


def tell(what):
    print(f"  {what}", file=sys.stderr, flush=True)


def rounds(parties, times, once):
    """once(party, round) for each in turn, `times` times: what disturbs the machine disturbs all. {party: [results]}"""
    results = {party: [] for party in parties}
    for number in range(times):
        for party in parties:
            results[party].append(once(party, number))
    return results


def median(results, key):
    return statistics.median(result[key] for result in results)
