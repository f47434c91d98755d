"""How much longer a TLS connection takes to set up when its name is read on the way: the same user, server and names, with the packet queue's
rules and without them, in turn."""
import contextlib
import json
import pathlib
import subprocess
import sys

import inspection
import measure as m
import own_users
import report
from lab import NotHere
from own_network import Network, Unavailable
from processes import wait_until

GOAL = 1.10
HERE = pathlib.Path(__file__).resolve().parent
V4 = inspection.V4


def handshakes(network, count):
    user = str(own_users.FIRST_PUPIL)
    command = network.there(network.users, "setpriv", "--reuid", user, "--regid", user, "--clear-groups", sys.executable, "-B", HERE / "handshakes.py",
                            V4, "fine.example", count)
    return sorted(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


def take_rules_away(network):
    for tables in ("iptables-nft", "ip6tables-nft"):
        for table in ("mangle", "filter"):
            subprocess.run(network.there(network.users, tables, "-t", table, "-F", "OUTPUT"), check=True, capture_output=True)


def part(times, share):
    return times[min(len(times) - 1, int(len(times) * share))]


def compare(network, count, rounds):
    def once(party, _):
        network.lay_rules() if party == "inspected" else take_rules_away(network)
        return handshakes(network, count)
    results = m.rounds(("bare", "inspected"), rounds, once)
    return {party: sorted(time for taken in all_of_it for time in taken) for party, all_of_it in results.items()}


def measure(lab):
    network, world = None, lab.device.world
    try:
        network = Network()
        network.make()
        inspection.start_servers(world, network)
        inspect = inspection.make_inspect(world, network, own_users.NET)  # who may ask this guard for the policy
        network.lay_rules()
        inspect.start()
        wait_until("the filter", lambda: inspection.filters_in_force(inspect), timeout=120)
        times = compare(network, 20 if lab.quick else 300, 1 if lab.quick else 7)
    except Unavailable as why:
        raise NotHere(str(why)) from None
    finally:
        if network is not None:
            with contextlib.suppress(OSError):
                network.end()
    for name, share in (("p50", 0.5), ("p99", 0.99)):
        ours, bare = part(times["inspected"], share), part(times["bare"], share)
        report.line(f"tls_setup.{name}", ours / bare, "times", "without", 1.0, at_most=GOAL, us=ours, bare_us=bare)
