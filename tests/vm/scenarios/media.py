"""Sticks are plugged into a laptop with the package on it, for those who sit at it and those who do not."""
import pathlib
import tempfile

import people
import sticks
from plugged import GUARD, OPEN, PLAIN, Stick, locks, make_inside, mounted_by, plug, plug_gadget, reads, stays_out, unlocks
from processes import wait_until
from story import tell

PROMISES = "R2"


def kinds_in_book(school):
    return [row["kind"] for row in school.book() if row.get("kind", "").startswith("media.")]


# ---- what happens


def a_plain_stick_stays_out(m, school, folder):
    before = len(kinds_in_book(school))
    stick = plug(m, school, "PLAIN", sticks.fat(folder / "plain")).becomes(PLAIN)
    stays_out(m, stick.node())
    wait_until("the book to have it", lambda: kinds_in_book(school)[before:] == ["media.kept-out"], timeout=30)
    shown = m.run("caretaker", "status", user="pupil").stdout
    assert "This drive is not encrypted, so it was kept out" in shown, shown
    m.unplug("PLAIN")
    wait_until("it to be forgotten", lambda: not stick.verdicts())
    tell("a plain stick is read by nobody and mounted by nothing; the pupil is told, and the book has it")


def a_luks_stick_opens(m, school, folder):
    stick = plug(m, school, "LUKS", sticks.luks(folder / "luks")).becomes(OPEN)
    make_inside(m, "borrower", stick.node())
    stick.becomes(OPEN)
    for _ in range(3):  # what a desktop's service does for who sits there; more than once, for each change of the stick is a new look at it
        where = unlocks(m, "borrower", stick.node())
        people.run(m, "borrower", "sh", "-c", f"echo homework >> {where}/essay && cat {where}/essay")
        locks(m, "borrower", stick.node())
    stick.becomes(OPEN)
    m.unplug("LUKS")
    tell("a pupil unlocks a LUKS stick with its passphrase, mounts it and writes on it, without anybody's rights but their own")


def real_volumes_of_other_systems(m, school, folder):
    wanted = (("bitlocker.tar.xz", "bitlk-togo-aes-xts-128.img", "bitlocker-to-go: allow (encrypted)"),
              ("bitlocker.tar.xz", "bitlk-aes-xts-128-clearkey-only.img", "bitlocker: keep-out (protection-suspended)"),
              ("veracrypt.tar.xz", "vc_1-sha512-xts-aes", "nothing: keep-out (unknown)"))
    for number, (archive, name, verdict) in enumerate(wanted):
        image = sticks.foreign(folder, archive, name)
        if image is None:
            tell(f"skipped: {archive} is not here (CARETAKER_SHARED says where)")
            continue
        stick = plug(m, school, f"REAL{number}", image).becomes(verdict)
        if "allow" in verdict:
            m.run("cryptsetup", "open", "--readonly", "--type", "bitlk", "--key-file", "-", stick.node(), "real", stdin="anaconda")
            m.run("cryptsetup", "close", "real")
        else:
            stays_out(m, stick.node())
        m.unplug(f"REAL{number}")
        tell(f"{name}: {verdict}")


def what_nobody_can_tell_opens_by_name(m, school, folder):
    """VeraCrypt looks like noise: whoever uses it names the stick in the policy."""
    image = sticks.foreign(folder, "veracrypt.tar.xz", "vc_1-sha512-xts-aes")
    if image is None:
        tell("skipped: veracrypt.tar.xz is not here (CARETAKER_SHARED says where)")
        return
    stick = plug(m, school, "LISTED", image).becomes("nothing: allow (allow-listed)")
    m.run("cryptsetup", "open", "--readonly", "--type", "tcrypt", "--veracrypt", "--hash", "sha512", "--key-file", "-", stick.node(), "real", stdin="aaaaaaaaaaaa")
    m.run("cryptsetup", "close", "real")
    m.unplug("LISTED")
    tell("a VeraCrypt stick that the policy names opens with its passphrase")


def each_partition_is_judged(m, school, folder):
    image = sticks.partitioned(folder / "parts", sticks.luks(folder / "part1"), sticks.fat(folder / "part2"))
    stick = plug(m, school, "PARTS", image).becomes("partitions: keep-out (not-encrypted)", OPEN, PLAIN)
    stays_out(m, stick.node(part=2))
    assert not reads(m, stick.node(), "technician"), "the whole disk shows the plain partition"
    make_inside(m, "borrower", stick.node(part=1))
    stick.becomes("partitions: keep-out (not-encrypted)", OPEN, PLAIN)
    unlocks(m, "borrower", stick.node(part=1))
    locks(m, "borrower", stick.node(part=1))
    m.unplug("PARTS")
    tell("of a stick with an encrypted and a plain partition the one opens and the other stays out")


