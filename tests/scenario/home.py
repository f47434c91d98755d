"""A network of the scenario's own: this program starts again in a namespace with a loopback and one line to another namespace, the world
outside, in which any address can be somebody's. Nothing of it can be seen from the machine."""
import os
import shutil
import subprocess
import sys

SKIPPED = 77
MARK = "CARETAKER_OWN_NETWORK"
HERE, HERE6 = "192.0.2.5", "2001:db8::5"
ROUTER, ROUTER6 = "192.0.2.1", "2001:db8::1"


def enter():
    """Returns where the namespace is this program's own; ends with 77 and the reason where there can be none."""
    if os.environ.get(MARK):
        return
    for reason, missing in (("only root can make a network", os.geteuid() != 0),
                            ("nft or ip is not installed", not all(shutil.which(name) for name in ("nft", "ip", "setpriv"))),
                            ("no network namespace can be made here", subprocess.run(["unshare", "--net", "nft", "list", "ruleset"], check=False,
                                                                                     capture_output=True).returncode != 0)):
        if missing:
            print(f"skipped: {reason}")
            sys.exit(SKIPPED)
    os.environ[MARK] = "1"
    os.execvp("unshare", ["unshare", "--net", sys.executable, "-Bu", *sys.argv])


def run(*command, check=True):
    return subprocess.run([str(part) for part in command], check=check, capture_output=True, text=True)


class Outside:
    """The other end of the line. `addresses` are all somebody's there."""

    def __init__(self, addresses):
        self.process = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
        while os.readlink(f"/proc/{self.process.pid}/ns/net") == os.readlink("/proc/self/ns/net"):
            pass
        self.started = []
        run("ip", "link", "set", "lo", "up")
        run("ip", "link", "add", "line", "type", "veth", "peer", "name", "far", "netns", self.process.pid)
        run("ip", "addr", "add", f"{HERE}/24", "dev", "line")
        run("ip", "addr", "add", f"{HERE6}/64", "dev", "line", "nodad")
        run("ip", "link", "set", "line", "up")
        for part in (("addr", "add", f"{ROUTER}/24", "dev", "far"), ("addr", "add", f"{ROUTER6}/64", "dev", "far", "nodad"),
                     ("link", "set", "far", "up"), ("link", "set", "lo", "up"), *(("addr", "add", a, "dev", "lo") for a in addresses)):
            run(*self.there("ip", *part))
        run("ip", "route", "add", "default", "via", ROUTER)
        run("ip", "-6", "route", "add", "default", "via", ROUTER6)

    def there(self, *command):
        return ["nsenter", f"--target={self.process.pid}", "--net", *command]

    def start(self, *command, log):
        with open(log, "ab") as out:
            self.started.append(subprocess.Popen(self.there(*command), stdin=subprocess.DEVNULL, stdout=out, stderr=out))

    def end(self):
        for process in (*self.started, self.process):
            process.kill()
            process.wait()
