"""A policy that is pushed is in force on a connected device within seconds, although its next check-in is an hour away."""
import time

import world
from processes import wait_until
from world import tell

PROMISES = "R7 R8"
AN_HOUR = "3600"
LENIENT = world.POLICY.replace('"adult", "gambling"', '"adult"')
STRICTER = world.POLICY.replace('"adult", "gambling"', '"adult", "gambling", "drugs"')
STRICTEST = world.POLICY.replace('"adult", "gambling"', '"adult", "gambling", "drugs", "hate"')


def is_blocked(w, name):
    return w.ask(name).rcode == "NXDOMAIN"


def push_arrives(w, text, name):
    assert not is_blocked(w, name)
    w.publish_policy(text)
    began = time.monotonic()
    wait_until(f"{name} to be blocked", lambda: is_blocked(w, name), timeout=120)
    return time.monotonic() - began


def scenario(w):
    w.server.command[-1] = AN_HOUR
    w.make_school()
    w.start_server()
    w.publish_lists({**world.LISTS, "drugs": ["drugs.example"], "race_hatred": ["hate.example"]})
    w.publish_policy(LENIENT)
    w.start_guard()
    w.net.start()
    w.enrol()
    wait_until("the filter to answer", w.filter_answers, timeout=180)
    took = push_arrives(w, world.POLICY, "casino.example")
    tell(f"a pushed policy blocks a name after {took:.1f} s")

    assert is_blocked(w, "illegal.example")
    wait_until("the grave one on the server", lambda: [r for r in w.violations() if r["severity"] == "high"], timeout=60, pause=0.5)
    tell("what is grave does not wait behind the held request")

    w.server.kill()
    w.start_server()
    took = push_arrives(w, STRICTER, "drugs.example")
    tell(f"after the server was killed a push arrives again, here after {took:.1f} s")

    w.server.kill()
    w.net.stop()
    w.net.start()
    time.sleep(12)  # its first try is within ten seconds, and finds nobody
    w.start_server()
    took = push_arrives(w, STRICTEST, "hate.example")
    tell(f"a device that started without a network finds the server {took:.0f} s after it is there")

    w.net.stop()
    tell("net ends at once, held request or not")


if __name__ == "__main__":
    world.play(scenario)
