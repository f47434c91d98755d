"""From exec to the first answer of a filter that knows the lists, with nothing cached by the kernel; and that nothing before is
unfiltered. Once with the guard there already, once with both starting, as after a boot; the peers too."""
import os
import pathlib
import socket
import time

import dns_wire
import measure as kernel
import report

GOAL_MS = 100
ASK_SECONDS = 0.002  # a question every two milliseconds
GIVE_UP_SECONDS = 400


def drop_caches(lab):
    """Root can forget everything that no process has mapped; others the set file."""
    if lab.quick:
        return "nothing"
    os.sync()
    if os.geteuid() == 0:
        pathlib.Path("/proc/sys/vm/drop_caches").write_text("3", encoding="ascii")
        return "everything"
    for path in lab.device.world.folder.glob("guard/**/set.*"):
        with open(path, "rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    return "the set file"


def first_block(start, port, name):
    """start(), then asks for a name of the lists until it is blocked: (milliseconds, answers that let it through)."""
    let_through, asked = 0, 0.0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(("127.0.0.1", port))
        sock.settimeout(ASK_SECONDS)
        began = time.monotonic()
        start()
        while time.monotonic() - began < GIVE_UP_SECONDS:
            try:
                if time.monotonic() - asked >= ASK_SECONDS:
                    asked = time.monotonic()
                    sock.send(dns_wire.make_question(name))
                answer = dns_wire.parse_answer(sock.recv(4096))
            except OSError:  # nobody there yet, or silent
                continue
            if answer.rcode == "NXDOMAIN":
                return (time.monotonic() - began) * 1000, let_through
            let_through += answer.rcode == "NOERROR"
    raise AssertionError(f"no blocked answer within {GIVE_UP_SECONDS} s")


def restart(lab, programs, port):
    """Ends them, forgets what was cached, starts them at once."""
    for program in programs:
        program.kill()
    what = drop_caches(lab)
    took, let_through = first_block(lambda: [program.start() for program in programs], port, lab.a_blocked_name())
    return {"ms": took, "let_through": let_through, "what": what}


def measure(lab):
    device = lab.device
    ours = {"net_start.net": [device.world.net], "net_start.boot": [device.world.guard, device.world.net]}
    times = kernel.rounds(list(ours), lab.rounds, lambda bench, _: restart(lab, ours[bench], device.port))
    lab.pin_party(device)
    peers = {peer.name: restart(lab, [peer.program], peer.port) for peer in lab.all_peers()}
    for bench, results in times.items():
        for peer, result in peers.items() or [(None, {})]:
            report.line(bench, kernel.median(results, "ms"), "ms", peer, result.get("ms"), at_most=GOAL_MS,
                        worst=max(r["ms"] for r in results), dropped=results[0]["what"])
    report.line("net_start.let_through", sum(r["let_through"] for results in times.values() for r in results), "answers", at_most=0)
