"""Other resolvers that block the same names: as their manuals say, one thread, on a port of their own, nothing of theirs cached on disk."""
import contextlib
import os
import pathlib
import shutil
import signal
import time

import dns_wire
from processes import Program, wait_until


class Peer:
    """A resolver with the lists; `port` answers after start()."""

    def __init__(self, lab, port):
        self.port, self.folder = port, pathlib.Path(lab.folder) / self.name
        self.folder.mkdir()
        self.write_configuration(lab)
        self.program = Program(self.name, self.command(), os.getuid(), self.folder)

    @classmethod
    def installed(cls):
        return shutil.which(cls.name, path=f"{os.environ['PATH']}:/usr/sbin") is not None

    def ask(self, name, timeout=0.02):
        """The answer, or nothing."""
        with contextlib.suppress(OSError):
            return dns_wire.ask(("127.0.0.1", self.port), name, timeout=timeout)
        return None

    def start(self, timeout=400):
        """Seconds from the start to the first answer."""
        began = time.monotonic()
        self.program.start()
        wait_until(f"{self.name} to answer", lambda: self.ask("localhost") is not None, timeout, pause=0.001)
        return time.monotonic() - began

    def pids(self):
        return [self.program.process.pid]

    def reload(self):
        self.program.process.send_signal(signal.SIGHUP)

    def stop(self):
        with contextlib.suppress(AssertionError):
            self.program.kill()


class Unbound(Peer):
    name = "unbound"

    def command(self):
        return ["/usr/sbin/unbound", "-d", "-c", self.folder / "unbound.conf"]

    def write_configuration(self, lab):
        with open(self.folder / "unbound.conf", "w", encoding="ascii") as out:
            out.write(f"""server:
  interface: 127.0.0.1
  port: {self.port}
  num-threads: 1
  username: ""
  chroot: ""
  directory: "{self.folder}"
  pidfile: "{self.folder}/pid"
  use-syslog: no
  verbosity: 0
  do-not-query-localhost: no
  module-config: "iterator"
  include: "{self.folder}/blocked.conf"
remote-control:
  control-enable: no
forward-zone:
  name: "."
  forward-addr: 127.0.0.1@{lab.resolver_port()}
""")
        with open(self.folder / "blocked.conf", "w", encoding="ascii") as out:
            out.writelines(f'local-zone: "{name}" always_nxdomain\n' for name in lab.names())


class Dnsmasq(Peer):
    """Its names stand in a servers-file, the only place of many names that it reads again on SIGHUP."""
    name = "dnsmasq"

    def command(self):
        return ["/usr/sbin/dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--user=root", "--no-resolv", "--no-hosts",
                "--listen-address=127.0.0.1", "--bind-interfaces", f"--port={self.port}", f"--pid-file={self.folder}/pid",
                f"--log-facility={self.folder}/log", f"--servers-file={self.folder}/servers"]

    def write_configuration(self, lab):
        with open(self.folder / "servers", "w", encoding="ascii") as out:
            out.write(f"server=127.0.0.1#{lab.resolver_port()}\n")
            out.writelines(f"server=/{name}/\n" for name in lab.names())


class PlainDnsmasq(Dnsmasq):
    """One that passes everything on: what a name takes by itself."""

    def write_configuration(self, lab):
        (self.folder / "servers").write_text(f"server=127.0.0.1#{lab.resolver_port()}\n", encoding="ascii")
