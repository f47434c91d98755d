"""A day's change of the lists, 12,500 names more and 5,000 less: the size of the delta and how long a device takes to apply it, beside zstd
--patch-from on the same two set files."""
import json
import pathlib
import random
import shutil
import subprocess
import time

import report

GOAL_KB = 100
ADDED, REMOVED = 12_500, 5_000


def seconds(*command):
    began = time.monotonic()
    subprocess.run([str(word) for word in command], check=True, capture_output=True)
    return time.monotonic() - began


def a_day_later(lab, part):
    """The same lists with names gone and names come, in proportion to their sizes."""
    later = lab.folder / "lists-later"
    shutil.copytree(lab.lists, later)
    draw = random.Random(11)
    files = [path for path in pathlib.Path(later).glob("*/domains")]
    sizes = [path.stat().st_size for path in files]
    for path, size in zip(files, sizes):
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        share = size / sum(sizes) * part
        gone = set(draw.sample(range(len(lines)), min(len(lines) - 1, int(REMOVED * share))))
        kept = [line for number, line in enumerate(lines) if number not in gone]
        come = [f"n{draw.randrange(1 << 48):x}.{path.parent.name.replace('_', '-')}.example" for _ in range(int(ADDED * share))]
        path.write_text("\n".join([*kept, *come]) + "\n", encoding="utf-8")
    return later


def measure(lab):
    before = lab.built / "lists.set"
    later = a_day_later(lab, 0.01 if lab.quick else 1)
    command = lab.build_command(lab.folder / "built-later")
    command = [str(later) if str(word) == str(lab.lists) else word for word in command]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = lab.folder / "built-later" / "lists.set"
    said = json.loads(lab.run_program("delta_rates", "--before", before, "--after", after))
    peer, peer_s = None, None
    if shutil.which("zstd"):
        patch, made = lab.folder / "after.zst", lab.folder / "made.set"
        seconds("zstd", "-q", "-f", "-19", "--long=27", f"--patch-from={before}", after, "-o", patch)
        peer_s = seconds("zstd", "-q", "-f", "-d", "--long=27", f"--patch-from={before}", patch, "-o", made)
        peer = patch.stat().st_size / 1000
    report.line("lists_delta.size", said["bytes"] / 1000, "kB", "zstd --patch-from", peer, at_most=GOAL_KB, names=said["names"])
    report.line("lists_delta.apply", said["apply_s"], "s", "zstd --patch-from", peer_s, make_s=said["make_s"], peak_mb=said["peak_mb"])
