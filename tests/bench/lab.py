"""What the benchmarks share and what takes long to set up: lists, a school with one device that has them, peers that have them, and
load. Everything is made when it is first asked for, and ends with the run."""
import contextlib
import functools
import json
import os
import pathlib
import random
import shutil
import subprocess
import tempfile

import measure
import own_users
import peers
import world
from measure import tell

ROOT = pathlib.Path(__file__).resolve().parents[2]
SAMPLE = 10_000
POLICY = """
school = "Bench School"
[groups.pupils]
os_groups = ["pupils"]
blocked_categories = {categories}
[groups.device]
default = true
blocked_categories = {categories}
[dns]
upstreams = ["{{upstream}}"]
[recipients]
"*" = ["safeguarding", "escrow"]
"""


class NotHere(Exception):
    """What a benchmark needs is not on this machine; the text says what."""


class Device:
    """Our own party: guard and net of one device, with the lists in force."""
    name = "caretaker"

    def __init__(self, device_world):
        self.world = device_world
        self.port = device_world.dns[1]

    def net(self):
        return self.world.net.process.pid

    def pids(self):
        return [self.net(), self.world.guard.process.pid]


class Echo:
    name = "udp_echo"

    def __init__(self, process, port):
        self.process, self.port = process, port

    def pids(self):
        return [self.process.pid]


