"""Users that exist for one scenario alone.

As root the scenario runs in a mount namespace of its own, where /etc/passwd and /etc/group are copies with a few lines more: the
programs' own users, pupils and a teacher. Nothing outside sees them. Where that is not possible the programs run as the caller,
or as ids that have no name, and people() is empty."""
import os
import pathlib
import subprocess
import sys
import tempfile

GUARD, NET, SERVER, GATE = 64001, 64002, 64003, 64004
FIRST_PUPIL, PUPILS = 20001, 200
TEACHER, PUPIL_GROUP, STAFF_GROUP = 21001, 20000, 21000
UNSHARE = ["unshare", "--mount", "--propagation", "private"]
MARK = "CARETAKER_OWN_USERS"


def passwd_lines():
    yield f"ct-guard:x:{GUARD}:{GUARD}::/:/usr/sbin/nologin"
    yield f"ct-net:x:{NET}:{NET}::/:/usr/sbin/nologin"
    yield f"ct-server:x:{SERVER}:{SERVER}::/:/usr/sbin/nologin"
    yield f"ct-gate:x:{GATE}:{GATE}::/:/usr/sbin/nologin"
    yield f"teacher:x:{TEACHER}:{STAFF_GROUP}::/:/usr/sbin/nologin"
    for n in range(PUPILS):
        yield f"pupil{n + 1}:x:{FIRST_PUPIL + n}:{PUPIL_GROUP}::/:/usr/sbin/nologin"


def group_lines():
    yield f"pupils:x:{PUPIL_GROUP}:"
    yield f"staff:x:{STAFF_GROUP}:"


def shadow_file(path, lines):
    """Puts a copy with more lines over the file, for this namespace."""
    kept = [line for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines()
            if line.split(":")[0] not in {new.split(":")[0] for new in lines}]
    with tempfile.NamedTemporaryFile("w", prefix="caretaker-users-") as copy:
        copy.write("\n".join([*kept, *lines]) + "\n")
        copy.flush()
        os.chmod(copy.name, 0o644)
        subprocess.run(["mount", "--bind", copy.name, path], check=True)


def enter():
    """Starts this program again where the users exist; returns at once if it is there or cannot be."""
    if os.geteuid() != 0:
        return
    if os.environ.get(MARK) == "entered":
        shadow_file("/etc/passwd", list(passwd_lines()))
        shadow_file("/etc/group", list(group_lines()))
        os.environ[MARK] = "there"
    if os.environ.get(MARK):
        return
    if subprocess.run([*UNSHARE, "true"], capture_output=True, check=False).returncode == 0:
        os.environ[MARK] = "entered"
        os.execvp(UNSHARE[0], [*UNSHARE, sys.executable, "-Bu", *sys.argv])


def people():
    """Ids of the pupils that the programs can put a name to."""
    return range(FIRST_PUPIL, FIRST_PUPIL + PUPILS) if os.environ.get(MARK) else range(0)
