"""What the packet filter's rules cost: a name's way through the redirect beside dnsmasq asked directly, and the set-up of a connection with the
rules and without. In a network of its own, so this program starts again there for the length of it."""
import json
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import time

import report
from lab import NotHere

HERE = pathlib.Path(__file__).resolve()
RATE = 500  # questions a second: what is measured is a name's way, not how many go it
CONNECTIONS = 500
LIKE_THE_PEER = ("redirect.name",)  # the goal: in the median no slower than who is asked directly


def measure(lab):
    if os.geteuid() != 0:
        raise NotHere("only root can make a network")
    done = subprocess.run([sys.executable, "-B", HERE, "--build", lab.options.build, *(["--quick"] if lab.quick else [])], capture_output=True,
                          text=True, check=False, env={**os.environ, "PYTHONPATH": str(HERE.parents[1] / "scenario")})
    if done.returncode == 77:
        raise NotHere(done.stdout.strip().splitlines()[-1])
    assert done.returncode == 0, done.stderr[-2000:]
    for line in done.stdout.splitlines():
        if line.startswith("{"):
            one = json.loads(line)
            report.line(one.pop("bench"), one.pop("value"), one.pop("unit"), one.pop("peer"), one.pop("peer_value"), **one)


def connect_times(address, port, count):
    """Microseconds that connect() takes, sorted."""
    took = []
    for _ in range(count):
        with socket.socket() as s:
            began = time.perf_counter_ns()
            s.connect((address, port))
            took.append((time.perf_counter_ns() - began) / 1000)
    return sorted(took)


def quantiles(rounds):
    return {f"p{q}": statistics.median(one[len(one) * q // 100] for one in rounds) for q in (50, 99)}


def say(bench, ours, peer_name, peer, unit, **context):
    for q in ("p50", "p99"):
        goal = {"at_most": peer[q]} if bench in LIKE_THE_PEER and q == "p50" else {}
        print(json.dumps({"bench": f"{bench}.{q}", "value": ours[q], "unit": unit, "peer": peer_name, "peer_value": peer[q], **goal, **context}), flush=True)


def connections(gate, world, rounds, count):
    """In turn with the rules and without, so that what disturbs the machine disturbs both."""
    import home
    times = {True: [], False: []}
    for _ in range(rounds):
        for with_rules in (True, False):
            if with_rules:
                if not world.gate.running():
                    world.gate.start()
                gate.wait_until("the rules", lambda: "dnat" in gate.table())
            else:
                world.gate.stop()
                home.run("nft", "delete", "table", "inet", "caretaker")
            connect_times(gate.PLAIN, 443, count // 10)
            times[with_rules].append(connect_times(gate.PLAIN, 443, count))
    world.gate.start()
    gate.wait_until("the rules", lambda: "dnat" in gate.table())
    say("redirect.connect", quantiles(times[True]), "no rules", quantiles(times[False]), "us")


def names(lab, world, peer, rounds):
    times = {53: [], peer.port: []}
    for number in range(rounds):
        for port in times:
            process = lab.start_load(port, lab.allowed_names, lab.seconds, rate=RATE, unique=True, first=number * 1_000_000)
            times[port].append(json.loads(process.communicate()[0]))
    found = {port: {q: statistics.median(one[f"{q}_us"] for one in said) for q in ("p50", "p99")} for port, said in times.items()}
    say("redirect.name", found[53], peer.name, found[peer.port], "us", lost=sum(one["lost"] for one in times[53]))


def main():
    import argparse
    import home
    import own_users
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--minutes", type=float, default=1.0)
    options = parser.parse_args()
    home.enter()
    own_users.enter()
    import gate
    import peers
    from lab import Lab
    from world import World
    lab, options.bin = Lab(options), pathlib.Path(options.build) / "bin"
    world = None
    try:
        home.run("ip", "link", "set", "lo", "up")
        world = World(options.bin, f"127.0.0.1:{lab.resolver_port()}")
        world.options = options
        gate.set_up(world)
        gate.nothing_is_closed_before_there_is_a_policy(world)
        connections(gate, world, 2 if lab.quick else 7, CONNECTIONS // (5 if lab.quick else 1))
        if peers.PlainDnsmasq.installed():
            peer = peers.PlainDnsmasq(lab, 5399)
            peer.start()
            names(lab, world, peer, 2 if lab.quick else 5)
            peer.stop()
    finally:
        if world is not None:
            world.outside.end()
            world.end()
        lab.end()


if __name__ == "__main__":
    main()
