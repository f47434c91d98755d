"""A school in a temporary folder: its server, its people's keys, one device with guard and net, and a resolver for what is allowed.
Scenarios use its words; everything real is done by the programs themselves."""
import argparse
import contextlib
import copy
import json
import os
import pathlib
import shutil
import socket
import sys
import tempfile
import traceback

import dns_wire
import own_users
import processes
import stand_in_resolver
from processes import Program, wait_until

PROGRAMS = ("caretakerd", "caretaker-net", "caretaker-inspect", "caretaker-programs", "caretaker", "caretaker-server")
ROOT = pathlib.Path(__file__).resolve().parents[2]
PASSPHRASE = "a passphrase for one scenario"
POLICY = """
school = "Scenario School"
[groups.pupils]
os_groups = ["pupils"]
blocked_categories = ["adult", "gambling"]
youtube = "strict"
[groups.staff]
os_groups = ["staff"]
blocked_categories = ["adult"]
youtube = "off"
[groups.device]
default = true
blocked_categories = ["adult", "gambling"]
[dns]
upstreams = ["{upstream}"]
[recipients]
"*" = ["safeguarding", "escrow"]
"""
LISTS = {"adult": ["adult.example", *(f"bad{n}.example" for n in range(8000))], "gambling": ["casino.example", "tracker.example"],
         "illegal": ["illegal.example"]}
CLOAKED = {"harmless.example": "ads.tracker.example"}


def free_port():
    while True:
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            tcp.bind(("127.0.0.1", 0))
            with contextlib.suppress(OSError):
                udp.bind(tcp.getsockname())
                return tcp.getsockname()[1]


