"""What is plugged into the guest: images made on the host, and real ones of other systems from the shared data where there are some."""
import os
import pathlib
import subprocess

MIB = 1 << 20
SHARED = pathlib.Path(os.environ.get("CARETAKER_SHARED", pathlib.Path(__file__).resolve().parents[3] / "shared"))
PASSPHRASE = "correct horse"
LUKS = ("cryptsetup", "--batch-mode", "luksFormat", "--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000", "--disable-locks", "--key-file", "-")
PATH = "/usr/sbin:/sbin:/usr/bin:/bin"


def run(*command, text=""):
    subprocess.run([str(part) for part in command], input=text, text=True, check=True, capture_output=True, env={"PATH": PATH})


def empty(path, mebibytes):
    with open(path, "wb") as file:
        file.truncate(mebibytes * MIB)
    return path


def fat(path, volume="16e683c7"):
    """A file system on the whole stick, as shops sell it."""
    run("mkfs.vfat", "-i", volume, empty(path, 32))
    return path


def luks(path):
    run(*LUKS, empty(path, 32), text=PASSPHRASE)
    return path


def partitioned(path, *parts):
    """A stick with these images as its partitions."""
    empty(path, 1 + 32 * len(parts))
    run("sfdisk", path, text="label: dos\n" + "".join(f"start={(1 + 32 * n) * MIB // 512}, size={32 * MIB // 512}, type=c\n" for n in range(len(parts))))
    for n, part in enumerate(parts):
        run("dd", f"if={part}", f"of={path}", "bs=1M", f"seek={1 + 32 * n}", "conv=notrunc,sparse")
    return path


def foreign(folder, archive, name):
    """An image that another system has made; None where the shared data are not."""
    source = SHARED / "media" / archive
    if not source.exists():
        return None
    run("tar", "--extract", "--sparse", "--file", source, "--directory", folder, name)
    return pathlib.Path(folder) / name