class Lab:
    CHECKIN_SECONDS = 900  # as in a school

    def __init__(self, options):
        self.options, self.quick = options, options.quick
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="caretaker-bench-"))
        self.folder.chmod(0o755)
        self.bin = self.folder / "bin"
        shutil.copytree(pathlib.Path(options.build) / "bench", self.bin, ignore=shutil.ignore_patterns("*.a"))
        cores = sorted(os.sched_getaffinity(0))
        self.server_core, self.load_core = (cores[0], cores[1]) if len(cores) > 1 else (None, None)
        self.started, self.peers, self.schools = [], {}, []
        self.seconds = 0.2 if self.quick else 2.0
        self.rounds = 1 if self.quick else 5

    def end(self):
        for process in self.started:
            process.kill()
            process.wait()
        for peer in self.peers.values():
            peer.stop()
        for school in self.schools:
            school.end()
            shutil.rmtree(school.folder, ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    # ---- lists

    @functools.cached_property
    def lists(self):
        """Folder of CATEGORY/domains: five million names, or the starter lists where nothing is measured."""
        if self.quick:
            return ROOT / "policy" / "starter"
        shared = pathlib.Path(os.environ.get("CARETAKER_SHARED", ROOT.parent / "shared"))
        archive = shared / "lists" / "lists-5m.tar.zst"
        if not archive.is_file():
            raise NotHere(f"{archive}: no such lists (CARETAKER_SHARED says where they are)")
        folder = self.folder / "lists"
        folder.mkdir()
        subprocess.run(["tar", "--use-compress-program", "zstd --long=27", "-xf", archive, "-C", folder], check=True)
        return folder

    def names(self):
        """Every name of the lists, as they stand in their files."""
        for path in sorted(self.lists.glob("*/domains")):
            with open(path, encoding="utf-8") as lines:
                yield from (line.strip() for line in lines if line.strip() and not line.startswith("#"))

    def build_command(self, out):
        return [str(pathlib.Path(self.options.build) / "bin" / "caretaker"), "policy", "build", "--lists", str(self.lists), "--out", str(out)]

    @functools.cached_property
    def built(self):
        """Folder with the compiled set."""
        tell("building the set")
        out = self.folder / "built"
        subprocess.run(self.build_command(out), check=True, stdout=subprocess.DEVNULL)
        return out

    @functools.cached_property
    def blocked_names(self):
        """File of names that are in the lists, drawn evenly."""
        draw = random.Random(3)
        names = [name for name in self.names() if name.count(".") >= 1]
        return self.name_file("blocked", draw.sample(names, min(SAMPLE, len(names))))

    @functools.cached_property
    def allowed_names(self):
        """File of names that are in no list."""
        return self.name_file("allowed", (f"www.bench-of-caretaker-{n}.org" for n in range(SAMPLE)))

    def a_blocked_name(self):
        return self.blocked_names.read_text(encoding="ascii").splitlines()[0]

    def name_file(self, name, names):
        path = self.folder / f"{name}.txt"
        path.write_text("\n".join(names) + "\n", encoding="ascii")
        return path

    # ---- parties

    def stand_in(self, program, core):
        """Starts a program that prints its port; (process, port)."""
        process = subprocess.Popen([self.bin / program], stdout=subprocess.PIPE, text=True)
        self.started.append(process)
        measure.pin(process.pid, core)
        return process, int(process.stdout.readline())

    @functools.cached_property
    def resolver(self):
        """What stands in for the internet, beside the load."""
        return self.stand_in("fast_resolver", self.load_core)

    def resolver_port(self):
        return self.resolver[1]

    @functools.cached_property
    def echo(self):
        return Echo(*self.stand_in("udp_echo", self.server_core))

    @functools.cached_property
    def device(self):
        built = self.built
        tell("a school, its server, and one device with the lists")
        made = world.World(pathlib.Path(self.options.build) / "bin", f"127.0.0.1:{self.resolver_port()}", self.CHECKIN_SECONDS)
        self.schools.append(made)
        device = Device(made)
        made.make_school()
        made.start_server()
        made.push_lists(built)
        categories = json.loads((built / "lists.json").read_text(encoding="utf-8"))["categories"]
        made.publish_policy(POLICY.format(categories=json.dumps(sorted(categories))))
        made.start_device()
        self.pin_party(device)
        return device

    def restart_device(self):
        """Guard and net end in order and start again."""
        device_world = self.device.world
        device_world.net.stop()
        device_world.guard.stop()
        device_world.start_guard()
        device_world.start_net()
        self.pin_party(self.device)

    def check_in_every(self, seconds):
        """The server asks for this interval; net, started again, hears it within ten seconds."""
        device_world = self.device.world
        device_world.server.stop()
        device_world.server.command[-1] = str(seconds)
        device_world.start_server()
        self.restart_device()

    def pin_party(self, party):
        for pid in party.pids():
            measure.pin(pid, self.server_core)

    @contextlib.contextmanager
    def on_load_core(self):
        """What is started meanwhile runs there: the school's server and the technician's commands are no part of a laptop."""
        before = os.sched_getaffinity(0)
        measure.pin(os.getpid(), self.load_core)
        try:
            yield
        finally:
            os.sched_setaffinity(0, before)

    def peer(self, kind):
        """A peer that runs with the lists, or None where it is not installed and nothing is measured."""
        if not kind.installed():
            if self.quick:
                return None
            raise NotHere(f"{kind.name} is not installed: installer/install-packages bench")
        if kind.name not in self.peers:
            tell(f"{kind.name} with the lists")
            self.peers[kind.name] = kind(self, world.free_port())
            self.peers[kind.name].start()
            self.pin_party(self.peers[kind.name])
        return self.peers[kind.name]

    def all_peers(self):
        return [peer for peer in (self.peer(peers.Unbound), self.peer(peers.Dnsmasq)) if peer]

    # ---- a server without devices of ours

    def bare_school(self):
        """A school with its server, not started; its devices are simulated."""
        server = pathlib.Path(self.options.build) / "bin" / "caretaker-server"
        if "--behind-proxy" not in subprocess.run([server, "serve", "--help"], capture_output=True, text=True, check=False).stdout:
            raise NotHere("this caretaker-server has no --behind-proxy")
        made = world.World(pathlib.Path(self.options.build) / "bin", "127.0.0.1:9")
        self.schools.append(made)
        made.make_school()
        return made

    def serve_plain(self, school):
        """Starts its server for a proxy: plain HTTP at the same address."""
        school.server.command = [word.replace("--listen", "--behind-proxy") for word in school.server.command]
        school.start_server()
        self.pin_to_server(school.server.process.pid)

    def pin_to_server(self, pid):
        measure.pin(pid, self.server_core)

    def run_program(self, program, *arguments, core=None):
        """Runs one of the benchmarks' programs to its end: what it printed."""
        process = subprocess.Popen([str(word) for word in (self.bin / program, *arguments)], stdout=subprocess.PIPE, text=True)
        measure.pin(process.pid, core)
        said = process.communicate()[0]
        assert process.returncode == 0, f"{program} ended with {process.returncode}"
        return said

    # ---- load

    def start_load(self, port, names, seconds, **options):
        """Starts dns_load as a pupil, so that there is somebody to be found as the asker."""
        command = [self.bin / "dns_load", "--port", port, "--names", names, "--milliseconds", int(1000 * seconds)]
        for name, value in options.items():
            command += [f"--{name}"] if value is True else [f"--{name}", value]
        pupils = own_users.people()
        identity = {"user": pupils[0], "group": own_users.PUPIL_GROUP, "extra_groups": []} if pupils else {}
        process = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, text=True, **identity)
        measure.pin(process.pid, self.load_core)
        if os.geteuid() == 0 and "rate" in options:  # what serves lists on its core must not make it late
            os.sched_setscheduler(process.pid, os.SCHED_FIFO, os.sched_param(1))
        return process

    def load(self, party, names, seconds=None, **options):
        """Runs load to its end: what dns_load says, and CPU microseconds of the party for each answer."""
        before = measure.cpu_ns(party.pids())
        process = self.start_load(party.port, names, seconds or self.seconds, **options)
        said = json.loads(process.communicate()[0])
        used = measure.cpu_ns(party.pids()) - before
        said["cpu_us"] = used / 1e3 / max(1, said["answered"])
        return said


@contextlib.contextmanager
def running(process):
    """Ends the process with the block, however the block ends."""
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
