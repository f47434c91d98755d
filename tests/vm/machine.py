"""A whole Debian in qemu: booted once, then every scenario starts from that moment. The verbs that scenarios are written in."""
import contextlib
import copy
import hashlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

from processes import wait_until

MEMORY_MIB = 1024
BOOTED = "booted"  # the moment after the first start
PATIENCE = 600  # seconds for an answer of qemu's
SLOTS = 4  # free PCI ports, for disks
KEY_PAUSE = 0.04  # seconds; a busy guest loses what comes quicker
KEYS = {"\n": "ret", " ": "spc", "-": "minus", ".": "dot"}
CARD = "card"  # what lies in the SD slot
# What the kernel said last, and what waits within it.
KERNEL_LOG = "dmesg | tail -n 30; for one in $(ps -eo pid,stat | awk '$2 ~ /^D/ {print $1}'); do cat /proc/$one/comm /proc/$one/stack; done"
# A busy host starves the guest of timer interrupts, and a kernel that counts them gives up; one that has given up ends, so that this is seen.
# Nothing draws text on the screen either: virtio-gpu can wait for ever for a host that was late, and with it whoever opens a terminal, logind first.
KERNEL_LINE = "root=/dev/vda rw console=ttyS0 quiet systemd.show_status=0 no_timer_check panic=-1 fbcon=map:9"


