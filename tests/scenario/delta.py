"""New lists reach a device as a delta to the ones that it has; where there is none, or it is spoilt, as the whole."""
import contextlib
import sqlite3

import world
from processes import wait_until
from world import tell

PROMISES = "R4 R7"


def is_blocked(w, name):
    return w.ask(name).rcode == "NXDOMAIN"


def lists_with(name):
    return {**world.LISTS, "gambling": [*world.LISTS["gambling"], name]}


def scenario(w):
    w.start_all()
    log = w.log / "net.log"
    w.publish_lists(lists_with("one.example"))
    wait_until("the new name to be blocked", lambda: is_blocked(w, "one.example"), timeout=60)
    came = [line for line in log.read_text(encoding="utf-8").splitlines() if "by a delta" in line]
    assert came, "the lists did not come by a delta"
    tell(f"one more name came so: {came[-1].split('net')[-1].strip()}")

    # A server that spoils deltas: the device fetches the whole.
    w.server.kill()
    w.start_server()
    w.net.kill()
    w.publish_lists(lists_with("two.example"))
    w.server.kill()
    base = w.data / "fleet.db"
    with contextlib.closing(sqlite3.connect(base)) as fleet:  # the server wants it for itself
        names = [row[0].hex() for row in fleet.execute("SELECT hash FROM deltas WHERE here = 1")]
    assert names, "the server has no delta"
    for name in names:
        file = w.data / "sets" / name
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 0x10
        file.write_bytes(content)
    w.give_back(w.data)
    w.start_server()
    w.start_net()
    wait_until("the second name to be blocked", lambda: is_blocked(w, "two.example"), timeout=90)
    tell("a spoilt delta costs a download of the whole, and nothing else")


if __name__ == "__main__":
    world.play(scenario)
