"""What udev itself makes of our rules: things in a tree that looks like the kernel's, one after the other, and what becomes of their nodes.

udevadm of a Debian, in a root of its own with a /sys and a /dev that are folders: needs root; ends with 77 (skipped) and the reason where it
cannot. What the real kernel makes of a real thing is tried on a whole machine (tests/vm)."""
import os
import pathlib
import shutil
import stat
import subprocess
import sys
import tempfile
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "scenario"))

from root_image import Unavailable, make_root  # noqa: E402
from world import tell  # noqa: E402

PROMISES = "R2"
SKIPPED = 77
RULES = HERE.parents[1] / "installer" / "udev"
# In place of what looks into a volume, which cannot be looked into here, and of what puts together what it finds on one (mdadm, 64; LVM, 69).
STAND_INS = {"61-finds.rules": 'SUBSYSTEM=="block", ENV{ID_FS_TYPE}="LVM2_member"\n',
             "64-puts-together.rules": 'ENV{ID_FS_TYPE}=="LVM2_member", ENV{PUT_TOGETHER}="1"\n'}
PCI = ("devices/pci0000:00/0000:00:1f.2", "pci", {"removable": "fixed"})
SATA = [PCI, ("ata1/host0/target0:0:0/0:0:0:0", "scsi", {"type": "5"})]
MMC = [PCI, ("mmc_host/mmc0", "mmc_host", {}), ("mmc0:0001", "mmc")]
USB_PORT = [PCI, ("usb1/1-1", "usb", {"removable": "unknown", "idVendor": "0951"}), ("1-1:1.0", "usb", {"bInterfaceClass": "08"}), ("host6/target6:0:0/6:0:0:0", "scsi")]
FREE, KEPT = "free", "kept"


def card(**attributes):
    return [*MMC[:-1], (*MMC[-1], attributes)]


def disk(parents, name="mmcblk0"):
    return [*parents, (f"block/{name}", "block", {"removable": "0", "size": "1000"})]


def partition(parents, name):
    return [*disk(parents, name.rstrip("0123456789")), (name, "block", {"partition": "1", "size": "900"})]


def above(name):
    """What is put together of others: it has nothing of the machine below it."""
    return [(f"devices/virtual/block/{name}", "block", {"removable": "0", "size": "900"})]


def phone():
    thing, setting = bytes([18, 1]) + bytes(16), bytes([9, 2]) + bytes(7)
    camera = bytes([9, 4, 0, 0, 1, 6, 1, 1, 0]) + bytes([7, 5]) + bytes(5)  # and its endpoint
    return [PCI, ("usb1/1-2", "usb", {"removable": "unknown", "idVendor": "18d1", "idProduct": "4ee1", "bDeviceClass": "00", "descriptors": thing + setting + camera})]


def generic(parents, name="sg0"):
    return [*parents, (f"scsi_generic/{name}", "scsi_generic", {})]


def on_usb(kind):
    return [*USB_PORT[:-1], (*USB_PORT[-1], {"type": kind})]


# What it is, how the kernel shows it, whether users are kept from its node.
THINGS = (
    ("a disc drive in a SATA bay", disk(SATA, "sr0"), KEPT),
    ("a disc drive on USB", disk(on_usb("5"), "sr1"), KEPT),
    ("that drive, byte by byte", generic(SATA), KEPT),
    ("a WORM drive, byte by byte", generic([PCI, ("ata1/host0/target0:0:0/0:0:0:0", "scsi", {"type": "4"})]), KEPT),
    ("a stick", disk(on_usb("0"), "sdb"), KEPT),
    ("a partition of a stick", partition(on_usb("0"), "sdb1"), KEPT),
    ("a partition of the disk in a SATA bay", partition([PCI, ("ata2/host1/target1:0:0/1:0:0:0", "scsi", {"type": "0"})], "sda1"), FREE),
    ("a volume that was unlocked", above("dm-0"), FREE),
    ("an array", above("md127"), FREE),
    ("a file that was made a disk", above("loop0"), FREE),
    ("a phone that shows its pictures", phone(), KEPT),
    ("a stick, byte by byte", generic(on_usb("0"), "sg1"), KEPT),
    ("a disc drive on USB, byte by byte", generic(on_usb("5"), "sg1"), KEPT),
    ("an SD card", disk(card(type="SD")), KEPT),
    ("a card that is SD and SDIO", disk(card(type="SDcombo")), KEPT),
    ("a MultiMediaCard in a slot, kernel 6.6 or newer", disk(card(type="MMC", removable="removable", raw_rpmb_size_mult="0")), KEPT),
    ("a MultiMediaCard in a slot, an older kernel", disk(card(type="MMC", raw_rpmb_size_mult="0")), KEPT),
    ("the disk that is soldered in", disk(card(type="MMC", removable="fixed", raw_rpmb_size_mult="0x20")), FREE),
    ("the disk that is soldered in, an older kernel", disk(card(type="MMC", raw_rpmb_size_mult="0x20")), FREE),
    ("the disk that is soldered in, and firmware that does not say so", disk(card(type="MMC", removable="removable", raw_rpmb_size_mult="0x20")), FREE),
    ("an old disk that is soldered in, without a replay-protected part", disk(card(type="MMC", removable="fixed", raw_rpmb_size_mult="0")), FREE),
    ("the disk in a SATA bay", disk([PCI, ("ata2/host1/target1:0:0/1:0:0:0", "scsi", {"type": "0"})], "sda"), FREE),
    ("that disk, byte by byte", generic([PCI, ("ata2/host1/target1:0:0/1:0:0:0", "scsi", {"type": "0"})], "sg2"), FREE),
)


