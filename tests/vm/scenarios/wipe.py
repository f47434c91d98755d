"""A lost laptop with an encrypted disk is wiped: the power is cut twice on the way, the next start finishes before anything is unlocked, and
the certificate verifies."""
import json
import os
import time

from processes import wait_until
from story import tell

PROMISES = "R21 R22 R25"
ONLY_BY_NAME = "it takes a quarter of an hour; tests/e2e/run plays it"
HEADER, DISK = 16 << 20, 64 << 20  # cryptsetup's own header area; the whole disk
PIECE = 4096
SLOW = 512 << 10  # bytes a second: the header area takes half a minute
DATA = "/dev/disk/by-id/virtio-DATA"
KEY = "/root-of-disk.key"
FAST = ("--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000")
RECORD = "/srv/wipe.record"


def make_disk(m, image):
    """Four key slots, open and mounted, with somebody's essay on it."""
    with open(image, "wb") as file:
        file.truncate(DISK)
    m.add_disk("DATA", image)
    wait_until("the disk", lambda: m.exists(DATA), timeout=120, pause=0.5)
    m.write(KEY, "correct horse", mode=0o600)
    m.run("cryptsetup", "luksFormat", "--batch-mode", "--type", "luks2", *FAST, DATA, KEY)
    for number in (1, 2, 3):
        m.write(f"{KEY}.{number}", f"battery staple {number}", mode=0o600)
        m.run("cryptsetup", "luksAddKey", "--key-file", KEY, *FAST, DATA, f"{KEY}.{number}")
    m.run("cryptsetup", "open", "--key-file", KEY, DATA, "work")
    m.run("mkfs.ext4", "-q", "/dev/mapper/work")
    m.run("mount", "/dev/mapper/work", "/media")
    m.write("/media/essay", "what I did in the holidays")
    m.run("sync")


def carried_out(m, path):
    """A file of the guest's, on a disk of its own: over the console it would take minutes."""
    size, box = int(m.run("stat", "--format=%s", path).stdout), m.folder / "box.raw"
    with open(box, "wb") as file:
        file.truncate(DISK)
    m.add_disk("BOX", box)
    wait_until("the box", lambda: m.exists("/dev/disk/by-id/virtio-BOX"), timeout=120, pause=0.5)
    m.run("dd", f"if={path}", "of=/dev/disk/by-id/virtio-BOX", "bs=1M", "conv=fsync")
    m.take_out_disk("BOX")
    return box.read_bytes()[:size]


def start_with_own_initramfs(m):
    """With what the package puts into it; qemu starts the guest with files of the host's."""
    m.write("/etc/initramfs-tools/update-initramfs.conf", "update_initramfs=yes\nbackup_initramfs=no\n")
    m.run("update-initramfs", "-u", timeout=1800)
    [name] = m.run("sh", "-c", "ls /boot/initrd.img-*").stdout.split()
    own = m.folder / "own"
    own.mkdir()
    (own / "vmlinuz").symlink_to((m.image / "vmlinuz").resolve())
    (own / "initrd").write_bytes(carried_out(m, name))
    m.image = own


def answers(m):
    """Whether the system is up, asked without patience."""
    m.asked += 1
    m.shell.send({"id": m.asked, "command": ["true"], "user": None, "stdin": "", "timeout": 5})
    try:
        return "code" in m.shell.receive(3)  # to this question or to an earlier one
    except OSError:
        return False


def header(image):
    with open(image, "rb") as file:
        return file.read(HEADER)


def left_of(before, image):
    """How many pieces of the header area are still what they were."""
    now = header(image)
    return sum(before[at:at + PIECE] == now[at:at + PIECE] for at in range(0, HEADER, PIECE) if before[at:at + PIECE].strip(b"\0"))


def opens(m):
    return m.run("cryptsetup", "open", "--test-passphrase", "--key-file", KEY, DATA, check=False).returncode == 0


