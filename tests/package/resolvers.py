"""A laptop as most are: NetworkManager takes what a network's DHCP gives, systemd-resolved asks for names, and NSS asks it. Whatever they do and
whichever network comes next, names go through the filter; after a purge their settings are what they were, to the byte.

Runs in a container, so it needs root and systemd-nspawn; ends with 77 (skipped) and the reason where it cannot."""
import pathlib
import sys

SCENARIOS = pathlib.Path(__file__).resolve().parents[1] / "scenario"
sys.path.insert(0, str(SCENARIOS))

import stage  # noqa: E402
import story  # noqa: E402
import tree  # noqa: E402
from container import Container  # noqa: E402
from debs import build_packages, may_boot_a_debian  # noqa: E402
from processes import wait_until  # noqa: E402
from root_image import make_root  # noqa: E402
from school import POLICY, STAND_IN, School  # noqa: E402
from world import tell  # noqa: E402

PROMISES = "R10 R11 R18"
PACKAGES = ("network-manager", "systemd-resolved", "libnss-resolve", "dnsmasq-base")
NETWORKS = {"home": "192.0.2", "library": "198.51.100"}
THERE = "203.0.113.80"
# What NetworkManager and systemd-resolved write while they run, installed or not.
THEIR_OWN = ("var/lib/NetworkManager/", "var/lib/systemd/")


def a_network_comes(m, name):
    """A cable to it, with a DHCP server that is also the resolver which it gives."""
    prefix = NETWORKS[name]
    for words in (f"netns add {name}", f"link add line type veth peer name line netns {name}", f"-n {name} addr add {prefix}.1/24 dev line",
                  f"-n {name} link set line up", f"-n {name} link set lo up"):
        m.run("ip", *words.split())
    m.run("systemd-run", "--quiet", "--collect", f"--unit=network-{name}", "ip", "netns", "exec", name, "dnsmasq", "--no-daemon", "--conf-file=/dev/null", "--no-hosts",
          "--no-resolv", "--user=root", "--interface=line", "--bind-interfaces", f"--dhcp-range={prefix}.10,{prefix}.20,1h", f"--pid-file=/run/{name}.pid",
          "--dhcp-leasefile=/dev/null", f"--address=/fine.example/{THERE}", f"--address=/casino.example/{THERE}", f"--address=/{name}.example/{THERE}",
          "--log-queries", f"--log-facility=/run/{name}.log")
    m.run("ip", "link", "set", "line", "up")
    m.run("nmcli", "device", "set", "line", "managed", "yes")
    wait_until("an address by DHCP", lambda: f"{prefix}." in m.run("ip", "-4", "addr", "show", "line").stdout, timeout=90)
    wait_until("systemd-resolved to know its resolver", lambda: f"{prefix}.1" in m.run("resolvectl", "dns", check=False).stdout, timeout=30)


def it_goes(m, name):
    m.run("systemctl", "stop", f"network-{name}")
    m.run("ip", "link", "delete", "line")
    m.run("ip", "netns", "delete", name)


def found(m, name, user="pupil"):
    """By the system's own library."""
    return m.run("python3", "-B", "/opt/tests/find_name.py", name, user=user).stdout.strip()


def by_resolved(m, name):
    """Asked of systemd-resolved itself, which is nobody's in particular."""
    done = m.run("resolvectl", "--cache=no", "query", name, user="pupil", check=False)
    return done.stdout.split(name + ": ")[-1].split()[0] if done.returncode == 0 else done.stderr.strip()


def asked_there(m, network, name):
    return name in m.run("cat", f"/run/{network}.log", check=False).stdout.lower()  # the case of letters is drawn


def it_is_as_debian_left_it(m):
    a_network_comes(m, "home")
    assert found(m, "www.casino.example") == THERE and by_resolved(m, "casino.example") == THERE, "names are not found by NetworkManager and systemd-resolved"
    it_goes(m, "home")
    tell("NetworkManager takes what DHCP gives, systemd-resolved asks, and a pupil finds every name")


def what_the_network_gives_is_asked_and_filtered(m, school, network):
    a_network_comes(m, network)
    wait_until("its names to be found", lambda: found(m, f"{network}.example") == THERE, timeout=60)
    for name in ("www.casino.example", "illegal.example", "use-application-dns.net"):
        assert found(m, name) == "none" and by_resolved(m, name) != THERE, name
        assert not asked_there(m, network, name), f"{name} was asked of the network"
    assert by_resolved(m, f"{network}.example") == THERE, by_resolved(m, f"{network}.example")
    assert asked_there(m, network, f"{network}.example"), m.run("cat", f"/run/{network}.log").stdout
    for resolver in (f"{NETWORKS[network]}.1", "127.0.0.53", "127.0.0.54"):
        assert school.ask("www.casino.example", resolver=resolver) == "NXDOMAIN", resolver
    tell(f"{network}: the resolver that it gives is asked within seconds, by us alone; blocked names are found neither by the library nor by systemd-resolved")


def play(m, _):
    stage.first_boot(m)
    story.add_people(m)
    m.reboot()
    it_is_as_debian_left_it(m)
    m.power_off()
    before = tree.read(m.root)
    m.boot()
    school = School(m, POLICY.replace(f'upstreams = ["{STAND_IN}"]', "upstreams = []"))
    story.the_server_is_installed_and_gets_a_school(m, school)
    story.the_agent_is_installed_with_a_token(m, school)
    what_the_network_gives_is_asked_and_filtered(m, school, "home")
    it_goes(m, "home")
    what_the_network_gives_is_asked_and_filtered(m, school, "library")
    it_goes(m, "library")
    m.run("apt-get", "purge", "--yes", "caretaker-agent", "caretaker-server")
    for settings in ("/run/systemd/resolved.conf.d/zz-caretaker.conf", "/run/NetworkManager/conf.d/zz-caretaker.conf"):
        assert not m.exists(settings), settings
    assert not m.run("nft", "list", "tables").stdout.strip(), "rules are left in the packet filter"
    a_network_comes(m, "home")
    assert found(m, "www.casino.example") == THERE and by_resolved(m, "casino.example") == THERE, "names are not found as before"
    it_goes(m, "home")
    m.power_off()
    left = [line for line in tree.differences(before, tree.read(m.root)) if not line.startswith(THEIR_OWN)]
    assert not left, "purge left:\n" + "\n".join(left)
    tell(f"after the purge names are found as before, and {len(before)} files are what they were, to the byte")


def prepare(build, work):
    may_boot_a_debian()
    debs = build_packages(build, work / "1.0", "1.0")
    return Container(make_root(debs, PACKAGES), [(work, "/opt/packages"), (SCENARIOS, "/opt/tests"), (build / "bin", "/opt/technician")])


if __name__ == "__main__":
    stage.run(__doc__, prepare, play)
