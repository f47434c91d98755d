"""CPU a query and queries a second, ours and the peers' in turn: the same names, the same load, the same core."""
import measure
import report


def compare(lab, bench, names, expected, **options):
    """Lines for `bench`; `expected` is the answer that nearly all our questions must get, or it is not this that was measured."""
    parties = {party.name: party for party in [lab.device, *lab.all_peers(), lab.echo]}

    def once(name, number):
        return lab.load(parties[name], names, first=number * 10_000_000, **options)

    rounds = measure.rounds(list(parties), lab.rounds, once)
    cpu = {name: measure.median(results, "cpu_us") for name, results in rounds.items()}
    rate = {name: measure.median(results, "per_second") for name, results in rounds.items()}
    ours = rounds["caretaker"]
    context = {"udp_echo": cpu["udp_echo"], "times_echo": cpu["caretaker"] / cpu["udp_echo"],
               "lost": sum(r["lost"] for r in ours), "expected_answers": answered_as(ours, expected)}
    for name, party in parties.items():
        if party is not lab.device and party is not lab.echo:
            goal = name == "unbound"
            report.line(f"{bench}.cpu", cpu["caretaker"], "us/query", name, cpu[name], at_most=cpu[name] if goal else None,
                        peer_times_echo=cpu[name] / cpu["udp_echo"], peer_expected_answers=answered_as(rounds[name], expected), **context)
            report.line(f"{bench}.rate", rate["caretaker"], "queries/s", name, rate[name], at_least=rate[name] if goal else None,
                        p99_us=measure.median(ours, "p99_us"), peer_p99_us=measure.median(rounds[name], "p99_us"),
                        peer_lost=sum(r["lost"] for r in rounds[name]), load_busy=busy(ours), lost=context["lost"])
    if len(parties) == 2:
        report.line(f"{bench}.cpu", cpu["caretaker"], "us/query", **context)
    assert context["expected_answers"] > 0.98, f"we do not answer {expected}: {ours[-1]}"


def answered_as(results, expected):
    return sum(r[expected] for r in results) / max(1, sum(r["sent"] for r in results))


def busy(results):
    """How much of its core the load used: near 1 it is the load that is measured."""
    return measure.median([{"busy": r["cpu_seconds"] / r["seconds"]} for r in results], "busy")