def groups_differ(m, school, folder):
    people.leave(m, "borrower")
    people.sit(m, "librarian")
    stick = plug(m, school, "GROUP1", sticks.fat(folder / "group1")).becomes("vfat: read-only (not-encrypted)")
    where = mounted_by(m, "librarian", stick.node())
    assert people.run(m, "librarian", "touch", f"{where}/new", check=False).returncode != 0
    assert m.run("dd", "if=/dev/zero", f"of={stick.node()}", "count=1", check=False).returncode != 0, "root writes on it"
    m.run("udisksctl", "unmount", "--block-device", stick.node())
    m.unplug("GROUP1")
    tell("a teacher reads a plain stick and cannot write on it")
    image = sticks.partitioned(folder / "mixed", sticks.luks(folder / "mixed1"), sticks.fat(folder / "mixed2"))
    mixed = plug(m, school, "MIXED", image).becomes("partitions: read-only (not-encrypted)", OPEN, "vfat: read-only (not-encrypted)")
    make_inside(m, "librarian", mixed.node(part=1))
    mixed.becomes("partitions: read-only (not-encrypted)", OPEN, "vfat: read-only (not-encrypted)")
    where = unlocks(m, "librarian", mixed.node(part=1))
    people.run(m, "librarian", "touch", f"{where}/new")
    locks(m, "librarian", mixed.node(part=1))
    where = mounted_by(m, "librarian", mixed.node(part=2))
    assert people.run(m, "librarian", "touch", f"{where}/new", check=False).returncode != 0
    m.run("udisksctl", "unmount", "--block-device", mixed.node(part=2))
    m.unplug("MIXED")
    tell("of a teacher's stick with an encrypted and a plain partition the one can be written on, and the other read")
    people.leave(m, "librarian")
    people.sit(m, "secretary")
    stick = plug(m, school, "GROUP2", sticks.fat(folder / "group2")).becomes("vfat: warn (not-encrypted)")
    where = mounted_by(m, "secretary", stick.node())
    people.run(m, "secretary", "touch", f"{where}/new")
    assert "keep no school work on it" in m.run("caretaker", "status", user="secretary").stdout
    tell("the office is warned, and may")
    people.sit(m, "borrower")
    wait_until("the stick to be cut off", lambda: not stick.node(), timeout=240, pause=0.5)
    assert people.run(m, "secretary", "cat", f"{where}/new", check=False).returncode != 0
    m.run("umount", "--lazy", where, check=False)
    m.unplug("GROUP2")
    people.leave(m, "secretary")
    tell("when a pupil comes, what the office left mounted is cut off")


def the_policy_names_sticks(m, school, folder):
    plug(m, school, "LISTED", sticks.fat(folder / "listed")).becomes("vfat: allow (allow-listed)")
    other = plug(m, school, "LISTED2", sticks.fat(folder / "other")).becomes(PLAIN)
    stays_out(m, other.node())
    m.unplug("LISTED")
    m.unplug("LISTED2")
    tell("a stick that the policy names is let through; another of the same model is not")


def a_stick_that_changes_is_cut_off(m, school, folder):
    stick = plug(m, school, "CHANGES", sticks.luks(folder / "changes")).becomes(OPEN)
    node = stick.node()
    m.run("systemd-run", "--quiet", "--unit=reader", "--property=StandardOutput=file:/var/tmp/read", "python3", "-uc",
          f"import os, time\nfile = os.open('{node}', os.O_RDONLY)\nwhile True:\n    print(len(os.pread(file, 512, 20 << 20)))\n    time.sleep(1)\n"
          "    os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)")
    wait_until("somebody to read it", lambda: "512" in m.run("cat", "/var/tmp/read").stdout)
    m.run("mkfs.vfat", "-I", node)
    wait_until("the stick to be cut off", lambda: not stick.node(), timeout=240, pause=0.5)
    wait_until("the reader to get nothing", lambda: not m.property("reader", "MainPID").strip("0") or
               m.run("tail", "--lines=1", "/var/tmp/read").stdout.strip() == "0", timeout=240, pause=0.5)
    m.run("systemctl", "stop", "reader", check=False)
    m.unplug("CHANGES")
    tell("a stick that is formatted while something has it open is cut off from it")
    again = plug(m, school, "CHANGES", sticks.fat(folder / "changes")).becomes(PLAIN)
    stays_out(m, again.node())
    m.unplug("CHANGES")
    tell("another stick that calls itself the same is judged anew")