class Wire:
    """Lines of JSON over a Unix socket of qemu's."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(path))
        self.pending = b""

    def send(self, message):
        self.socket.sendall(json.dumps(message).encode() + b"\n")

    def receive(self, timeout):
        """The next line; OSError when there is none in time or the other side has gone."""
        end = time.monotonic() + timeout
        while b"\n" not in self.pending:
            self.socket.settimeout(max(end - time.monotonic(), 0.01))
            part = self.socket.recv(65536)
            if not part:
                raise ConnectionError("qemu has gone")
            self.pending += part
        line, _, self.pending = self.pending.partition(b"\n")
        try:
            return json.loads(line)
        except ValueError:
            return {}  # a console that is not the guest shell's yet echoes what it is sent

    def close(self):
        self.socket.close()


class Machine:
    def __init__(self, image, parts):
        """`parts`: folder that the guest finds at /opt. Also for whoever looks on: qemu's own console, at the socket `monitor` in the machine's folder."""
        self.image, self.folder = image, pathlib.Path(tempfile.mkdtemp(prefix="caretaker-machine-"))
        self.disk, self.log, self.process, self.asked = self.folder / "disk.qcow2", self.folder / "console.log", None, 0
        self.sticks, self.disks = {}, {}  # serial: image, of what is plugged in
        self.moments = {}  # name: the disks of then
        self.parts = self.folder / "parts.raw"
        with open(self.parts, "wb") as file:
            file.truncate(256 << 20)
        subprocess.run(["mke2fs", "-q", "-t", "ext4", "-L", "parts", "-d", parts, self.parts], check=True)

    def twin(self):
        """Another machine that remembers the same moments. This one is switched off."""
        self._quit()
        other = copy.copy(self)
        other.folder = pathlib.Path(tempfile.mkdtemp(prefix="caretaker-machine-"))
        other.disk, other.log, other.process = other.folder / "disk.qcow2", other.folder / "console.log", None
        shutil.copyfile(self.disk, other.disk)
        return other

    # ---- power

    def first_boot(self):
        """As it is after its very first start: kept with the image, so that only the first run waits for it."""
        kept = self.image / f"booted-{hashlib.sha256(pathlib.Path(__file__).read_bytes()).hexdigest()[:16]}.qcow2"
        if kept.exists():
            shutil.copyfile(kept, self.disk)
            self.moments[BOOTED] = {}
            self.restore(BOOTED)
            return
        self.boot()
        self.run("umount", "/opt")  # what the next run finds there is another disk
        self.remember(BOOTED)
        self._quit()
        half = kept.with_name(f"{kept.name}.{os.getpid()}")
        shutil.copyfile(self.disk, half)
        half.rename(kept)
        self.restore(BOOTED)

    def boot(self):
        """From the beginning, with the disk as it is."""
        if not self.disk.exists():
            subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", self.image / "disk.raw", "-F", "raw", self.disk], check=True)
        self._start(*(part for serial, image in self.sticks.items() for part in self._options(self._stick_data, self._stick_device, serial, image)))
        wait_until("the machine to boot", self._answers, timeout=900, pause=0.5)
        wait_until("the system to come up", lambda: self.run("systemctl", "is-system-running", check=False).stdout.strip()
                   in ("running", "degraded"), timeout=900, pause=1)
        self._find_parts()

    def _start(self, *more):
        path = self.folder
        for name in ("qmp", "shell", "monitor"):
            (path / name).unlink(missing_ok=True)
        command = ["qemu-system-x86_64", "-accel", "tcg,thread=multi", "-machine", "q35", "-cpu", "max", "-smp", "2", "-m", str(MEMORY_MIB), "-vga", "virtio",
                   "-kernel", self.image / "vmlinuz", "-initrd", self.image / "initrd", "-append", KERNEL_LINE,
                   "-drive", f"file={self.disk},format=qcow2,if=virtio,cache=writeback",
                   "-drive", f"file={self.parts},format=raw,if=virtio,readonly=on",
                   "-device", "virtio-serial-pci",
                   "-chardev", f"socket,id=shell,path={path / 'shell'},server=on,wait=off", "-device", "virtconsole,chardev=shell",
                   "-device", "qemu-xhci,id=usb,p2=8,p3=8", "-device", "sdhci-pci", "-drive", f"if=none,id={CARD}", "-device", f"sd-card,drive={CARD}",
                   *(part for slot in range(SLOTS) for part in ("-device", f"pcie-root-port,id=slot{slot},chassis={slot + 1},port={slot}")),
                   "-qmp", f"unix:{path / 'qmp'},server=on,wait=off", "-monitor", f"unix:{path / 'monitor'},server=on,wait=off", "-serial", f"file:{self.log}", "-nic", "none",
                   "-display", "none", "-no-reboot", *more,
                   *(part for serial, image in self.disks.items() for part in self._options(self._disk_data, self._disk_device, serial, image))]
        with open(self.folder / "qemu.log", "ab") as log:
            self.process = subprocess.Popen([*map(str, command)], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_until("qemu to start", lambda: (path / "qmp").exists() and (path / "shell").exists(), timeout=30)
        self.control, self.shell = Wire(path / "qmp"), Wire(path / "shell")
        self.control.receive(10)
        self.ask_qemu("qmp_capabilities")

    def _answers(self):
        assert self.process.poll() is None, f"qemu has ended: {(self.folder / 'qemu.log').read_text(errors='replace')[-1000:]}"
        try:
            return self.run("true", timeout=10).returncode == 0
        except OSError:
            return False

    def remember(self, moment):
        """From now on restore() can come back to this moment. Nothing may be plugged in but disks."""
        self.ask_monitor(f"savevm {moment}")
        self.moments[moment] = dict(self.disks)

    def restore(self, moment):
        """To the moment of remember(), in seconds, with its clock set right. What a disk beside the first one holds stays as it is."""
        if self.process is not None and self.process.poll() is None:
            self.cut_power()
        self.sticks, self.disks = {}, dict(self.moments[moment])
        self._start("-loadvm", moment)
        wait_until("the machine to answer", self._answers, timeout=120)
        self.run("date", "--set", f"@{int(time.time())}")
        self._find_parts()

    def _find_parts(self):
        self.run("sh", "-c", "mountpoint --quiet /opt || { blockdev --flushbufs /dev/vdb; mount /opt; }")

    def cut_power(self):
        """What the guest had not written to its disk is lost."""
        self.process.kill()
        self.process.wait()
        self.control.close()
        self.shell.close()

    def _quit(self):
        """Ends qemu so that the file of the disk is whole, with its moments: qemu keeps a part of what belongs there to itself while it runs."""
        self.control.send({"execute": "quit"})
        self.process.wait(120)
        self.control.close()
        self.shell.close()

    def sleep(self, seconds):
        """Suspended, then woken by the power button: a clock that would wake it is none that qemu has."""
        def slept():
            return int(self.run("cat", "/sys/power/suspend_stats/success").stdout)
        before = slept()
        self._send("sh", "-c", "echo freeze > /sys/power/state")  # its answer comes when it wakes, at the soonest
        time.sleep(seconds)
        self.ask_qemu("system_powerdown")
        wait_until("the machine to wake", self._answers, timeout=120)
        assert slept() == before + 1, "the machine did not sleep"

    def reboot(self):
        self.ask_qemu("system_powerdown")
        self.process.wait(300)
        self.boot()

    def end(self):
        if self.process is not None and self.process.poll() is None:
            self.cut_power()
        shutil.rmtree(self.folder, ignore_errors=True)

    @contextlib.contextmanager
    def disk_as_it_lies(self):
        """The folder of the first disk's file system, as it is at this moment, to be read from outside: in emulation that would take minutes."""
        copy, folder = self.folder / "copy.raw", self.folder / "copy"
        self.run("fsfreeze", "--freeze", "/")
        try:
            subprocess.run(["qemu-img", "convert", "--force-share", "-f", "qcow2", "-O", "raw", self.disk, copy], check=True)
        finally:
            self.run("fsfreeze", "--unfreeze", "/")
        folder.mkdir()
        subprocess.run(["mount", "-o", "loop,ro", copy, folder], check=True)
        try:
            yield folder
        finally:
            subprocess.run(["umount", folder], check=True)
            folder.rmdir()
            copy.unlink()

    # ---- USB

    @staticmethod
    def _options(data, device, serial, image):
        return ("-blockdev", json.dumps(data(serial, image)), "-device", json.dumps(device(serial)))

    @staticmethod
    def _stick_data(serial, image):
        return {"driver": "raw", "node-name": f"data-{serial}", "file": {"driver": "file", "filename": str(image)}}

    @staticmethod
    def _stick_device(serial):
        return {"driver": "usb-storage", "id": f"stick-{serial}", "bus": "usb.0", "drive": f"data-{serial}", "serial": serial, "removable": True}

    def plug(self, serial, image):
        self.ask_qemu("blockdev-add", **self._stick_data(serial, image))
        self.ask_qemu("device_add", **self._stick_device(serial))
        self.sticks[serial] = image

    def unplug(self, serial):
        self.ask_qemu("device_del", id=f"stick-{serial}")
        wait_until("the stick to be out", lambda: self._is_free(f"data-{serial}"), timeout=60, pause=0.5)
        # What is plugged in while the guest still works on that is not noticed at all now and then.
        numbers = lambda: self.run("sh", "-c", "cat /sys/bus/usb/devices/*/serial", check=False).stdout.split()  # noqa: E731
        wait_until("the guest to see it go", lambda: serial not in numbers(), timeout=120, pause=0.5)
        del self.sticks[serial]

    def put_in_card(self, image):
        # qemu keeps nothing of this controller's PCI registers with a moment: it is found anew.
        self.run("sh", "-c", "for one in /sys/bus/pci/drivers/sdhci-pci/0*; do echo 1 > $one/remove; done; echo 1 > /sys/bus/pci/rescan")
        self.ask_qemu("blockdev-change-medium", device=CARD, filename=str(image), format="raw")

    def take_out_card(self):
        self.ask_qemu("eject", device=CARD, force=True)

    def plug_phone(self, folder):
        """One that shows this folder by MTP."""
        self.ask_qemu("device_add", driver="usb-mtp", id="phone", bus="usb.0", rootdir=str(folder), readonly=True)

    def unplug_phone(self):
        self.ask_qemu("device_del", id="phone")

    # ---- disks, which stay over power cuts

    @staticmethod
    def _disk_data(serial, image):
        return {"driver": "raw", "node-name": f"disk-{serial}", "file": {"driver": "file", "filename": str(image)}}

    def _disk_device(self, serial):
        return {"driver": "virtio-blk-pci", "id": f"disk-{serial}", "bus": f"slot{list(self.disks).index(serial)}", "drive": f"disk-{serial}", "serial": serial}

    def add_disk(self, serial, image):
        """The guest finds it as /dev/disk/by-id/virtio-SERIAL."""
        self.disks[serial] = image
        self.ask_qemu("blockdev-add", **self._disk_data(serial, image))
        self.ask_qemu("device_add", **self._disk_device(serial))

    def take_out_disk(self, serial):
        self.ask_qemu("device_del", id=f"disk-{serial}")
        wait_until("the disk to be out", lambda: self._is_free(f"disk-{serial}"), timeout=120, pause=0.5)
        del self.disks[serial]

    def slow_down(self, serial, bytes_per_second):
        """How much of this disk is read and written in a second from now on; 0: as much as there is time for."""
        self.ask_qemu("block_set_io_throttle", id=f"/machine/peripheral/disk-{serial}/virtio-backend", bps=bytes_per_second, bps_rd=0, bps_wr=0, iops=0, iops_rd=0, iops_wr=0)

    def _is_free(self, node):
        self.control.send({"execute": "blockdev-del", "arguments": {"node-name": node}})
        while True:
            answer = self.control.receive(PATIENCE)
            if "return" in answer or "error" in answer:
                return "return" in answer

    def plug_tablet(self):
        self.ask_qemu("device_add", driver="usb-tablet", id="tablet", bus="usb.0")

    def plug_keyboard(self):
        self.ask_qemu("device_add", driver="usb-kbd", id="keyboard", bus="usb.0")

    # ---- people's hands

    def press(self, *keys):
        """Together, on the keyboard that was plugged in last."""
        for down, order in ((True, keys), (False, keys[::-1])):
            for key in order:
                self.ask_qemu("input-send-event", events=[{"type": "key", "data": {"down": down, "key": {"type": "qcode", "data": key}}}])
                time.sleep(KEY_PAUSE)

    def type(self, text):
        for letter in text:
            key = KEYS.get(letter, letter.lower())
            self.press(*(("shift", key) if letter.isupper() else (key,)))

    def picture(self, path):
        """What the screen shows, as PNG."""
        self.ask_qemu("screendump", filename=str(path), format="png")

    # ---- qemu

    def ask_qemu(self, what, **arguments):
        self.control.send({"execute": what, "arguments": arguments})
        while True:
            answer = self.control.receive(PATIENCE)
            if "return" in answer:
                return answer["return"]
            assert "error" not in answer, answer

    def ask_monitor(self, line):
        said = self.ask_qemu("human-monitor-command", **{"command-line": line})
        assert not said.strip(), said

    # ---- in the guest

    def show_log(self):
        if self.process is not None and self.process.poll() is None:
            print(self.run("journalctl", "--no-pager", "--lines=80", "--unit=caretaker*", "--unit=init.scope", check=False, timeout=60).stdout)
            print(self.run("sh", "-c", KERNEL_LOG, check=False, timeout=60).stdout)
        print(self.log.read_text(encoding="utf-8", errors="replace")[-2000:])

    def run(self, *command, user=None, check=True, stdin="", timeout=900):
        """Runs a command in the guest, as root or as this user; what it printed."""
        self._send(*command, user=user, stdin=stdin, timeout=timeout)
        answer = {}
        while answer.get("id") != self.asked or "code" not in answer:  # an answer that nobody waited for any more is passed by
            answer = self.shell.receive(timeout + 30)
        done = subprocess.CompletedProcess(command, answer["code"], answer["out"], answer["err"])
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(map(str, command))}: ended with {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def _send(self, *command, user=None, stdin="", timeout=900):
        self.asked += 1
        self.shell.send({"id": self.asked, "command": [str(c) for c in command], "user": user, "stdin": stdin, "timeout": timeout})

    def write(self, path, text, mode=0o644):
        self.run("install", "-D", "-m", f"{mode:o}", "/dev/stdin", path, stdin=text)

    def exists(self, path):
        return self.run("test", "-e", path, check=False).returncode == 0

    def property(self, unit, name):
        return self.run("systemctl", "show", "--value", "--property", name, unit).stdout.strip()