class World:
    def __init__(self, programs, upstream=None, interval=1):
        """`upstream`: address of a resolver that is there already; without it one of our own. `interval`: seconds between check-ins."""
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="caretaker-scenario-"))
        self.folder.chmod(0o755)
        self.bin, self.log = self.folder / "bin", self.folder / "log"
        for path in (self.bin, self.log):
            path.mkdir()
        for name in PROGRAMS:  # the build may lie where other users cannot look
            shutil.copy(pathlib.Path(programs) / name, self.bin)
        self.resolver = [] if upstream else stand_in_resolver.start(("127.0.0.1", 0), CLOAKED)
        self.upstream = upstream or "127.0.0.1:%d" % self.resolver[0].server_address[1]
        self.programs, self.interval = [], interval
        self.https, self.school, self.lists = free_port(), self.folder / "school", self.folder / "lists"
        self.data = self.own("server", own_users.SERVER)
        self.set_server(self.https)
        self.set_device("")

    def set_server(self, port):
        """Where it listens; devices look for it at self.https."""
        self.server_port = port
        self.server = self.program("server", own_users.SERVER, "caretaker-server", "--data", self.data, "serve",
                                   "--listen", f"127.0.0.1:{port}", "--interval", self.interval)

    def set_device(self, prefix):
        self.state, self.dns = self.own(f"{prefix}guard", own_users.GUARD), ("127.0.0.1", free_port())
        self.socket = self.own(f"{prefix}run", own_users.GUARD, 0o755) / "guard.sock"
        name = prefix.replace("/", "-")
        self.guard = self.program(f"{name}guard", own_users.GUARD, "caretakerd", "--state", self.state,
                                  "--socket", self.socket, "--net-uid", self.uid(own_users.NET))
        self.net = self.program(f"{name}net", own_users.NET, "caretaker-net", "--socket", self.socket, "--listen",
                                "%s:%d" % self.dns, "--work", self.own(f"{prefix}net", own_users.NET))

    def another_device(self, name):
        """The same school, seen with another device of it."""
        other = copy.copy(self)
        other.set_device(f"{name}-")
        return other

    # ---- folders, programs, commands

    @staticmethod
    def uid(user):
        return user if processes.may_change_user() else os.getuid()

    def own(self, name, user, mode=0o700):
        folder = self.folder / name
        folder.mkdir()
        folder.chmod(mode)
        if processes.may_change_user():
            os.chown(folder, user, user)
        return folder

    @staticmethod
    def give_back(folder, user=own_users.SERVER):
        """A folder that the scenario has touched is its user's again."""
        if processes.may_change_user():
            for path in [folder, *folder.rglob("*")]:
                os.chown(path, user, user)

    def program(self, name, user, program, *arguments):
        self.programs.append(Program(name, [self.bin / program, *arguments], user, self.log))
        return self.programs[-1]

    def caretaker(self, *arguments, user=None, check=True):
        """The command line, as the technician at their desk or as a user of the device."""
        command = [self.bin / "caretaker", *arguments]
        caller = os.getuid() if user is None else user
        return processes.run(command, caller, check=check, env={"CARETAKER_SCHOOL": str(self.school)})

    def as_person(self, holder, *arguments):
        return self.caretaker(*arguments, "--key", self.school / "keys" / f"{holder}.key", "--passphrase-file", self.passphrase)

    # ---- the school and its people

    def make_school(self, *more):
        self.passphrase = self.folder / "passphrase"
        self.passphrase.write_text(PASSPHRASE, encoding="utf-8")
        server = [self.bin / "caretaker-server", "--data", self.data]
        processes.run([*server, "init", "--url", f"https://127.0.0.1:{self.https}"], own_users.SERVER)
        self.caretaker("school", "new", "--dir", self.school, "--name", "Scenario School", "--safeguarding", "lead",
                       "--server-info", self.data / "server-public.json", "--passphrase-file", self.passphrase, *more)
        root = shutil.copy(self.school / "roots" / "1.json", self.folder / "1.json")
        os.chmod(root, 0o644)
        processes.run([*server, "adopt", root], own_users.SERVER)

    def start_server(self):
        self.server.start()
        wait_until("the server to listen", self.server_listens)

    def server_listens(self):
        assert self.server.running(), "the server has ended"
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.server_port), 1).close()
            return True
        return False

    def publish_lists(self, lists=None):
        source = pathlib.Path(tempfile.mkdtemp(dir=self.folder, prefix="source-"))
        for category, names in (lists or LISTS).items():
            (source / category).mkdir()
            (source / category / "domains").write_text("\n".join(names) + "\n", encoding="utf-8")
        self.caretaker("policy", "build", "--lists", source, "--out", self.lists)
        self.push_lists(self.lists)

    def push_lists(self, built):
        """Signs and publishes what `policy build` has left in this folder."""
        signed = self.folder / "lists.signed"
        self.as_person("list-publisher", "policy", "sign", "--lists", built / "lists.json", "--out", signed)
        self.as_person("list-publisher", "policy", "push", "--lists", signed, "--set", built / "lists.set")

    def sign_policy(self, text=None, **options):
        """Path of a signed policy; options are those of `policy sign`."""
        policy, signed = self.folder / "policy.toml", self.folder / "policy.signed"
        policy.write_text((text or POLICY).format(upstream=self.upstream), encoding="utf-8")
        more = [word for name, value in options.items() for word in (f"--{name}", value)]
        self.as_person("technician", "policy", "sign", "--policy", policy, "--out", signed, *more)
        return signed

    def publish_policy(self, text=None, **options):
        self.as_person("technician", "policy", "push", "--policy", self.sign_policy(text, **options))

    # ---- the device

    def start_guard(self):
        self.guard.start()
        wait_until("the guard to answer", lambda: self.guard.running() and self.status(check=False))

    def status(self, check=True):
        done = self.caretaker("status", "--json", "--socket", self.socket, check=check)
        return json.loads(done.stdout) if done.returncode == 0 else None

    def enrol(self):
        token = self.state / "token"
        token.unlink(missing_ok=True)
        self.as_person("technician", "token", "new", "--out", token)
        if processes.may_change_user():
            os.chown(token, own_users.GUARD, own_users.GUARD)
        self.caretaker("enrol", "--socket", self.socket, "--token-file", token, user=own_users.GUARD)

    def start_net(self):
        self.net.start()
        wait_until("the filter to answer", self.filter_answers, timeout=180)

    def filter_answers(self):
        assert self.net.running(), "caretaker-net has ended"
        with contextlib.suppress(OSError):
            return self.ask("use-application-dns.net").rcode == "NXDOMAIN"
        return False

    def start_all(self):
        """A school whose one device is enrolled and filters."""
        self.make_school()
        self.start_server()
        self.publish_lists()
        self.publish_policy()
        self.start_device()

    def start_device(self):
        """Enrolled, and filtering."""
        self.start_guard()
        self.net.start()
        self.enrol()
        wait_until("the filter to answer", self.filter_answers, timeout=180)

    def ask(self, name, kind=dns_wire.A, user=None, timeout=5.0):
        """A question by this user's own socket."""
        return dns_wire.ask(self.dns, name, kind, timeout, self.socket_of(user))

    @staticmethod
    def socket_of(user):
        """A socket belongs to whoever the maker was at that moment."""
        if user is None or not processes.may_change_user():
            return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        os.seteuid(user)
        try:
            return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        finally:
            os.seteuid(0)

    def device_rows(self):
        """What the guard says is in its book: durable by its word."""
        return json.loads(self.caretaker("events", "--json", "--socket", self.socket, user=own_users.GUARD).stdout)

    def why(self, name, *arguments, user=None):
        return json.loads(self.caretaker("why", name, "--json", "--socket", self.socket, *arguments, user=user).stdout)

    # ---- what the school sees

    def rows(self, reader="lead"):
        """The server's rows as this person can read them."""
        return json.loads(self.as_person(reader, "events", "--server", "--json").stdout)

    def violations(self):
        return [row for row in self.rows() if row.get("kind", "").startswith("web.")]

    def devices(self):
        return json.loads(self.as_person("technician", "device", "list", "--json").stdout)["devices"]

    def end(self):
        for program in reversed(self.programs):
            with contextlib.suppress(AssertionError):
                program.kill()
        for server in self.resolver:
            server.shutdown()

    def show_logs(self, lines=30):
        for log in sorted(self.log.iterdir()):
            print(f"---- the last of {log.name}")
            print("\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]))


def tell(what):
    print(f"  {what}", flush=True)


def play(scenario, **numbers):
    """Runs scenario(world); on a failure shows what the programs said. `rounds=30` is an option --rounds, 30 where it is not
    given, and then world.options.rounds."""
    parser = argparse.ArgumentParser(description=scenario.__doc__)
    for name, usual in numbers.items():
        parser.add_argument(f"--{name}", type=type(usual), default=usual, help=f"(default: {usual})")
    parser.add_argument("--bin", required=True, help="folder with the built programs")
    parser.add_argument("--keep", action="store_true", help="leave the folder behind")
    options = parser.parse_args()
    own_users.enter()
    world, failed = World(options.bin), False
    world.options = options
    try:
        scenario(world)
    except Exception:  # every failure is shown with the logs beside it
        failed = True
        traceback.print_exc(file=sys.stdout)
        world.show_logs()
    finally:
        world.end()
        if options.keep:
            print(f"kept: {world.folder}")
        else:
            shutil.rmtree(world.folder, ignore_errors=True)
    print("failed" if failed else "held")
    sys.exit(1 if failed else 0)
