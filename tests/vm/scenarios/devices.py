"""What is removable and no plain stick: phones, SD cards, things with several disks in them, sticks with a disc of their maker's, and what
the policy allows by name."""
import pathlib
import tempfile

import people
import sticks
from plugged import OPEN, PLAIN, Stick, locks, make_inside, mounted_by, plug, plug_gadget, reads, stays_out, unlocks, unplug_gadget
from processes import wait_until
from story import tell

PROMISES = "R2"
LONG = 240
PHONE = "nothing: {} (phone)"


def media(school, medium):
    return [f"{row['kind'] or 'nothing'}: {row['access']} ({row['reason']})" for row in school.status().get("media", []) if row["medium"] == medium]


def becomes(school, medium, *expected):
    wait_until(f"the {medium} to be {expected}", lambda: media(school, medium) == list(expected), timeout=LONG, pause=0.5)


def phone_node(m):
    return m.run("sh", "-c", "grep -l 46f4 /sys/bus/usb/devices/*/idVendor | while read f; do d=$(dirname $f); [ $(cat $d/idProduct) != 0004 ] ||"
                 " printf /dev/bus/usb/%03d/%03d $(cat $d/busnum) $(cat $d/devnum); done").stdout.strip()


def a_phone_is_kept_out(m, school, folder):
    (folder / "phone").mkdir()
    (folder / "phone/picture").write_text("a picture", encoding="utf-8")
    m.plug_phone(folder / "phone")
    becomes(school, "phone", PHONE.format("keep-out"))
    node = phone_node(m)
    assert m.run("stat", "--format=%U %G %a", node).stdout.strip() == "root root 600", m.run("udevadm", "info", node).stdout
    assert "picture" not in people.run(m, "borrower", "mtp-files", check=False).stdout
    assert "Phones and cameras cannot be read" in m.run("caretaker", "status", user="borrower").stdout
    tell("a phone is kept out: a pupil's programs do not get at its files, and are told why")
    people.leave(m, "borrower")
    people.sit(m, "secretary")
    becomes(school, "phone", PHONE.format("warn"))
    m.run("udevadm", "settle")
    wait_until("the office to read it", lambda: "picture" in people.run(m, "secretary", "mtp-files", check=False).stdout, timeout=LONG, pause=1)
    m.unplug_phone()
    becomes(school, "phone")
    people.leave(m, "secretary")
    people.sit(m, "borrower")
    tell("the office is warned, and reads it")


def card_node(m):
    return m.run("sh", "-c", "ls /dev/mmcblk?", check=False).stdout.strip()


def sd_cards_are_judged(m, school, folder):
    m.put_in_card(sticks.fat(folder / "card1"))
    becomes(school, "sd-card", PLAIN)
    stays_out(m, card_node(m))
    m.take_out_card()
    becomes(school, "sd-card")
    m.put_in_card(sticks.luks(folder / "card2"))
    becomes(school, "sd-card", OPEN)
    node = card_node(m)
    make_inside(m, "borrower", node)
    becomes(school, "sd-card", OPEN)
    unlocks(m, "borrower", node)
    locks(m, "borrower", node)
    m.take_out_card()
    becomes(school, "sd-card")
    tell("of two SD cards the plain one stays out and the encrypted one opens")


def image_in_guest(m, name, *make):
    path = f"/var/tmp/{name}"
    m.run("truncate", "--size=32M", path)
    m.run(*make, path, stdin=sticks.PASSPHRASE)
    return path


def a_second_disk_hides_nothing(m, school):
    luks = image_in_guest(m, "lun0", *sticks.LUKS)
    plain = image_in_guest(m, "lun1", "mkfs.vfat")
    plug_gadget(m, "1209:0002", "TWODISKS", luks, plain)
    stick = Stick(m, school, "TWODISKS").becomes(OPEN, PLAIN)
    stays_out(m, stick.node(lun=1))
    unplug_gadget(m, "TWODISKS")
    tell("a thing that shows an encrypted disk and a plain one behind it: the one opens, the other stays out")


def a_stick_with_a_keypad(m, school):
    disc = image_in_guest(m, "disc", "mkfs.vfat", "-S", "2048")
    inside = image_in_guest(m, "keypad", "mkfs.vfat")
    plug_gadget(m, "0951:1666", "KEYPAD", f"cdrom:{disc}", inside)
    stick = Stick(m, school, "KEYPAD").becomes("vfat: allow (allow-listed)", "vfat: read-only (allow-listed-disc)")
    where = mounted_by(m, "borrower", stick.node(lun=1))
    people.run(m, "borrower", "touch", f"{where}/homework")
    m.run("udisksctl", "unmount", "--block-device", stick.node(lun=1))
    unplug_gadget(m, "KEYPAD")
    tell("a hardware-encrypted stick that the policy names opens, and its maker's disc can be read")
    plug_gadget(m, "0951:1666", "STRANGER", f"cdrom:{disc}", inside)
    stick = Stick(m, school, "STRANGER").becomes(PLAIN, PLAIN)
    stays_out(m, stick.node(lun=1))
    unplug_gadget(m, "STRANGER")
    tell("another one of the same model, which nobody has named, stays out with its disc")


def named_by_its_volume(m, school, folder):
    stick = plug(m, school, "NAMED", sticks.fat(folder / "named", volume="cafef00d")).becomes("vfat: allow (allow-listed)")
    where = mounted_by(m, "borrower", stick.node())
    people.run(m, "borrower", "touch", f"{where}/homework")
    m.run("udisksctl", "unmount", "--block-device", stick.node())
    m.run("mkfs.vfat", "-I", "-i", "cafef00e", stick.node())
    wait_until("the stick to be cut off", lambda: not reads(m, stick.node() or "/nothing", "technician") and stick.verdicts() != ["vfat: allow (allow-listed)"],
               timeout=LONG, pause=0.5)
    m.unplug("NAMED")
    tell("a volume that the policy names by its number is let through, until it is formatted and has another")


def play(m, school):
    people.come(m)
    people.sit(m, "borrower")
    with tempfile.TemporaryDirectory(prefix="caretaker-sticks-") as name:
        folder = pathlib.Path(name)
        sd_cards_are_judged(m, school, folder)
        named_by_its_volume(m, school, folder)
        a_second_disk_hides_nothing(m, school)
        a_stick_with_a_keypad(m, school)
        a_phone_is_kept_out(m, school, folder)
