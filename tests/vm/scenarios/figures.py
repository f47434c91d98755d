"""Not a test but figures, of the installed packages on a whole machine, each beside a peer's in the same guest: a JSON line each, as
tests/bench prints them. An emulated machine is slow; what carries over is the distance to the peer in the same line."""
import json
import pathlib
import re
import statistics
import sys
import tempfile
import time

import desktops
import people
import sticks
from plugged import OPEN, plug
from processes import wait_until
from school import USUAL

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "bench"))
import report  # noqa: E402

PROMISES = "R1 R2"
ONLY_BY_NAME = "it measures"
ROUNDS = 5
LIMIT, LATE = 60, 2
GOAL_MB, GOAL_WAKES, WATCHED_SECONDS = 20, 1, 120
AGENT = ("caretakerd", "caretaker-net")
OTHERS = ("caretaker-gate", "caretaker-inspect", "caretaker-programs")
EVENT = re.compile(r"^(KERNEL|UDEV) *\[([\d.]+)\] (\w+) +\S+/block/\w+ \(block\)$", re.M)
USBGUARD = "RuleFile=/run/usbguard/rules.conf\nImplicitPolicyTarget=allow\nPresentDevicePolicy=allow\nInsertedDevicePolicy=apply-policy\n"
MEMORY = """
import pathlib, sys
for pid in sys.argv[1:]:
    fields = {line.split()[0]: line.split()[1] for line in open(f'/proc/{pid}/smaps_rollup').readlines()[1:]}
    wakes = sum(int(line.split()[1]) for task in pathlib.Path(f'/proc/{pid}/task').iterdir() for line in (task / 'status').read_text().splitlines()
                if line.startswith('voluntary_ctxt_switches:'))
    print(fields['Private_Dirty:'], wakes)
"""


def cpu_ms(m, unit):
    stat = m.run("cat", f"/sys/fs/cgroup{m.property(unit, 'ControlGroup')}/cpu.stat").stdout
    return int(stat.split()[1]) / 1000


def one_release(m, school, folder, make, verdict, serial):
    """(milliseconds, CPU) of udev for the arrival of a stick, and of the guard from there until it is let through."""
    m.run("systemd-run", "--quiet", "--unit=listening", "--property=StandardOutput=truncate:/run/events", "udevadm", "monitor", "--subsystem-match=block")
    units = ("systemd-udevd.service", "caretakerd.service")
    before = [cpu_ms(m, unit) for unit in units]
    plug(m, school, serial, make(folder / serial)).becomes(verdict)
    m.run("udevadm", "settle")
    time.sleep(1)
    spent = [cpu_ms(m, unit) - earlier for unit, earlier in zip(units, before)]
    events = EVENT.findall(m.run("cat", "/run/events").stdout)
    m.run("systemctl", "stop", "listening")
    m.unplug(serial)
    at = {(who, what): float(when) for who, when, what in reversed(events)}  # the first of each
    arrived, settled = at["KERNEL", "add"], at["UDEV", "add"]
    asked, released = at["KERNEL", "change"], at["UDEV", "change"]
    return {"udev": (settled - arrived) * 1000, "guard": (asked - settled) * 1000, "released": (released - settled) * 1000, "udev_cpu": spent[0], "guard_cpu": spent[1]}


def releases(m, school):
    with tempfile.TemporaryDirectory(prefix="caretaker-sticks-") as name:
        seen = [one_release(m, school, pathlib.Path(name), sticks.luks, OPEN, f"ROUND{number}") for number in range(ROUNDS)]
    middle = {key: statistics.median(one[key] for one in seen) for key in seen[0]}
    report.line("media.released", middle["released"], "ms", "udev", middle["udev"], at_most=2 * middle["udev"], guard_alone=middle["guard"])
    report.line("media.cpu", middle["guard_cpu"], "ms", "udev", middle["udev_cpu"], at_most=middle["udev_cpu"])


def lock(m):
    desktops.furnish(m, "pupil")
    desktops.log_in_at_console(m, "pupil", 1)
    late = []
    for _ in range(3):
        since = desktops.uptime(m)
        m.press("shift")
        wait_until("the lock", lambda: desktops.pids(m, "physlock"), timeout=LIMIT + desktops.LONG, pause=0.5)
        late.append(desktops.began(m, "physlock") - since - LIMIT)
        desktops.opens(m, "the cover", lambda: desktops.pids(m, "physlock"))
    report.line("lock.late", max(late), "s", at_most=LATE, each=late)


def look(m, pids):
    lines = m.run("python3", "-c", MEMORY, *pids).stdout.splitlines()
    return [tuple(int(word) for word in line.split()) for line in lines]


def idle(m):
    desktops.start(m, "borrower", "x", 10)
    m.run("install", "-d", "-m", "700", "/run/usbguard")
    m.write("/run/usbguard/rules.conf", "", mode=0o600)
    m.write("/run/usbguard/daemon.conf", USBGUARD, mode=0o600)
    m.run("systemd-run", "--quiet", "--unit=peer", "/usr/sbin/usbguard-daemon", "-k", "-c", "/run/usbguard/daemon.conf")
    time.sleep(60)
    pids = [m.property(unit, "MainPID") for unit in (*AGENT, "peer", *OTHERS)]
    before = look(m, pids)
    time.sleep(WATCHED_SECONDS)
    after = look(m, pids)
    memory = [kilobytes * 1024 / 1e6 for kilobytes, _ in after]
    wakes = [(later - earlier) / WATCHED_SECONDS for (_, later), (_, earlier) in zip(after, before)]
    report.line("installed.memory", memory[0] + memory[1], "MB", "usbguard", memory[2], at_most=GOAL_MB, guard=memory[0], net=memory[1])
    report.line("installed.wakes", wakes[0] + wakes[1], "1/s", "usbguard", wakes[2], at_most=GOAL_WAKES, guard=wakes[0], net=wakes[1], others=sum(wakes[3:]))


VOLUME = """
set -e
truncate -s 64M "$1"
printf %s "correct horse" | cryptsetup luksFormat --batch-mode --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --uuid "$2" --key-file - "$1"
"""
ERASE = 'began=$(date +%s%N); cryptsetup erase --batch-mode "$1"; echo $(($(date +%s%N) - began))'
UUID, HEADER = "5c8ad9b5-4f23-4f0b-9c57-0c6a1f1c3a01", 16 << 20
WIPE_GOAL = 5.0


def wipe(m):
    """On this guest's own disk, as tests/bench/wipe.py does it on the host's."""
    ours, theirs = [], []
    for number in range(ROUNDS):
        for name in ("/srv/ours", "/srv/theirs"):
            m.run("sh", "-c", VOLUME, "sh", name, UUID)
        said = m.run("/opt/technician/wipe_keys", "--image", "/srv/ours", "--uuid", UUID, "--header", str(HEADER), "--folder", f"/srv/intent-{number}").stdout
        ours.append(json.loads(said)["seconds"])
        theirs.append(int(m.run("sh", "-c", ERASE, "sh", "/srv/theirs").stdout) / 1e9)
        m.run("rm", "/srv/ours", "/srv/theirs")
    report.line("wipe.keys", statistics.median(ours), "s", "cryptsetup erase", statistics.median(theirs), at_most=WIPE_GOAL, worst=max(ours))


def play(m, school):
    school.let_check_in_every(USUAL)  # what is measured is not to be check-ins
    wipe(m)
    people.come(m)
    people.sit(m, "borrower")
    releases(m, school)
    people.leave(m, "borrower")
    lock(m)
    idle(m)
