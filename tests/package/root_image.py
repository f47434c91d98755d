"""A small Debian with systemd, made once and kept in a cache by the hash of what is in it."""
import hashlib
import os
import pathlib
import shutil
import subprocess

SOURCES = ("/etc/apt/sources.list.d/debian.sources", "/etc/apt/sources.list")
# systemd as a laptop has it; python3 to ask questions and to stand in for the internet.
ALWAYS = ("init-system-helpers", "systemd", "systemd-sysv", "libpam-systemd", "dbus", "polkitd", "python3", "procps", "nftables", "iproute2")
OPTIONS = ("path-exclude=/usr/share/doc/*", "path-exclude=/usr/share/locale/*", "path-exclude=/usr/share/man/*",
           "path-include=/usr/share/man/*caretaker*", "path-include=/usr/share/doc/caretaker*")


class Unavailable(Exception):
    """This machine cannot do it; says why."""


def cache_folder():
    given = os.environ.get("CARETAKER_CACHE")
    return pathlib.Path(given) if given else pathlib.Path.home() / ".cache" / "caretaker"


def host_sources():
    for name in SOURCES:
        path = pathlib.Path(name)
        if path.exists() and "bookworm" in path.read_text(encoding="utf-8"):
            return path
    raise Unavailable("no list of Debian 12's packages in /etc/apt")


def dependencies(debs):
    """Names of the packages that these need."""
    names = set()
    for deb in debs:
        field = subprocess.run(["dpkg-deb", "--field", deb, "Depends"], check=True, capture_output=True, text=True).stdout
        names |= {part.split("|")[0].split("(")[0].strip() for part in field.split(",")}
    return names - {""}


def make_root(debs, more=(), excluded=(), hooks=()):
    """Folder of a Debian in which these packages can be installed without a network. `more`: further packages; `excluded`: paths that
    are left out; `hooks`: options of mmdebstrap with what is to be done on the way."""
    packages = sorted({*ALWAYS, *more, *dependencies(debs)})
    options = [*(f"--dpkgopt={option}" for option in (*OPTIONS, *(f"path-exclude={path}" for path in excluded))), *hooks]
    recipe = "\n".join([*packages, *options])
    folder = cache_folder() / f"debian-{hashlib.sha256(recipe.encode()).hexdigest()[:16]}"
    if folder.exists():
        return folder
    if shutil.which("mmdebstrap") is None:
        raise Unavailable("mmdebstrap is not installed")
    half = folder.with_name(f"{folder.name}.{os.getpid()}")
    half.parent.mkdir(parents=True, exist_ok=True)
    made = subprocess.run(["mmdebstrap", "--quiet", "--mode=root", "--variant=minbase", "--format=directory",
                           f"--include={','.join(packages)}", *options, "bookworm", half, host_sources()],
                          check=False, capture_output=True, text=True)
    if made.returncode != 0:
        shutil.rmtree(half, ignore_errors=True)
        raise Unavailable(f"no Debian could be made (no network?): {made.stderr.strip()[-300:]}")
    (half / "etc/fstab").write_text("", encoding="utf-8")
    if folder.exists():  # another test was quicker
        shutil.rmtree(half)
    else:
        half.rename(folder)
    return folder
