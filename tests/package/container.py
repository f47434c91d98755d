"""A Debian that is booted in a container: its own systemd, users and network with nothing but loopback. What is changed in it lies in
an overlay, so that the cached image stays as it is."""
import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

from processes import wait_until
from root_image import Unavailable

NSPAWN = ("systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--private-network", "--boot", "--console=pipe")


class Container:
    def __init__(self, image, shown=()):
        """`shown`: (folder here, folder there), readable there."""
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="caretaker-container-"))
        self.root, self.log, self.process = self.folder / "root", self.folder / "console.log", None
        for name in ("root", "upper", "work"):
            (self.folder / name).mkdir()
        self.folder.chmod(0o755)
        (self.folder / "upper").chmod(0o755)
        layers = f"lowerdir={image},upperdir={self.folder / 'upper'},workdir={self.folder / 'work'}"
        if subprocess.run(["mount", "-t", "overlay", "overlay", "-o", layers, self.root], check=False).returncode != 0:
            raise Unavailable("no overlay file system can be mounted here")
        self.options = [f"--bind-ro={here}:{there}" for here, there in shown]

    # ---- on and off

    def boot(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([*NSPAWN, f"--machine=caretaker-{os.getpid()}", "-D", self.root, *self.options], stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log)
        wait_until("the machine to boot", self.is_up, timeout=60)

    def is_up(self):
        assert self.process.poll() is None, f"the container has ended:\n{self.log.read_text(errors='replace')[-2000:]}"
        if self.first_process() is None:
            return False
        return self.run("systemctl", "is-system-running", check=False).stdout.strip() in ("running", "degraded")

    def first_process(self):
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text(encoding="utf-8").split()
        return int(children[0]) if children else None

    def power_off(self):
        self.run("systemctl", "poweroff", check=False)
        self.process.wait(60)

    def reboot(self):
        self.power_off()
        self.boot()

    def end(self):
        if self.process is not None and self.process.poll() is None:
            first = self.first_process()  # it would outlive whoever started it
            self.process.kill()
            self.process.wait()
            if first is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(first, signal.SIGKILL)
        subprocess.run(["umount", "--lazy", self.root], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def show_log(self):
        if self.process is not None and self.process.poll() is None:
            print(self.run("journalctl", "--no-pager", "--lines=60", "--unit=caretaker*", "--unit=init.scope", check=False).stdout)

    # ---- in it

    def run(self, *command, user=None, check=True, stdin="", timeout=120):
        """Runs a command in it, as root or as this user; what it printed."""
        become = [] if user is None else ["runuser", "-u", user, "--"]
        enter = ["nsenter", "--target", str(self.first_process()), "--all", "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"]
        done = subprocess.run([*enter, *become, *map(str, command)], input=stdin, capture_output=True, text=True, check=False,
                              timeout=timeout)
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(map(str, command))}: ended with {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def write(self, path, text, mode=0o644):
        self.run("install", "-D", "-m", f"{mode:o}", "/dev/stdin", path, stdin=text)

    def exists(self, path):
        return self.run("test", "-e", path, check=False).returncode == 0

    def property(self, unit, name):
        return self.run("systemctl", "show", "--value", "--property", name, unit).stdout.strip()
