"""What lies on a machine's disk, to the byte: to compare before an installation with after a purge."""
import hashlib
import os
import stat

# What any installation of any package leaves, and what a running machine writes by itself.
NOT_COMPARED = {
    "what is not on the disk": ("dev", "proc", "run", "sys", "tmp"),
    "what the tests brought along": ("opt", "srv"),
    "logs": ("var/log",),
    "the package manager's own books": ("var/lib/dpkg", "var/lib/apt", "var/cache/apt", "var/cache/debconf", "var/backups"),
    "the last version that the account tools keep of each of their files": ("etc/passwd-", "etc/group-", "etc/shadow-", "etc/gshadow-"),
    "locks and seeds": ("etc/.pwd.lock", "var/lib/systemd/random-seed", "var/lib/systemd/timers"),
    "the loader's cache, made anew by each installation": ("var/cache/ldconfig",),
}
PASSED_BY = {path for paths in NOT_COMPARED.values() for path in paths}


def describe(path):
    """Kind, mode, owner and content of one file."""
    facts = os.lstat(path)
    if stat.S_ISLNK(facts.st_mode):
        content = os.readlink(path)
    elif stat.S_ISREG(facts.st_mode):
        with open(path, "rb") as file:
            content = hashlib.sha256(file.read()).hexdigest()
    else:
        content = ""
    return f"{facts.st_mode:o} {facts.st_uid}:{facts.st_gid} {content}"


def read(root):
    """path from the root -> description."""
    found = {}
    for folder, folders, files in os.walk(root):
        inside = os.path.relpath(folder, root)
        names = [os.path.normpath(os.path.join(inside, name)) for name in (*folders, *files)]
        found.update((name, describe(os.path.join(root, name))) for name in names if name not in PASSED_BY)
        folders[:] = [f for f in folders if os.path.normpath(os.path.join(inside, f)) not in PASSED_BY
                      and not os.path.islink(os.path.join(folder, f))]
    return found


def differences(before, after):
    return [f"{path}: {before.get(path, 'was not there')} -> {after.get(path, 'is gone')}"
            for path in sorted(before.keys() | after.keys()) if before.get(path) != after.get(path)]
