"""Another set comes into force under load, as a school's new lists do: published, fetched, verified, swapped. What the load sees of it,
beside what it sees while nothing happens. The peers read their lists again."""
import json
import statistics
import subprocess
import time

import core_watch
import report
from processes import wait_until

RATE = 2000
HEARD_SECONDS = 12  # until net has made its first check-in
GOAL_MS = 10
MARK = "filter in force"
STOOD_STILL = "for still_ms about the worst query a real-time thread that only sleeps could not run on one of the two cores: the kernel or the host had it"


def times_in_force(device):
    return device.world.net.log.read_text(encoding="utf-8").count(MARK)


def second_set(lab):
    """The same lists with one more name: what is published next."""
    more = lab.name_file("more", ["one-more.caretaker-bench.org"])
    out = lab.folder / "built-2"
    subprocess.run([*lab.build_command(out), "--lists", f"gambling={more}"], check=True, stdout=subprocess.DEVNULL)
    return out


def start_load(lab, port, seconds):
    return lab.start_load(port, lab.blocked_names, seconds, rate=RATE, batch=1, timeout=20_000)


def finished(process):
    return json.loads(process.communicate()[0])


def swap_under_load(lab, built):
    """The load's report about a time with a swap in it; starts when the technician's command is through, which has the load's core, and
    ends seconds after."""
    device, before = lab.device, times_in_force(lab.device)
    device.world.push_lists(built)
    load = start_load(lab, device.port, 10 if lab.quick else 20)
    assert lab.quick or times_in_force(device) == before, "the new set was in force before the load began"
    wait_until("the new set to be in force", lambda: times_in_force(device) > before, timeout=60)
    assert lab.quick or load.poll() is None, "the set came after the load had ended"
    return finished(load)


def quiet(lab, seconds):
    return finished(start_load(lab, lab.device.port, seconds))


def reload_under_load(lab, peer):
    load = start_load(lab, peer.port, 2 if lab.quick else 30)
    try:
        load.wait(1)
    except subprocess.TimeoutExpired:
        peer.reload()
    return finished(load)


def measure(lab):
    sets = [second_set(lab), lab.built]
    with lab.on_load_core(), core_watch.watched([lab.server_core, lab.load_core]) as stillness:
        lab.check_in_every(1)
        time.sleep(0 if lab.quick else HEARD_SECONDS)
        rounds = [(quiet(lab, 2 if lab.quick else 10), swap_under_load(lab, sets[n % 2])) for n in range(1 if lab.quick else 5)]
        still = [stillness(swap["worst_at_s"]) for _, swap in rounds]
    lab.check_in_every(lab.CHECKIN_SECONDS)
    usual = statistics.median(calm["max_us"] for calm, _ in rounds)
    delays = [max(0, swap["max_us"] - usual) / 1000 for _, swap in rounds]
    is_ours = None in still or any(delay - seconds * 1000 > GOAL_MS for delay, seconds in zip(delays, still))
    reason = STOOD_STILL if max(delays) > GOAL_MS and not is_ours else None
    lost = sum(swap["lost"] for _, swap in rounds)
    reloads = {peer.name: reload_under_load(lab, peer) for peer in lab.all_peers()}
    for peer, seen in reloads.items() or [(None, {})]:
        report.line("set_swap.delay", max(delays), "ms", peer, seen.get("max_us", 0) / 1000 if seen else None, at_most=GOAL_MS, reason=reason,
                    still_ms=None if None in still else [seconds * 1000 for seconds in still],
                    quiet_max_ms=[calm["max_us"] / 1000 for calm, _ in rounds], swap_max_ms=[swap["max_us"] / 1000 for _, swap in rounds],
                    quiet_p999_ms=[calm["p999_us"] / 1000 for calm, _ in rounds],
                    swap_p999_ms=[swap["p999_us"] / 1000 for _, swap in rounds])
        report.line("set_swap.lost", lost, "queries", peer, seen.get("lost"), at_most=0,
                    peer_silent_ms=seen["silent_ms"] if seen else None, silent_ms=max(swap["silent_ms"] for _, swap in rounds))
