"""Somebody on the line doubles, reorders, cuts, replays and forges what a device sends, and hands it receipts that are not its own;
every event arrives once, and the device believes no receipt but the right one."""
import base64
import json

import world
from line import Line
from processes import wait_until
from world import tell

PROMISES = "R18"


def doubled(w):
    def trick(send, body):
        send(body)
        return send(body)
    return trick


def answer_lost(w):
    """The server has it, the device never hears of it."""
    count = iter(range(10))

    def trick(send, body):
        answer = send(body)
        return answer if next(count, 10) >= 2 else (502, b"")
    return trick


def cut(w):
    count = iter(range(10))

    def trick(send, body):
        return send(body[:len(body) * 2 // 3] if next(count, 10) < 2 else body)
    return trick


def replayed(w):
    """Every request that was ever carried comes again after the new one; the device gets the last answer of these."""
    old = [request for request, _ in w.line.checkins]

    def trick(send, body):
        answer = send(body)
        for request in old:
            send(request)
        return answer
    return trick


def reordered(w):
    """A request waits until the next has been there."""
    held = []

    def trick(send, body):
        held.append(body)
        if len(held) < 2:
            return 502, b""
        answer = send(held[-1])
        send(held[-2])
        return answer
    return trick


def forged(w):
    """An event's body is another one; the signature is the device's over the old one."""
    count = iter(range(10))

    def trick(send, body):
        if next(count, 10) >= 2:
            return send(body)
        request = json.loads(body)
        envelope = json.loads(base64.b64decode(request["batch"]))
        payload = bytearray(base64.b64decode(envelope["payload"]))
        payload[len(payload) // 2] ^= 1
        envelope["payload"] = base64.b64encode(payload).decode()
        request["batch"] = base64.b64encode(json.dumps(envelope).encode()).decode()
        answer = send(json.dumps(request).encode())
        assert answer[0] == 401, answer
        return answer
    return trick


def old_receipt(w):
    """The answer to an earlier check-in, as it was."""
    old, count = w.line.checkins[0][1], iter(range(10))

    def trick(send, body):
        return (200, old) if next(count, 10) < 2 else send(body)
    return trick


def receipt_of_another(w):
    """A good receipt by the right server, for another device."""
    count = iter(range(10))

    def trick(send, body):
        return (200, w.other_answer) if next(count, 10) < 2 else send(body)
    return trick


def answer_to_another(w):
    """What the server told another device of the school."""
    other = w.another_device("other")
    other.start_device()
    wait_until("the other's receipt", lambda: w.line.checkins and other.status()["events_queued"] == 0, timeout=120, pause=0.3)
    other.net.stop()
    other.guard.stop()
    answer = w.line.checkins[-1][1]
    w.line.checkins.clear()
    return answer


TRICKS = (doubled, answer_lost, cut, replayed, reordered, forged, old_receipt, receipt_of_another)


def block(w, first, count=3):
    for n in range(first, first + count):
        assert w.ask(f"bad{n}.example").rcode == "NXDOMAIN"


def check_rows(w, expected):
    rows = w.rows()
    keys = [(row["device"], row["epoch"], row["seq"]) for row in rows]
    assert len(keys) == len(set(keys)), "a row came twice"
    names = sorted(row["details"]["name"] for row in rows if row.get("kind", "").startswith("web."))
    assert names == sorted(set(names)), "a name came twice"
    return set(names) == {f"bad{n}.example" for n in range(expected)}


def scenario(w):
    w.make_school()
    w.set_server(world.free_port())
    w.line = Line(w.https, w.server_port, w.data)
    w.start_server()
    w.publish_lists()
    w.publish_policy()
    w.other_answer = answer_to_another(w)
    w.start_device()
    asked = 0
    for make in TRICKS:
        w.line.trick = make(w)
        block(w, asked)
        asked += 3
        wait_until("the queue to be empty", lambda: w.status()["events_queued"] == 0, timeout=120, pause=0.3)
        wait_until("the rows", lambda: check_rows(w, asked), timeout=30, pause=0.5)
        assert not w.line.failures, w.line.failures[0]
        w.line.trick = None
        tell(f"{make.__name__}: all {asked} names are there, each once")
    kinds = {row["kind"] for row in w.rows()}
    assert "receipt.refused" in kinds, kinds
    assert not [row for row in w.rows() if row.get("kind") == "epoch.started"][2:], "the line made a device begin a new epoch"
    tell("the refused receipts are in the book; the epoch is the first one")


if __name__ == "__main__":
    world.play(scenario)