def a_keyboard_that_is_also_a_disk(m, school):
    m.run("truncate", "--size=32M", "/var/tmp/image")
    m.run("mkfs.vfat", "/var/tmp/image")
    plug_gadget(m, "1209:0001", "COMBO", "/var/tmp/image", keyboard=True)
    stick = Stick(m, school, "COMBO").becomes(PLAIN)
    stays_out(m, stick.node())
    m.write("/var/tmp/type", "import time\nwith open('/dev/hidg0', 'wb', buffering=0) as out:\n    for key in (4, 0, 5, 0):\n"
            "        out.write(bytes([0, 0, key, 0, 0, 0, 0, 0]))\n        time.sleep(0.1)\n")
    people.typed(m, "Combo", lambda: m.run("python3", "/var/tmp/type"))
    tell("a keyboard that is also a disk types, and its disk stays out")


def keyboards_type_whoever_guards(m):
    m.run("systemctl", "stop", GUARD)
    m.plug_keyboard()
    people.typed(m, "QEMU_USB_Keyboard", lambda: m.press("a"))
    m.run("systemctl", "start", GUARD)
    people.typed(m, "QEMU_USB_Keyboard", lambda: m.press("b"))
    tell("a USB keyboard types, with the guard and without")


def a_guard_that_is_killed_changes_nothing(m, school, folder):
    plain = plug(m, school, "KILLED1", sticks.fat(folder / "killed1")).becomes(PLAIN)
    stick = plug(m, school, "KILLED2", sticks.luks(folder / "killed2")).becomes(OPEN)
    make_inside(m, "borrower", stick.node())
    stick.becomes(OPEN)
    where = unlocks(m, "borrower", stick.node())
    before = m.property(GUARD, "MainPID")
    m.run("kill", "-KILL", before)
    stays_out(m, plain.node())
    people.run(m, "borrower", "sh", "-c", f"echo homework > {where}/essay && cat {where}/essay")
    wait_until("the guard to come back", lambda: m.property(GUARD, "MainPID") not in ("0", before), timeout=60)
    stick.becomes(OPEN)
    plain.becomes(PLAIN)
    stays_out(m, plain.node())
    people.run(m, "borrower", "sh", "-c", f"echo more >> {where}/essay && cat {where}/essay")
    locks(m, "borrower", stick.node())
    m.unplug("KILLED1")
    m.unplug("KILLED2")
    tell("a guard that is killed comes back to the same verdicts; what is mounted stays, and what was out stays out")


def without_the_guard_all_stay_out(m, school, folder):
    m.run("systemctl", "stop", GUARD)
    nodes = [plug(m, school, serial, image).node() for serial, image in
             (("DOWN1", sticks.luks(folder / "down1")), ("DOWN2", sticks.fat(folder / "down2")))]
    m.run("udevadm", "settle")
    for node in nodes:
        stays_out(m, node)
    m.run("systemctl", "start", GUARD)
    Stick(m, school, "DOWN1").becomes(OPEN)
    Stick(m, school, "DOWN2").becomes(PLAIN)
    stays_out(m, Stick(m, school, "DOWN2").node())
    tell("what is plugged in while the guard is down stays out, and is judged when it starts")


def the_same_holds_from_boot(m, school):
    m.cut_power()
    m.boot()
    school.start()
    people.sit(m, "borrower")
    Stick(m, school, "DOWN1").becomes(OPEN)
    plain = Stick(m, school, "DOWN2").becomes(PLAIN)
    stays_out(m, plain.node())
    assert "/media" not in m.run("cat", "/proc/mounts").stdout
    tell("what is plugged in when the power comes back after a cut is judged as well")


def play(m, school):
    people.come(m)
    people.sit(m, "borrower")
    with tempfile.TemporaryDirectory(prefix="caretaker-sticks-") as name:
        folder = pathlib.Path(name)
        a_plain_stick_stays_out(m, school, folder)
        a_luks_stick_opens(m, school, folder)
        real_volumes_of_other_systems(m, school, folder)
        each_partition_is_judged(m, school, folder)
        the_policy_names_sticks(m, school, folder)
        what_nobody_can_tell_opens_by_name(m, school, folder)
        a_stick_that_changes_is_cut_off(m, school, folder)
        groups_differ(m, school, folder)
        a_keyboard_that_is_also_a_disk(m, school)
        keyboards_type_whoever_guards(m)
        a_guard_that_is_killed_changes_nothing(m, school, folder)
        without_the_guard_all_stay_out(m, school, folder)
        the_same_holds_from_boot(m, school)