def hide_own_disk(m):
    """The school's server is on this machine too: the disk that both start from is none that a wipe can see when it makes its plan."""
    m.run("sh", "-c", "mount -t tmpfs none $(readlink -f /sys/class/block/vda)")


def two_people_order(m, school):
    device = school.status()["device"]
    label = m.run("hostname").stdout.strip()
    school.technician("device", "wipe", device[:16], "--grace", "0", "--asset", "School 117", "--reason", "stolen", "--confirm", label, "--out", "/srv/wipe.order")
    m.slow_down("DATA", SLOW)
    school.technician("device", "wipe", device[:16], "--also", "/srv/wipe.order", "--confirm", label, holder="head")
    return device


def first_cut(m, before, image):
    wait_until("the wipe to reach the disk", lambda: header(image) != before, timeout=300, pause=0.2)
    m.cut_power()
    left = left_of(before, image)
    assert left > 0, "it was over before the power went"
    tell(f"the power went when the wipe had begun: {left} pieces of the header area are as they were")


def second_cut(m, before, image):
    """In the initramfs, which goes on before anything is unlocked."""
    middle = left_of(before, image)
    m._start()  # what boot() does, without waiting for the system
    m.slow_down("DATA", SLOW)
    wait_until("the start to go on with it", lambda: left_of(before, image) < middle, timeout=600, pause=0.2)
    assert not answers(m), "the system was up before the wipe went on"
    m.cut_power()
    tell(f"the power went again while the start went on with it: {left_of(before, image)} pieces are left")


def third_start(m, before, image):
    m._start()  # what boot() does, without waiting for the system
    wait_until("the header area to be gone", lambda: left_of(before, image) == 0, timeout=600, pause=0.2)
    assert not answers(m), "the system was up before the keys were gone"
    m.slow_down("DATA", 256 << 10)  # its data, later
    wait_until("the system to come up", lambda: answers(m), timeout=900, pause=0.5)
    m._find_parts()
    assert not opens(m)
    tell("the third start destroys the rest before the system is up; no key opens the disk")


def it_switches_itself_off(m, image):
    """When the server, here on the same machine, has said that it has the certificate."""
    began = time.monotonic()
    m.process.wait(1800)
    assert os.path.getsize(image) == DISK and b"holidays" not in image.read_bytes()
    tell(f"it has told the server, and switched itself off {time.monotonic() - began:.0f} s later")


def the_certificate_verifies(m, school, device):
    m.boot()
    school.start()
    fetch = ("device", "certificate", device[:16], "--out", RECORD)
    wait_until("the certificate", lambda: try_technician(school, *fetch), timeout=300, pause=1)
    said = m.run("/opt/technician/caretaker", "verify", RECORD, "--school", "/srv/school").stdout
    assert "countersigned" not in said.split("Signed by")[1].split("\n")[0] and "server" in said, said
    assert "School 117" in said and "4 key slots in use, destroyed and read back" in said, said
    tell("the certificate has come, and verifies without a network")


def the_school_knows(m, school, device):
    rows = json.loads(school.technician("device", "list", "--json").stdout)["devices"]
    wiped = [row["device"] for row in rows if row.get("order", {}).get("proven")]
    assert wiped == [device], rows
    said = school.technician("changes", "--verify").stdout
    assert "none missing" in said, said
    tell(f"of the school's {len(rows)} machines this one was wiped and no other, and the log of changes holds from the first to the last")


def try_technician(school, *arguments):
    try:
        school.technician(*arguments)
        return True
    except AssertionError:
        return False


def play(m, school):
    image = m.folder / "data.raw"
    make_disk(m, image)
    start_with_own_initramfs(m)
    m.run("sync")
    hide_own_disk(m)
    before = header(image)
    device = two_people_order(m, school)
    first_cut(m, before, image)
    second_cut(m, before, image)
    third_start(m, before, image)
    it_switches_itself_off(m, image)
    the_certificate_verifies(m, school, device)
    the_school_knows(m, school, device)
