"""From the intent of a wipe, written down beside the kernel, until a LUKS volume's key slots and header area are destroyed and read back; beside
`cryptsetup erase`, which destroys the key slots alone. Both on plain files, formatted alike, on the same disk."""
import json
import shutil
import statistics
import subprocess
import time

import report
from lab import NotHere

GOAL_S = 5.0
VOLUME_MB = 64
PASSPHRASE = b"correct horse"
UUID = "5c8ad9b5-4f23-4f0b-9c57-0c6a1f1c3a01"


def cryptsetup(*words):
    return subprocess.run(["cryptsetup", "--batch-mode", *map(str, words)], input=PASSPHRASE, check=True, capture_output=True).stdout


def make_volume(path):
    """As Debian's installer makes one (LUKS2, 16 MiB up to the data), but for how long the passphrase takes. Bytes up to the data."""
    with open(path, "wb") as file:
        file.truncate(VOLUME_MB << 20)
    cryptsetup("luksFormat", "--type", "luks2", "--pbkdf", "pbkdf2", "--pbkdf-force-iterations", 1000, "--uuid", UUID, "--key-file", "-", path)
    said = json.loads(cryptsetup("luksDump", "--dump-json-metadata", path))
    return int(said["segments"]["0"]["offset"])


def opens(path):
    return subprocess.run(["cryptsetup", "open", "--test-passphrase", "--key-file", "-", path], input=PASSPHRASE, check=False, capture_output=True).returncode == 0


def one_round(lab, number):
    """Seconds of ours and of the peer's."""
    ours, theirs = lab.folder / f"wipe-ours-{number}.img", lab.folder / f"wipe-theirs-{number}.img"
    header = make_volume(ours)
    make_volume(theirs)
    assert opens(ours) and opens(theirs)
    said = json.loads(lab.run_program("wipe_keys", "--image", ours, "--uuid", UUID, "--header", header, "--folder", lab.folder / f"wipe-intent-{number}"))
    began = time.monotonic()
    cryptsetup("erase", theirs)
    took = time.monotonic() - began
    assert not opens(ours) and not opens(theirs), "a passphrase still opens what was destroyed"
    for path in (ours, theirs):
        path.unlink()
    return said["seconds"], took, header


def measure(lab):
    if not shutil.which("cryptsetup"):
        raise NotHere("cryptsetup is not installed")
    rounds = [one_round(lab, number) for number in range(lab.rounds)]
    report.line("wipe.keys", statistics.median(ours for ours, _, _ in rounds), "s", "cryptsetup erase", statistics.median(theirs for _, theirs, _ in rounds),
                at_most=GOAL_S, worst=max(ours for ours, _, _ in rounds), header_mb=rounds[0][2] / 1e6)