def lay_down(root, thing):
    """Folders and files as sysfs has them, and the node; the last one's path in /sys."""
    at = root / "sys"
    for path, subsystem, attributes in thing:
        at = at / path
        at.mkdir(parents=True, exist_ok=True)
        link = at / "subsystem"
        (root / "sys/class" / subsystem).mkdir(parents=True, exist_ok=True)
        link.symlink_to(os.path.relpath(root / "sys/class" / subsystem, at))
        (at / "uevent").write_text("", encoding="ascii")
        for name, value in attributes.items():
            (at / name).write_bytes(value if isinstance(value, bytes) else f"{value}\n".encode())
    is_block, kind = thing[-1][1] == "block", {"block": "disk", "usb": "usb_device"}.get(thing[-1][1], "")
    kind = "partition" if "partition" in thing[-1][2] else kind
    more = "DEVTYPE=usb_device\nPRODUCT=18d1/4ee1/100\nTYPE=0/0/0\nBUSNUM=001\nDEVNUM=009\n" if kind == "usb_device" else f"DEVTYPE={kind}\n" if kind else ""
    (at / "uevent").write_text(f"MAJOR=240\nMINOR=9\nDEVNAME={at.name}\n{more}", encoding="ascii")
    (at / "dev").write_text("240:9\n", encoding="ascii")
    node = root / "dev" / at.name
    os.mknod(node, 0o666 | (stat.S_IFBLK if is_block else stat.S_IFCHR), os.makedev(240, 9))
    os.chmod(node, 0o666)  # as a seat's access list would open it: our rules have to take it away
    return "/" + str(at.relative_to(root)), node


def judge(root, thing, action="add", more=""):
    """KEPT or FREE, as udev leaves the node, whether what lies on it is put together, and what udev said."""
    for folder in ("sys", "dev", "run"):
        shutil.rmtree(root / folder, ignore_errors=True)
        (root / folder).mkdir()
    (root / "run/udev").mkdir()
    path, node = lay_down(root, thing)
    with open(root / path[1:] / "uevent", "a", encoding="ascii") as facts:
        facts.write(more)
    said = subprocess.run(["chroot", root, "env", "SYSTEMD_DEVICE_VERIFY_SYSFS=0", "udevadm", "test", f"--action={action}", path], capture_output=True, text=True, check=False)
    properties = dict(line.split("=", 1) for line in said.stdout.splitlines() if "=" in line and not line.startswith(" "))
    assert properties.get("DEVPATH") == path.removeprefix("/sys"), said.stdout + said.stderr
    now = node.stat()
    # The access list for whoever is at the screen: by logind for the tag, and by udev itself, before systemd 253 for one that was taken away as well.
    is_listed = "uaccess" in properties.get("CURRENT_TAGS", "") or ("RUN 'uaccess'" in said.stdout + said.stderr and properties.get("ID_SEAT") != "seat-nobody")
    is_closed = stat.S_IMODE(now.st_mode) == 0o600 and now.st_uid == 0 and now.st_gid == 0 and not is_listed
    return KEPT if is_closed else FREE, properties.get("PUT_TOGETHER") == "1", said.stdout + said.stderr


def make_tree(work):
    """Without a whole copy: the image below, what changes above."""
    if os.geteuid() != 0:
        raise Unavailable("only root can make nodes")
    image, root = make_root([], more=("udev",)), work / "root"
    for name in ("root", "upper", "work"):
        (work / name).mkdir()
    layers = f"lowerdir={image},upperdir={work / 'upper'},workdir={work / 'work'}"
    if subprocess.run(["mount", "-t", "overlay", "overlay", "-o", layers, root], check=False).returncode != 0:
        raise Unavailable("no overlay file system can be mounted here")
    if subprocess.run(["mount", "-t", "proc", "proc", root / "proc"], check=False).returncode != 0:  # by which udev finds the node that it opened
        raise Unavailable("no proc file system can be mounted here")
    for rules in RULES.glob("*.rules"):
        shutil.copy(rules, root / "usr/lib/udev/rules.d")
    for name, text in STAND_INS.items():
        (root / "usr/lib/udev/rules.d" / name).write_text(text, encoding="ascii")
    return root


def main():
    work = pathlib.Path(tempfile.mkdtemp(prefix="caretaker-rules-"))
    try:
        root = make_tree(work)
        for what, thing, wanted in THINGS:
            got, is_put_together, said = judge(root, thing)
            assert got == wanted, f"{what} is {got}, not {wanted}\n{said}"
            is_disk = thing[-1][1] == "block"
            assert is_put_together == (is_disk and wanted == FREE), f"{what}: put together: {is_put_together}\n{said}"
            tell(f"{what}: {got}")
        stick = disk(on_usb("0"), "sdb")
        for word, wanted in (("release", True), ("readonly", True), ("keep", False)):
            _, is_put_together, said = judge(root, stick, "change", f"SYNTH_ARG_CARETAKER={word}\n")
            assert is_put_together == wanted, f"{word}: put together: {is_put_together}\n{said}"
        tell("what lies on a stick, an array or a volume group, is nobody's to put together before it is let through")
        print("held")
    except Unavailable as why:
        print(f"skipped: {why}")
        sys.exit(SKIPPED)
    except Exception:  # every failure is shown
        traceback.print_exc(file=sys.stdout)
        sys.exit(1)
    finally:
        for mount in ("root/proc", "root"):
            subprocess.run(["umount", "--lazy", work / mount], check=False, capture_output=True)
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
