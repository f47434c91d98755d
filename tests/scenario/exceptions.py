"""A teacher opens a site for a lesson with their own key: open for the class within seconds, gone on time without a server."""
import time

import own_users
import processes
import world
from processes import wait_until
from world import tell

PROMISES = "R6 R7"
POLICY = world.POLICY + """
[exceptions]
for = ["pupils"]
categories = ["gambling"]
hours = "00:00-23:59"
max_minutes = 60
"""


def is_blocked(w, name):
    return w.ask(name, user=own_users.FIRST_PUPIL).rcode == "NXDOMAIN"


def soon(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


def scenario(w):
    if not processes.may_change_user():
        tell("nothing was tried: only root can ask as a pupil")
        return
    w.server.command[-1] = "3600"
    w.make_school("--teacher", "teacher")
    w.start_server()
    w.publish_lists()
    w.publish_policy(POLICY)
    w.start_device()
    assert is_blocked(w, "casino.example") and is_blocked(w, "adult.example")

    began = time.monotonic()
    until = time.time() + 45
    w.as_person("teacher", "exception", "open", "casino.example", "--for", "pupils", "--until", soon(45))
    wait_until("the site to be open", lambda: not is_blocked(w, "casino.example"), timeout=40)
    tell(f"open for the class after {time.monotonic() - began:.1f} s")
    assert w.why("casino.example", "--group", "pupils", user=own_users.GUARD)["reason"] == "exception"
    assert is_blocked(w, "adult.example") and is_blocked(w, "illegal.example")

    shown = w.as_person("technician", "exception", "list").stdout
    assert "casino.example" in shown and "teacher" in shown, shown
    w.server.kill()
    wait_until("the site to be closed", lambda: is_blocked(w, "casino.example"), timeout=90)
    late = time.time() - until
    assert -2 < late < 15, late
    tell(f"gone {late:+.1f} s from its time, with no server")
    for kind in ("exception.opened", "exception.closed"):
        wait_until(f"{kind} in the book", lambda kind=kind: kind in [row.get("kind") for row in w.device_rows()], timeout=30)

    w.start_server()
    w.as_person("teacher", "exception", "open", "adult.example", "--for", "pupils", "--until", soon(600))
    wait_until("the device to refuse it", lambda: any(str(row.get("rule", "")).startswith("X5:") for row in w.device_rows()), timeout=120)
    assert is_blocked(w, "adult.example")
    tell("a category that teachers may not open stays closed, and the refusal is in the book")
    refused = w.caretaker("exception", "open", "casino.example", "--for", "staff", "--until", soon(600),
                          "--key", w.school / "keys" / "teacher.key", "--passphrase-file", w.passphrase, check=False)
    assert refused.returncode == 1 and "class" in refused.stderr, refused.stderr
    signed = w.folder / "policy.toml"
    signed.write_text(POLICY.format(upstream=w.upstream), encoding="utf-8")
    refused = w.caretaker("policy", "sign", "--offline", "--policy", signed, "--out", w.folder / "by-teacher",
                          "--key", w.school / "keys" / "teacher.key", "--passphrase-file", w.passphrase, check=False)
    assert refused.returncode == 1 and "E6" in refused.stderr, refused.stderr
    tell("a teacher's key opens nothing for another class and signs no policy")


if __name__ == "__main__":
    world.play(scenario)
