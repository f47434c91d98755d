"""What is plugged into the guest, as the guest sees it: judged, kept out, opened and mounted."""
import pathlib

import people
import sticks
from processes import wait_until

GUARD = "caretakerd.service"
PLAIN = "vfat: keep-out (not-encrypted)"
OPEN = "luks2: allow (encrypted)"
GADGET = pathlib.Path(__file__).resolve().parent / "guest/gadget.sh"


class Stick:
    """One that is plugged in, as the guest sees it."""

    def __init__(self, m, school, serial):
        self.m, self.school, self.serial = m, school, serial

    def node(self, part=None, lun=0):
        name = f"*{self.serial}*-0:{lun}" + (f"-part{part}" if part else "")
        return self.m.run("sh", "-c", f"readlink -f /dev/disk/by-id/{name} | grep -v '[*]'", check=False).stdout.strip()

    def verdicts(self):
        media = self.school.status().get("media", [])
        return sorted(f"{row['kind'] or 'nothing'}: {row['access']} ({row['reason']})" for row in media if row["serial"] == self.serial)

    def becomes(self, *expected):
        """Waits until this is what the guard says, and udev has heard of it."""
        try:
            wait_until(f"{self.serial} to be judged", lambda: self.verdicts() == sorted(expected), timeout=240, pause=0.5)
        except AssertionError as late:
            raise AssertionError(f"{late}: {self.verdicts()}, not {sorted(expected)}") from None
        self.m.run("udevadm", "settle")
        return self


def plug(m, school, serial, image):
    m.plug(serial, image)
    stick = Stick(m, school, serial)
    wait_until(f"{serial} to appear", stick.node, timeout=240, pause=0.5)
    return stick


def reads(m, node, user):
    return m.run("head", "--bytes=1", node, user=user, check=False).returncode == 0


def stays_out(m, node):
    """Neither somebody with every right that groups can give, nor what mounts for a desktop, gets at it."""
    assert m.run("stat", "--format=%U %G %a", node).stdout.strip() == "root root 600", m.run("udevadm", "info", node).stdout
    assert not reads(m, node, "technician")
    said = people.run(m, "borrower", "udisksctl", "mount", "--no-user-interaction", "--block-device", node, check=False)
    assert said.returncode != 0, f"it was mounted: {said.stdout}"
    known = m.run("udisksctl", "info", "--block-device", node, check=False).stdout
    assert "HintAuto:                   true" not in known and "IdType:                     vfat" not in known, known


def make_inside(m, user, node):
    """A file system of this user's inside an encrypted volume, as whoever buys a stick makes it."""
    owner = m.run("id", "--user", user).stdout.strip()
    m.run("cryptsetup", "open", "--key-file", "-", node, "inside", stdin=sticks.PASSPHRASE)
    m.run("mke2fs", "-q", "-t", "ext4", "-E", f"root_owner={owner}:{owner}", "/dev/mapper/inside")
    m.run("cryptsetup", "close", "inside")


def unlocks(m, user, node):
    """By the desktop's service, as a file manager asks it to; where the inside is mounted."""
    m.run("install", "-m", "600", "-o", user, "/dev/stdin", f"/var/tmp/{user}.key", stdin=sticks.PASSPHRASE)
    said = people.run(m, user, "udisksctl", "unlock", "--no-user-interaction", "--block-device", node, "--key-file", f"/var/tmp/{user}.key").stdout
    return mounted_by(m, user, said.split(" as ")[1].strip().rstrip("."))


def locks(m, user, node):
    inside = m.run("lsblk", "--noheadings", "--raw", "--output", "PATH,TYPE", node).stdout
    clear = next(line.split()[0] for line in inside.splitlines() if line.endswith(" crypt"))
    people.run(m, user, "udisksctl", "unmount", "--no-user-interaction", "--block-device", clear)
    people.run(m, user, "udisksctl", "lock", "--no-user-interaction", "--block-device", node)


def mounted_by(m, user, node):
    said = people.run(m, user, "udisksctl", "mount", "--no-user-interaction", "--block-device", node).stdout
    return said.split(" at ")[1].strip().rstrip(".")


def plug_gadget(m, usb, serial, *luns, keyboard=False):
    """A thing with these numbers and images that lie in the guest; "cdrom:" before one makes it a disc."""
    m.write("/var/tmp/gadget", GADGET.read_text(encoding="utf-8"), mode=0o755)
    m.run("/var/tmp/gadget", *usb.split(":"), serial, "yes" if keyboard else "no", *luns)


def unplug_gadget(m, serial):
    m.run("/var/tmp/gadget", serial)
