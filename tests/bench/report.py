"""The lines that a benchmark prints."""
import json

from reasons import reason_of


def rounded(value):
    """Four digits: more would be noise."""
    if isinstance(value, list):
        return [rounded(one) for one in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value


def line(bench, value, unit, peer=None, peer_value=None, at_most=None, at_least=None, reason=None, **context):
    """`ok` is true or false where there is a goal, else null; where it is missed, `reason` says why. `context` is further keys."""
    goal, ok = None, None
    if at_most is not None:
        goal, ok = f"<= {rounded(at_most)}", value <= at_most
    elif at_least is not None:
        goal, ok = f">= {rounded(at_least)}", value >= at_least
    out = {"bench": bench, "value": rounded(value), "unit": unit, "peer": peer, "peer_value": rounded(peer_value), "goal": goal, "ok": ok}
    if ok is False and reason is None:
        reason = reason_of(bench)
    if reason is not None:
        out["reason"] = reason
    out.update((name, rounded(more)) for name, more in context.items() if more is not None)
    print(json.dumps(out), flush=True)


def skip(bench, why):
    line(bench, None, None, reason=f"skipped: {why}")


def fail(bench, why):
    print(json.dumps({"bench": bench, "value": None, "unit": None, "peer": None, "peer_value": None, "goal": None, "ok": False,
                      "reason": why}), flush=True)
